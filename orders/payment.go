package orders

// sats is the amount of a fact, where it names one that can be.
func (t *telling) sats() (int64, bool) {
	if t.Amount == nil || *t.Amount < 0 || *t.Amount > MaxSats {
		return 0, false
	}
	return *t.Amount, true
}

// pay finds where the money stands. It needs o.GrandTotal.
//
// Confirmed is the seller's word (confirm, or process where a payment is
// claimed), the relay's own node, or a preimage that opens any invoice this
// seller issued in this order. In a cancelled order confirmed money is due back,
// and claimed money is a question to a human.
func (f *folding) pay(o *Order, base Status) {
	invoices := map[string]bool{}
	for _, t := range f.accepted(Request) {
		if t.PaymentHash != "" && t.role == Seller {
			invoices[t.PaymentHash] = true
		}
	}
	claimed := f.first(nil, Paid)
	verified := f.first(func(t *telling) bool {
		switch t.Verb {
		case Process:
			return claimed >= 0
		case Paid:
			return t.role == Node || t.PreimageHash != "" && invoices[t.PreimageHash]
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
	paid := f.paid(o.GrandTotal)
	back := f.refunds(paid)
	o.RefundedSats = back
	if base != StatusCancelled {
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

// paid is what was paid: what the last receipt says, else the grand total.
func (f *folding) paid(grandTotal int64) int64 {
	if t := f.last(func(t *telling) bool { _, ok := t.sats(); return ok }, Paid); t != nil {
		n, _ := t.sats()
		return n
	}
	return grandTotal
}

// refunds is what was given back. A refund without an amount is the whole.
func (f *folding) refunds(paid int64) (sum int64) {
	for _, t := range f.accepted(Refunded) {
		n, ok := t.sats()
		if !ok {
			n = paid
		}
		sum = min(sum+n, MaxSats)
	}
	return sum
}
