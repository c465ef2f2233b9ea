package orders

import "cmp"

// sats is the amount of a fact, where it names one that can be.
func (t *telling) sats() (int64, bool) {
	n := t.named()
	if n == nil || *n < 0 || *n > MaxSats {
		return 0, false
	}
	return *n, true
}

// named is the amount of a fact, nil where it names none. Clients write 0 into an order
// that only asks what something would cost: it is a price where all lines have one.
func (t *telling) named() *int64 {
	if t.Verb == Intent && t.Amount != nil && *t.Amount == 0 {
		if _, priced := Sum(t.Products); !priced {
			return nil
		}
	}
	return t.Amount
}

// pay finds where the money stands. It needs o.GrandTotal.
//
// Confirmed is the seller's word (confirm, or process where a payment is claimed,
// but for an acceptance, which may have crossed the claim), the relay's own node,
// or a preimage that opens any invoice this seller issued in this order. In a cancelled order confirmed money is due back,
// and claimed money is a question to a human.
func (f *folding) pay(o *Order, base Status) {
	invoices := f.invoices()
	claimed, proven := f.first(nil, Paid), f.first(f.weighs, Paid)
	verified := f.first(func(t *telling) bool {
		switch t.Verb {
		case Process:
			return proven >= 0 && !t.Acceptance
		case Paid:
			_, opens := invoices[t.PreimageHash]
			return t.role == Node || opens
		}
		return true
	}, Confirm, Process, Paid)

	o.Payment = PaymentNone
	switch {
	case verified >= 0:
		o.Payment = PaymentConfirmed
		o.PaymentVerifiedTimestamp = f.ts[verified].tau
	case claimed >= 0:
		o.Payment = PaymentClaimed
	case f.first(nil, Request) >= 0:
		o.Payment = PaymentRequested
	}
	paid, named := f.paid()
	if !named {
		paid = o.GrandTotal
	}
	back := f.refunds(paid)
	o.RefundedSats = back
	f.late()
	if base != StatusCancelled {
		if named && f.priced {
			f.compare(paid, o.GrandTotal)
		}
		return
	}
	switch o.Payment {
	case PaymentConfirmed:
		o.Payment = PaymentRefundDue
		if f.first(nil, Refunded) >= 0 && back >= paid {
			o.Payment = PaymentRefunded
		}
	case PaymentClaimed:
		f.except("refund-asked", nil)
	}
}

// invoices are the payment hashes of all that the seller has issued, with what each
// asks for (sats), -1 where that is not known.
func (f *folding) invoices() map[string]int64 {
	known := map[string]int64{}
	for _, t := range f.accepted(Request) {
		if t.role != Seller {
			continue
		}
		for _, hash := range t.OtherHashes {
			if _, ok := known[hash]; !ok {
				known[hash] = -1
			}
		}
		if n, ok := t.sats(); t.PaymentHash != "" {
			if known[t.PaymentHash] = -1; ok {
				known[t.PaymentHash] = n
			}
		}
	}
	delete(known, "")
	return known
}

// paid is the sum of what was paid, and whether any receipt names an amount. One that
// proves an invoice is worth what the invoice asks for. Receipts of different
// payments add up, and so do the parts of different payees; one that cannot be told
// from the others of its medium tells of them again.
func (f *folding) paid() (sum int64, named bool) {
	of, parts := map[string]int64{}, map[string]int64{}
	invoices := f.invoices()
	for _, t := range f.accepted(Paid, Note) {
		n, ok := t.sats()
		if worth := invoices[t.PreimageHash]; worth > 0 {
			n, ok = worth, true
		}
		switch {
		case !ok || !f.weighs(t):
		case t.Verb == Paid:
			payment := cmp.Or(t.PaymentHash, t.PreimageHash, t.ProofHash, t.Medium)
			of[payment], named = max(of[payment], n), true
		case t.isLeg():
			parts[t.Payee] = max(parts[t.Payee], n)
		}
	}
	again := of[""]
	delete(of, "")
	return min(max(total(of), again)+total(parts), MaxSats), named
}

func total(of map[string]int64) (sum int64) {
	for _, n := range of {
		sum = min(sum+n, MaxSats)
	}
	return sum
}

// LegPaid is the code of a note that tells of a part of an order's price that its
// buyer has paid to Payee, who is no party to it (value for value).
const LegPaid = "payment-leg-paid"

func (t *telling) isLeg() bool {
	return t.Verb == Note && t.role == Buyer && t.Payee != "" && t.Code == LegPaid
}

// maxRounding is how many sats the parts of a shared price may lose by rounding, one
// each.
const maxRounding = 8

// compare notes a payment of less than what the seller asked for last, or else the
// total; or of more than either.
func (f *folding) compare(paid, grandTotal int64) {
	least, most := grandTotal, grandTotal
	for _, t := range f.accepted(Request) {
		if n, ok := t.sats(); ok {
			least, most = n, max(most, n)
		}
	}
	rounding := int64(0)
	for _, t := range f.accepted(Note) {
		if t.isLeg() && f.weighs(t) {
			rounding = min(rounding+1, maxRounding)
		}
	}
	switch {
	case paid < least-rounding:
		f.except("underpaid", nil)
	case paid > most+rounding:
		f.except("overpaid", nil)
	}
}

// late notes the payments that came when what they pay had expired.
func (f *folding) late() {
	for _, p := range f.accepted(Paid) {
		asked, inTime := false, false
		for _, r := range f.accepted(Request) {
			if p.PaymentHash == "" || r.PaymentHash == "" || p.PaymentHash == r.PaymentHash {
				asked = true
				inTime = inTime || r.Expiry == 0 || p.tau <= r.Expiry
			}
		}
		if asked && !inTime {
			f.except("paid-late", p)
		}
	}
}

// refunds is what was given back (sats). A refund without an amount is the whole; one
// in another currency is none that can be told.
func (f *folding) refunds(paid int64) (sum int64) {
	for _, t := range f.accepted(Refunded) {
		n, ok := t.sats()
		if !ok && t.Fiat == nil {
			n = paid
		}
		sum = min(sum+n, MaxSats)
	}
	return sum
}
