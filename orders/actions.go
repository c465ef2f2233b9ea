package orders

import "slices"

// Actions are the verbs that role may usefully say about the order now, in the
// order of Rules: what a button, or a refusal that names the alternatives, needs.
// It is never wider than what Fold accepts.
func (o *Order) Actions(role Role) []Verb {
	var vs []Verb
	for _, r := range Rules {
		if r.Roles&role != 0 && o.useful(r.Verb, role) {
			vs = append(vs, r.Verb)
		}
	}
	return vs
}

func (o *Order) useful(v Verb, role Role) bool {
	over := o.Status == StatusCancelled || o.Status == StatusDelivered
	moving := !over && o.Status != StatusDisputed
	switch v {
	case Intent:
		return false // an order begins once
	case Request:
		return moving && progressRank[o.Status] < progressRank[StatusProcessing]
	case Paid:
		return role == Buyer && moving && o.Payment != PaymentConfirmed
	case Confirm:
		return moving && o.Payment != PaymentConfirmed
	case Process:
		return moving && progressRank[o.Status] <= progressRank[StatusProcessing] && !o.said(Process, 0)
	case Shipped:
		return moving
	case Delivered:
		return role == Buyer && moving && progressRank[o.Status] >= progressRank[StatusPaid]
	case Cancel:
		return o.Status != StatusCancelled && !o.said(Delivered, 0) && !(role == Buyer && o.committed())
	case Dispute:
		// Who has not, answers by one of his own: what admins read.
		return o.disputable() && o.OpenDisputes()&role == 0
	case Resolved:
		return o.Status == StatusDisputed
	case Refunded:
		return o.Payment == PaymentRefundDue || o.Payment == PaymentConfirmed || o.Payment == PaymentClaimed
	case Address:
		return moving && progressRank[o.Status] < progressRank[StatusShipped]
	}
	return true
}

// said reports whether an accepted fact with that verb, by that role (0: any),
// stands in the timeline.
func (o *Order) said(v Verb, by Role) bool {
	for _, e := range o.Timeline {
		if e.OK && e.Trust == Bound && e.Verb == v && (by == 0 || e.Role == by.String()) {
			return true
		}
	}
	return false
}

// committed reports whether the seller has taken a step after which the buyer
// cannot cancel alone.
func (o *Order) committed() bool {
	return o.said(Process, Seller) || o.said(Shipped, Seller) || o.said(Delivered, Seller)
}

func (o *Order) disputable() bool {
	return slices.ContainsFunc(o.Timeline, func(e TimelineEntry) bool { return e.OK && slices.Contains(disputable, e.Verb) })
}
