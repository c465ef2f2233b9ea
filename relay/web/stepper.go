package web

import (
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// A Step is one stage of an order's life.
type Step struct {
	Stage string // placed, asked, paid, unpaid, prepared, shipped, delivered, disputed, cancelled, refund
	State string // see below
	At    int64  // when it was reached (ms); 0: not, or nobody said so
}

// The states of a step. Claimed is the buyer's word for a payment, never the same as
// complete; skipped is what the order went past without.
const (
	stepWaiting  = "waiting"
	stepNow      = "now"
	stepComplete = "complete"
	stepClaimed  = "claimed"
	stepSkipped  = "skipped"
	stepFailed   = "failed"
)

// stepsOf are the stages of the order, as far as they are known. What was cancelled
// ends there; what is disputed shows where it stands, and what is still to come.
func stepsOf(o *orders.Order) []Step {
	reached := progressOf(o)
	all := []Step{
		{"placed", stepComplete, o.CreatedTimestamp},
		{"asked", pastOr(o.PaymentRequestedTimestamp != 0, reached > rankOf(orders.StatusPaymentRequested) || o.WasPaid()), o.PaymentRequestedTimestamp},
		paymentStep(o),
		{"prepared", pastOr(preparedAt(o) != 0, reached > rankOf(orders.StatusProcessing)), preparedAt(o)},
		{"shipped", pastOr(o.ShippingTimestamp != 0, reached >= rankOf(orders.StatusDelivered)), o.ShippingTimestamp},
		{"delivered", pastOr(reached >= rankOf(orders.StatusDelivered), false), o.ActualDeliveryTimestamp},
	}
	if o.Stub {
		all[0].State, all[0].At = stepWaiting, 0
	}
	switch o.Status {
	case orders.StatusCancelled:
		all = slices.DeleteFunc(all, func(s Step) bool { return s.State == stepWaiting || s.State == stepSkipped })
		all = append(all, Step{"cancelled", stepFailed, saidAt(o, orders.Cancel, orders.Resolved)})
		switch o.Payment {
		case orders.PaymentRefundDue:
			all = append(all, Step{"refund", stepNow, 0})
		case orders.PaymentRefunded:
			all = append(all, Step{"refund", stepComplete, saidAt(o, orders.Refunded)})
		}
		return all
	case orders.StatusDisputed:
		i := 1 + lastReached(all)
		return slices.Insert(all, i, Step{"disputed", stepFailed, o.DisputeTimestamp})
	case orders.StatusDelivered:
		if all[2].State == stepWaiting {
			all[2] = Step{"unpaid", stepSkipped, 0}
		}
		return all
	case orders.StatusProcessing:
		all[3].State = stepNow
		return all
	}
	if i := slices.IndexFunc(all, func(s Step) bool { return s.State == stepWaiting }); i >= 0 && all[2].State != stepClaimed {
		all[i].State = stepNow
	}
	if reached >= rankOf(orders.StatusShipped) {
		all[2].State = unpaid(all[2].State)
		all[5].State = stepNow
	}
	return all
}

// paymentStep is where the money stands, whatever the goods do.
func paymentStep(o *orders.Order) Step {
	switch o.Payment {
	case orders.PaymentClaimed:
		return Step{"paid", stepClaimed, o.PaymentConfirmedTimestamp}
	case orders.PaymentConfirmed, orders.PaymentRefundDue, orders.PaymentRefunded:
		return Step{"paid", stepComplete, o.PaymentVerifiedTimestamp}
	}
	return Step{"paid", stepWaiting, 0}
}

// unpaid undoes that a payment is the next step: the goods are ahead of it.
func unpaid(state string) string {
	if state == stepNow {
		return stepWaiting
	}
	return state
}

func pastOr(done, past bool) string {
	switch {
	case done:
		return stepComplete
	case past:
		return stepSkipped
	}
	return stepWaiting
}

func lastReached(all []Step) int {
	last := 0
	for i, s := range all {
		if s.State == stepComplete || s.State == stepClaimed {
			last = i
		}
	}
	return last
}

// rankOf orders the statuses of an undisturbed life from 0; the others have -1.
func rankOf(s orders.Status) int {
	i := slices.Index(orders.Statuses, s)
	if i > slices.Index(orders.Statuses, orders.StatusDelivered) {
		return -1
	}
	return i
}

// progressOf is how far the order has come, cancelled or disputed since or not.
func progressOf(o *orders.Order) int {
	most := 0
	for _, s := range o.Path() {
		most = max(most, rankOf(s.Status))
	}
	return most
}

func preparedAt(o *orders.Order) int64 { return saidAt(o, orders.Confirm, orders.Process) }

// saidAt is when one of the verbs was first said and counted (ms), 0 for never.
func saidAt(o *orders.Order, verbs ...orders.Verb) int64 {
	for i := range o.Timeline {
		if e := &o.Timeline[i]; e.OK && slices.Contains(verbs, e.Verb) {
			return e.At
		}
	}
	return 0
}
