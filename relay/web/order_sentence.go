package web

import (
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// standings are all that standing returns.
var standings = []string{
	"stub", "new", "asked", "asked.unnamed", "expired", "claimed", "claimed.unnamed", "confirmed",
	"preparing", "preparing.claimed", "preparing.unpaid", "shipped", "shipped.claimed", "shipped.unpaid",
	"delivered", "delivered.claimed", "delivered.unpaid",
	"cancelled", "cancelled.claimed", "refund-due", "refunded", "disputed", "disputed.own",
}

// sentence says in one sentence, for somebody with that role and key, how the order
// stands and what that means for him.
func sentence(o *orders.Order, role orders.Role, viewer string) Phrase {
	p := Phrase{Key: "order.says." + role.String() + "."}
	switch s := standing(o, viewer); s {
	case "asked", "claimed":
		sum, named := askedFor(o)
		if !named {
			return Phrase{Key: p.Key + s + ".unnamed"}
		}
		return Phrase{p.Key + s, []any{sum}}
	default:
		p.Key += s
	}
	return p
}

// standing is the status and the money of an order in one word.
func standing(o *orders.Order, viewer string) string {
	switch o.Status {
	case orders.StatusIntentSent:
		if o.Stub {
			return "stub"
		}
		return "new"
	case orders.StatusPaymentRequested:
		if hasTrouble(o, "expired") {
			return "expired"
		}
		return "asked"
	case orders.StatusPaid:
		if o.Payment == orders.PaymentConfirmed {
			return "confirmed"
		}
		return "claimed"
	case orders.StatusCancelled:
		switch o.Payment {
		case orders.PaymentClaimed:
			return "cancelled.claimed"
		case orders.PaymentRefundDue, orders.PaymentRefunded:
			return string(o.Payment)
		}
		return "cancelled"
	case orders.StatusDisputed:
		if disputedLastBy(o) == viewer {
			return "disputed.own"
		}
		return "disputed"
	}
	word := map[orders.Status]string{orders.StatusProcessing: "preparing"}[o.Status]
	if word == "" {
		word = string(o.Status)
	}
	switch o.Payment {
	case orders.PaymentClaimed:
		return word + ".claimed"
	case orders.PaymentNone, orders.PaymentRequested:
		return word + ".unpaid"
	}
	return word
}

// askedFor is what the seller asked for last, else what the order costs; named is
// false where nobody has said.
func askedFor(o *orders.Order) (s Sum, named bool) {
	for _, e := range slices.Backward(o.Timeline) {
		if e.OK && e.Verb == orders.Request {
			if s, named = sumOf(e.Amount, e.Fiat); named {
				return s, true
			}
		}
	}
	return costOf(o)
}

// disputedLastBy is who opened the present dispute, else the last (public key).
func disputedLastBy(o *orders.Order) string {
	if e := o.OpenDispute(); e != nil {
		return e.Sender
	}
	for _, e := range slices.Backward(o.Timeline) {
		if e.OK && e.Verb == orders.Dispute {
			return e.Sender
		}
	}
	return o.DisputedBy
}

func hasTrouble(o *orders.Order, code string) bool {
	return slices.ContainsFunc(o.Exceptions, func(e orders.OrderException) bool { return e.Code == code })
}
