package web

import (
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// Actions is what a viewer may do about an order now, for the partial "actions".
type Actions struct {
	Order *orders.Order
	Role  string      // of the viewer: buyer, seller or admin
	Next  orders.Verb // the one that moves the order on; "" for none
	Verbs []orders.Verb
}

// steps are what moves an order on, by role, the most pressing first.
var steps = map[orders.Role][]orders.Verb{
	orders.Buyer:  {orders.Paid, orders.Delivered},
	orders.Seller: {orders.Refunded, orders.Confirm, orders.Request, orders.Shipped, orders.Process},
	orders.Admin:  {orders.Resolved},
}

// actionsOf is what role may do about the order, of its AllowedActions alone.
func actionsOf(o *orders.Order, role orders.Role) Actions {
	return Actions{Order: o, Role: role.String(), Next: nextStep(o, role), Verbs: o.AllowedActions}
}

// nextStep is the one thing that the order waits for from role, "" where it waits for
// somebody else.
func nextStep(o *orders.Order, role orders.Role) orders.Verb {
	for _, v := range steps[role] {
		if slices.Contains(o.AllowedActions, v) && waitsFor(o, v) {
			return v
		}
	}
	return ""
}

// waitsFor reports whether the order, as it stands, waits for the verb: that it is
// allowed is not enough.
func waitsFor(o *orders.Order, v orders.Verb) bool {
	switch v {
	case orders.Request:
		return o.Status == orders.StatusIntentSent
	case orders.Paid:
		return o.Status == orders.StatusPaymentRequested && o.Payment == orders.PaymentRequested
	case orders.Confirm:
		return o.Payment == orders.PaymentClaimed
	case orders.Process, orders.Shipped:
		return o.Status == orders.StatusProcessing
	case orders.Delivered:
		return o.Status == orders.StatusShipped
	case orders.Refunded:
		return o.Payment == orders.PaymentRefundDue
	case orders.Resolved:
		return o.Status == orders.StatusDisputed
	}
	return false
}
