package orders

import "slices"

// Now adds what depends on the time at which the order is read (ms): the
// exceptions "expired", a payment link that was not paid while it was good, and
// "late", goods that were to have arrived. They are never stored: a new link, or
// an arrival, takes them away.
func (o *Order) Now(at int64) {
	moving := progressRank[o.Status] > 0 && o.Status != StatusDelivered
	said := slices.ContainsFunc(o.Exceptions, func(e OrderException) bool { return e.Code == "expired" })
	if moving && !said && o.Payment == PaymentRequested && o.PaymentExpiry > 0 && at > o.PaymentExpiry {
		o.Exceptions = append(o.Exceptions, OrderException{Code: "expired", At: o.PaymentExpiry})
	}
	if moving && o.Overdue(at) {
		o.Exceptions = append(o.Exceptions, OrderException{Code: "late", At: o.EstimatedDeliveryDate})
	}
}

// Overdue reports whether at the time at (ms) the goods should have arrived. A day that was
// named without a time, which messages have as midnight or noon in UTC, lasts until its end.
func (o *Order) Overdue(at int64) bool {
	const day, half = 24 * 60 * 60 * 1000, 12 * 60 * 60 * 1000 // ms
	due := o.EstimatedDeliveryDate
	if due%half == 0 {
		due += day - due%day
	}
	return o.EstimatedDeliveryDate > 0 && at > due
}
