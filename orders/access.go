package orders

import (
	"context"
	"time"
)

// reader puts the access rules in front of an Index: the one place that says
// who sees what.
type reader struct {
	index Index
	admin func(pubkey string) bool
	now   func() time.Time
}

// NewReader returns a Reader over the index. admin tells whether a public key
// (hex) is one of the operator's admins.
func NewReader(index Index, admin func(pubkey string) bool) Reader {
	return &reader{index, admin, time.Now}
}

// show adds what is not stored: what depends on now, and on who looks.
func (r *reader) show(o *Order, to Role) {
	o.Now(r.now().UnixMilli())
	o.AllowedActions = o.Actions(to)
}

func notFound() error { return Errorf(ENOTFOUND, "no such order") }

// GetOrder returns the order to its buyer, its seller and, where it is or was
// disputed, to an admin; with the boxes that are sealed to the caller and what the
// caller may do.
func (r *reader) GetOrder(ctx context.Context, caller, intentID string) (*Order, error) {
	if caller == "" {
		return nil, notFound()
	}
	o, err := r.index.Order(ctx, intentID)
	switch {
	case ErrorCode(err) == ENOTFOUND:
		return nil, notFound() // in the very words that a stranger gets
	case err != nil:
		return nil, err
	}
	role := r.roleIn(o, caller)
	if role == 0 {
		return nil, notFound()
	}
	r.show(o, role)
	o.keepBoxes(caller)
	return o, nil
}

// roleIn is the caller's role in the order, 0 where it does not exist for them.
func (r *reader) roleIn(o *Order, caller string) Role {
	role := o.Role(caller)
	if role == 0 && r.admin(caller) && o.WasDisputed() {
		return Admin
	}
	return role
}

// For makes o what a party of it sees at any time: with the boxes that are sealed to
// reader (hex), and what he may do. It returns his role, 0 where he is no party. What
// depends on now is left to Now.
func (o *Order) For(reader string) Role {
	role := o.Role(reader)
	if role != 0 {
		o.keepBoxes(reader)
		o.AllowedActions = o.Actions(role)
	}
	return role
}

// NeededBoxes are those boxes in which a field of the order is.
func (o *Order) NeededBoxes() map[string]Box {
	needed := map[string]Box{}
	for _, s := range []*Sealed{o.PaymentLink, o.ShippingAddress, o.Contact, o.BuyerNotes, o.SellerNotes,
		o.DisputeReason, o.DisputeResolution, o.CancelReason} {
		if s == nil {
			continue
		}
		if box, ok := o.Boxes[s.Fact]; ok {
			needed[s.Fact] = box
		}
	}
	return needed
}

// keepBoxes takes away what is sealed to others than reader.
func (o *Order) keepBoxes(reader string) {
	var own map[string]Box
	for fact, box := range o.Boxes {
		payload, ok := box.For[reader]
		if !ok {
			continue
		}
		if own == nil {
			own = map[string]Box{}
		}
		own[fact] = Box{SealedBy: box.SealedBy, For: map[string]string{reader: payload}}
	}
	o.Boxes = own
}

func (r *reader) GetBuyerOrders(ctx context.Context, caller, buyer string, q Query) (Page, error) {
	return r.own(ctx, caller, List{As: Buyer, Pubkey: buyer}, q)
}

func (r *reader) GetSellerOrders(ctx context.Context, caller, seller string, q Query) (Page, error) {
	return r.own(ctx, caller, List{As: Seller, Pubkey: seller}, q)
}

func (r *reader) own(ctx context.Context, caller string, l List, q Query) (Page, error) {
	if caller == "" || caller != l.Pubkey {
		return Page{}, Errorf(EFORBIDDEN, "these orders are somebody else's")
	}
	page, err := r.index.List(ctx, l, q)
	for _, o := range page.Items {
		r.show(o, l.As)
	}
	return page, err
}

// GetOrdersByStatus is GetAllOrders with one status.
func (r *reader) GetOrdersByStatus(ctx context.Context, caller string, status Status, q Query) (Page, error) {
	if !status.Valid() {
		return Page{}, Errorf(EINVALID, "no such status: %q", status)
	}
	q.Status = status
	return r.GetAllOrders(ctx, caller, q)
}

// GetAllOrders shows an admin every order; of those that were never disputed
// the public fields only.
func (r *reader) GetAllOrders(ctx context.Context, caller string, q Query) (Page, error) {
	if caller == "" || !r.admin(caller) {
		return Page{}, Errorf(EFORBIDDEN, "only an admin lists everybody's orders")
	}
	page, err := r.index.List(ctx, List{}, q)
	for _, o := range page.Items {
		r.showAny(o)
	}
	return page, err
}

// showAny is show for an admin, who sees every order's public fields, and what is
// private only where there is, or was, something to rule on.
func (r *reader) showAny(o *Order) {
	if o.WasDisputed() {
		r.show(o, Admin)
		return
	}
	o.Now(r.now().UnixMilli())
	o.hidePrivate()
}

func (r *reader) GetBuyerOrderStats(ctx context.Context, caller, buyer string) (Stats, error) {
	return r.ownStats(ctx, caller, Buyer, buyer)
}

func (r *reader) GetSellerOrderStats(ctx context.Context, caller, seller string) (Stats, error) {
	return r.ownStats(ctx, caller, Seller, seller)
}

func (r *reader) ownStats(ctx context.Context, caller string, as Role, of string) (Stats, error) {
	if caller == "" || caller != of {
		return Stats{}, Errorf(EFORBIDDEN, "these statistics are somebody else's")
	}
	return r.index.Stats(ctx, as, of)
}

// hidePrivate takes away every trace of the private fields.
func (o *Order) hidePrivate() {
	o.PaymentLink, o.ShippingAddress, o.Contact = nil, nil, nil
	o.BuyerNotes, o.SellerNotes = nil, nil
	o.DisputeReason, o.DisputeResolution, o.CancelReason = nil, nil, nil
	o.Boxes = nil
	for i := range o.Timeline {
		o.Timeline[i].Carries = nil
	}
}
