package web

import (
	"context"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Actions is what a viewer may do about an order now, for the partial "actions".
type Actions struct {
	Order *orders.Order
	Role  string      // of the viewer: buyer, seller or admin
	Next  orders.Verb // the one that moves the order on; "" for none
	Verbs []orders.Verb
	Acts  []Act    // the forms of Verbs: Next first, what ends the order last
	Again bool     // the viewer may order the same again
	Inbox []string // wss:// relays where the other party reads (its kind 10050)
	// Admins (hex) get what is posted of a dispute sealed, too.
	Admins []string
}

// steps are what moves an order on, by role, the most pressing first.
var steps = map[orders.Role][]orders.Verb{
	orders.Buyer:  {orders.Paid, orders.Delivered},
	orders.Seller: {orders.Refunded, orders.Confirm, orders.Request, orders.Shipped, orders.Process},
	orders.Admin:  {orders.Resolved},
}

// actionsOf is what role may do about the order, of its AllowedActions alone.
func actionsOf(o *orders.Order, role orders.Role) Actions {
	a := Actions{Order: o, Role: role.String(), Next: nextStep(o, role), Verbs: o.AllowedActions}
	a.Again = role == orders.Buyer && len(o.Products) > 0 && o.SellerPubkey != ""
	for _, v := range o.AllowedActions {
		for _, act := range actsOf(o, role, v) {
			act.Next = v == a.Next
			a.Acts = append(a.Acts, act)
		}
	}
	slices.SortStableFunc(a.Acts, func(x, y Act) int { return x.place() - y.place() })
	return a
}

// actionsFor is actionsOf with where the message goes.
func (s *server) actionsFor(ctx context.Context, o *orders.Order, role orders.Role) (Actions, error) {
	a := actionsOf(o, role)
	a.Admins = s.cfg.Admins
	other := o.SellerPubkey
	if role == orders.Seller {
		other = o.BuyerPubkey
	}
	if s.cfg.InboxRelays == nil || role == orders.Admin || other == "" {
		return a, nil
	}
	relays, err := s.cfg.InboxRelays(ctx, other)
	for _, url := range relays {
		if strings.HasPrefix(url, "wss://") { // the policy lets pages reach no other
			a.Inbox = append(a.Inbox, url)
		}
	}
	return a, err
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
