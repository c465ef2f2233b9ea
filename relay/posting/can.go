package posting

import (
	"context"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// A Chance is whether somebody may say something of one order.
type Chance struct {
	Order string        // its intentId
	State *orders.Order // as the caller sees it; nil where there is none to them
	Role  orders.Role   // the caller's
	OK    bool
}

// Can tells of each order whether caller (hex) may say the verb now. It keeps
// nothing, and another message may come before the caller's own.
func (o *Office) Can(ctx context.Context, caller string, verb orders.Verb, intentIDs []string) ([]Chance, error) {
	chances := make([]Chance, len(intentIDs))
	for i, id := range intentIDs {
		chances[i].Order = id
		k, ok, err := o.Ledger.KeyOf(ctx, id)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		order, role, err := o.see(ctx, caller, k)
		switch {
		case orders.ErrorCode(err) == orders.ENOTFOUND:
			continue
		case err != nil:
			return nil, err
		}
		chances[i].State, chances[i].Role = o.show(order, role), role
		chances[i].OK = slices.Contains(chances[i].State.AllowedActions, verb)
	}
	return chances, nil
}

// Refusal is why the verb cannot be said, where it cannot.
func (c *Chance) Refusal(verb orders.Verb) *Refusal {
	r := &Refusal{Err: errNotFound, Order: c.State, Role: c.Role, Requested: verb}
	if c.State != nil {
		r.Err = orders.Errorf(orders.ECONFLICT, "An order that is %s does not allow %q now.", c.State.Status, verb)
	}
	return r
}
