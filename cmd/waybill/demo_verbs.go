package main

import (
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// pays is the buyer's receipt. With the preimage the payment is proven; without
// it is a claim until the seller confirms it.
func (o *demoOrder) pays(ago time.Duration, withProof bool) demoStep {
	sum := o.total
	d := orders.Draft{
		Verb:    orders.Paid,
		Public:  orders.Public{Amount: &sum, Medium: o.payment.medium},
		Private: orders.Private{Reference: o.payment.link},
	}
	what := sats(sum) + ", a claim"
	switch {
	case withProof:
		what = sats(sum) + ", proven by the preimage"
		d.Private.Proof = o.payment.proof
	case o.payment.medium == "bitcoin": // a transaction's id proves nothing by itself
		d.Private.Proof = o.payment.proof
	}
	return o.step(ago, demoBuyer, orders.StatusPaid, what, d)
}

// says is a step with no more to it than a note.
func (o *demoOrder) says(ago time.Duration, by string, v orders.Verb, note string) demoStep {
	becomes := orders.StatusProcessing
	if v == orders.Delivered {
		becomes = orders.StatusDelivered
	}
	return o.step(ago, by, becomes, note, orders.Draft{Verb: v, Private: orders.Private{Note: note}})
}

func (o *demoOrder) ships(ago time.Duration, carrier, tracking string) demoStep {
	return o.step(ago, o.seller, orders.StatusShipped, carrier+" "+tracking, orders.Draft{
		Verb: orders.Shipped,
		Public: orders.Public{
			Carrier: carrier, Tracking: tracking, ETA: o.now.Add(3*demoDay - ago).UnixMilli(),
		},
	})
}

// complains is a cancellation or a dispute by the buyer.
func (o *demoOrder) complains(ago time.Duration, v orders.Verb, reason string) demoStep {
	becomes := orders.StatusCancelled
	if v == orders.Dispute {
		becomes = orders.StatusDisputed
	}
	return o.step(ago, demoBuyer, becomes, reason, orders.Draft{Verb: v, Private: orders.Private{Reason: reason}})
}

// rules is the arbiter's word, which goes to the relay's own key.
func (o *demoOrder) rules(ago time.Duration, outcome orders.Outcome, resolution string) demoStep {
	return o.step(ago, demoArbiter, orders.Status(outcome), resolution, orders.Draft{
		Verb: orders.Resolved, Public: orders.Public{Outcome: outcome}, Private: orders.Private{Resolution: resolution},
	})
}

// refunds gives everything back, after which the order stays as it was ruled.
func (o *demoOrder) refunds(ago time.Duration) demoStep {
	sum := o.total
	return o.step(ago, o.seller, orders.StatusCancelled, sats(sum), orders.Draft{
		Verb: orders.Refunded, Public: orders.Public{Amount: &sum},
	})
}
