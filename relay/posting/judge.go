package posting

import (
	"context"
	"slices"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// judge tries the message, and keeps it where it counts.
func (o *Office) judge(ctx context.Context, k orders.Key, m Message, a ledger.Arrival) (Receipt, int64, error) {
	said := &a.Facts[0]
	trial, err := orders.Try(ctx, o.Ledger, k, a.Facts)
	if err != nil {
		return Receipt{}, 0, err
	}
	role := o.role(trial.After, said.Sender)
	if trial.Before != nil {
		role = o.role(trial.Before, said.Sender)
	}
	refuse := func(err error) *Refusal {
		r := &Refusal{Err: err, Role: role, Requested: said.Verb, Order: o.show(trial.Before, role)}
		if r.Order == nil || role == 0 {
			r.Order = nil
		}
		return r
	}
	switch {
	case trial.After == nil: // it was erased
		return Receipt{}, 0, refuse(orders.Errorf(orders.ECONFLICT, "This order id was used before, for an order that is over."))
	case len(m.IfVersion) > 0 && (trial.Before == nil || !slices.Contains(m.IfVersion, trial.Before.Version)):
		r := refuse(orders.Errorf(orders.ECONFLICT, "The order has changed since it was looked at."))
		r.Stale = true
		return Receipt{}, 0, r
	}
	if err := complete(said); err != nil {
		return Receipt{}, 0, err
	}
	if err := trial.Judge(role, m.Anyway); orders.ErrorCode(err) == orders.ENOTFOUND {
		return Receipt{}, 0, errNotFound
	} else if err != nil {
		return Receipt{}, 0, refuse(err)
	}
	switch outcome, err := o.Relay.KeepPosted(ctx, a); {
	case err != nil:
		return Receipt{}, 0, err
	case outcome == ledger.Deleted:
		return Receipt{}, 0, refuse(orders.Errorf(orders.ECONFLICT, "Its author has deleted this message, or asked to be forgotten since it was written."))
	}
	return o.receipt(ctx, k, said, trial.Before == nil)
}

// elsewhere says that a message is about another order than the one it was posted to.
func (o *Office) elsewhere(k orders.Key, said *orders.Fact) error {
	if pair, ok := said.Pair(); ok && pair == k.Pair || k == (orders.Key{}) {
		return invalid("order", "The order tag must hold the id that the order's client gave it (orderId), as it was before it was escaped.")
	}
	return invalid("p", "The message is not between the parties of this order.")
}

// complete refuses a message that lacks what it is for, as orders.Service does.
func complete(f *orders.Fact) error {
	has := func(x orders.Field) bool { return slices.Contains(f.Carries, x) }
	switch {
	case len(f.Parties) != 2 && f.Verb != orders.Note:
		return invalid("p", "The message must name the other party.")
	case f.Verb == orders.Request && !f.Leg && !has(orders.FieldPaymentLink):
		return invalid("private", "A payment request needs a payment link.")
	case f.Verb == orders.Dispute && !has(orders.FieldReason):
		return invalid("private", "A dispute needs a reason.")
	case f.Verb == orders.Intent && len(f.Products) == 0 && !has(orders.FieldNote):
		return invalid("item", "An order needs an item, or a note that says what is wanted.")
	case f.Verb == orders.Note && f.Code == "" && !has(orders.FieldNote) && !has(orders.FieldContent):
		return invalid("private", "A note needs words.")
	}
	return nil
}
