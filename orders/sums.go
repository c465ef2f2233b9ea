package orders

import "slices"

// claimed are the flags of an intent whose total is only its client's word: it is
// not the sum of the lines, or was made of another currency by a rate of its own.
var claimed = []Flag{"total-claimed", "total-converted"}

// sums fills the amounts. The total is that of the intent (named); where it is only claimed,
// what the seller asked for (with the shipping), or what the lines add up to; where
// no intent names one, what was asked for, or else what was paid.
func (f *folding) sums(o *Order) {
	if t := f.last(func(t *telling) bool {
		return t.ShippingQuote != nil && *t.ShippingQuote >= 0 && *t.ShippingQuote <= MaxSats
	}, Request); t != nil {
		o.ShippingQuote = *t.ShippingQuote
	}
	has := func(t *telling) bool { _, ok := t.sats(); return ok }
	intent, request := f.last(has, Intent), f.last(has, Request)
	lines, added := int64(0), false
	if intent != nil {
		lines, added = Sum(intent.Products)
	}
	f.priced = intent != nil || request != nil
	switch sure := intent != nil && !slices.ContainsFunc(intent.Flags, func(x Flag) bool { return slices.Contains(claimed, x) }); {
	case sure:
		o.TotalSats, _ = intent.sats()
	case request != nil:
		asked, _ := request.sats()
		o.TotalSats = max(0, asked-o.ShippingQuote)
	case added:
		o.TotalSats = lines
	case intent != nil:
		o.TotalSats, _ = intent.sats()
	default:
		paid, _ := f.paid()
		o.TotalSats = max(0, paid-o.ShippingQuote)
	}
	o.GrandTotal = o.TotalSats + o.ShippingQuote
	for _, verb := range []Verb{Intent, Request, Paid} {
		if t := f.last(func(t *telling) bool { return t.Fiat != nil && f.weighs(t) }, verb); t != nil && o.FiatTotal == nil {
			o.FiatTotal = t.Fiat
		}
	}
}

// Sum is what the lines add up to (sats): their subtotals, or the price of one times
// how many. ok is false where there is no line, or one is not priced in sats.
func Sum(lines []Product) (sum int64, ok bool) {
	for i := range lines {
		n, ok := lines[i].sats()
		if !ok {
			return 0, false
		}
		sum = min(sum+n, MaxSats)
	}
	return sum, len(lines) > 0
}

func (p *Product) sats() (int64, bool) {
	n, err := p.Subtotal.Int64()
	if p.Subtotal == "" {
		if n, err = p.PricePerUnit.Int64(); err == nil && p.Quantity > 0 && n > MaxSats/p.Quantity {
			return 0, false
		}
		n *= p.Quantity
	}
	return n, p.Currency == "SATS" && err == nil && n >= 0 && n <= MaxSats
}

// priced reports whether TotalSats is what the goods cost: 0 is, where each line says so.
func (o *Order) priced() bool {
	_, ok := Sum(o.Products)
	return o.TotalSats > 0 || ok
}
