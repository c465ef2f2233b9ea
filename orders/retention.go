package orders

// Due reports whether the order may be erased at now (ms), when everybody has
// been silent about it for after (ms): it was delivered or cancelled, nobody ever
// disputed it, and no money is due back. After 0 or less erases nothing.
//
// What counts is when a word arrived, and the time it is shown with where that
// is later. The words of a stranger do not count: he could keep an order for ever.
func (o *Order) Due(now, after int64) bool {
	switch {
	case after <= 0:
		return false
	case o.Status != StatusDelivered && o.Status != StatusCancelled:
		return false
	case o.WasDisputed() || o.Payment == PaymentRefundDue:
		return false
	case o.Status == StatusDelivered && o.Trust == Bound && !o.said(Delivered, 0):
		return false // a throw-away key's word for it must not erase an order
	}
	return o.LastHeard() <= now-after
}

// LastHeard is when (ms) anybody who takes part in the order last spoke of it,
// refused or not.
func (o *Order) LastHeard() int64 {
	last := o.CreatedTimestamp
	for i := range o.Timeline {
		e := &o.Timeline[i]
		stranger := e.Reason == NotAParticipant || e.Reason == UnboundSender || e.Trust != Bound && o.Trust == Bound
		if !stranger {
			last = max(last, e.ReceivedAt)
		}
	}
	return last
}
