package orders

import "slices"

// claimed are the flags of an intent whose total is only its client's word: it is
// not the sum of the lines, or was made of another currency by a rate of its own.
var claimed = []Flag{"total-claimed", "total-converted"}

// priced reports whether t names an amount that a payment can be held against.
func (t *telling) priced() bool {
	_, ok := t.sats()
	return ok && !slices.ContainsFunc(t.Flags, func(x Flag) bool { return slices.Contains(claimed, x) })
}

// sums fills the amounts. The total is that of the intent; where there is none, or
// it is only claimed, what was asked, or else what was paid: in both the shipping
// is included.
func (f *folding) sums(o *Order) {
	if t := f.last(func(t *telling) bool {
		return t.ShippingQuote != nil && *t.ShippingQuote >= 0 && *t.ShippingQuote <= MaxSats
	}, Request); t != nil {
		o.ShippingQuote = *t.ShippingQuote
	}
	has := func(t *telling) bool { _, ok := t.sats(); return ok }
	if t := f.last((*telling).priced, Intent); t != nil {
		o.TotalSats, _ = t.sats()
	} else if t := f.last(has, Request); t != nil {
		asked, _ := t.sats()
		o.TotalSats = max(0, asked-o.ShippingQuote)
	} else if paid, named := f.paid(); named {
		o.TotalSats = max(0, paid-o.ShippingQuote)
	} else if t := f.last(has, Intent); t != nil {
		o.TotalSats, _ = t.sats()
	}
	o.GrandTotal = o.TotalSats + o.ShippingQuote
	for _, verb := range []Verb{Intent, Request, Paid} {
		if t := f.last(func(t *telling) bool { return t.Fiat != nil }, verb); t != nil && o.FiatTotal == nil {
			o.FiatTotal = t.Fiat
		}
	}
}
