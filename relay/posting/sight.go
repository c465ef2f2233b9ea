package posting

import (
	"context"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// see returns an order that the caller may see, and what they are in it; ENOTFOUND
// where there is none to them.
func (o *Office) see(ctx context.Context, caller string, k orders.Key) (*orders.Order, orders.Role, error) {
	order, err := orders.Assemble(ctx, o.Ledger, k)
	if err != nil || order == nil {
		return nil, 0, orElse(err, errNotFound)
	}
	role := o.role(order, caller)
	if role == 0 {
		return nil, 0, errNotFound
	}
	return order, role, nil
}

// role is what the caller is to the order, 0 for nothing: as orders.Reader has it.
func (o *Office) role(order *orders.Order, caller string) orders.Role {
	switch {
	case order == nil:
		return 0
	case order.Role(caller) != 0:
		return order.Role(caller)
	case o.Admin(caller) && order.WasDisputed():
		return orders.Admin
	}
	return 0
}

// show adds what depends on the reader and on now.
func (o *Office) show(order *orders.Order, role orders.Role) *orders.Order {
	if order == nil {
		return nil
	}
	order.Now(time.Now().UnixMilli())
	order.AllowedActions = order.Actions(role)
	return order
}
