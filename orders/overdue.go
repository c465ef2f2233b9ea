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
	if moving && o.EstimatedDeliveryDate > 0 && at > o.EstimatedDeliveryDate {
		o.Exceptions = append(o.Exceptions, OrderException{Code: "late", At: o.EstimatedDeliveryDate})
	}
}
