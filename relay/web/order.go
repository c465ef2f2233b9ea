package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

var orderRoutes = []route{
	{pattern: "GET /orders/{id}", signedIn: true, serve: (*server).order},
}

// OrderPage is one order as one viewer sees it.
type OrderPage struct {
	Order         *orders.Order
	Role          string
	Says          Phrase
	Actions       Actions
	Steps         []Step
	Troubles      []Trouble
	Goods         Goods
	Money         Money
	Parcels       []Parcel
	Expected      int64 // when it is to arrive (ms), while it is on its way; 0: over, or nobody said
	Overdue       bool
	Timeline      []Block
	Dispute       []Entry // what was said of it, the first first
	Buyer, Seller *Person
	Other         *Person // across from the viewer; nil for an admin
	Canceller     string  // you, party, admin
	Disputer      string
	Private       Private
	Shipping      string // the option that was chosen; "" for none
	Cart          []Sibling
	Path          string // of this page
	Documents     []string
	Back          string // where the viewer's orders are
}

// Private are the places of what only the parties read; nil where there is nothing.
type Private struct {
	Address, Contact, BuyerNotes, SellerNotes                *Secret
	PaymentLink, CancelReason, DisputeReason, DisputeOutcome *Secret
}

// Any reports whether there is something of the parcel's way to read.
func (p Private) Any() bool {
	return p.Address != nil || p.Contact != nil || p.BuyerNotes != nil || p.SellerNotes != nil
}

// A Parcel is one shipment, and the page on which its carrier tells of it.
type Parcel struct {
	orders.Shipment
	Page string
}

// A Sibling is another order of the same cart.
type Sibling struct {
	*orders.Order
	Path string
}

// listOf is where somebody with that role finds his orders.
var listOf = map[orders.Role]string{orders.Buyer: "/orders", orders.Seller: "/my-shop/orders", orders.Admin: "/disputes"}

// order: GET /orders/{id}.
func (s *server) order(v *visit) error {
	o, role, err := s.ownOrder(v)
	if err != nil {
		return err
	}
	s.cfg.Viewed(o, v.viewer)
	keys := []string{o.BuyerPubkey, o.SellerPubkey}
	for _, e := range o.Timeline {
		keys = append(keys, e.Sender, e.Payee)
	}
	slices.Sort(keys)
	who, err := s.people(v.Context(), slices.Compact(keys)...)
	if err != nil {
		return err
	}
	p := OrderPage{
		Order: o, Role: role.String(), Says: sentence(o, role, v.viewer),
		Steps: stepsOf(o), Troubles: troublesOf(o), Money: moneyOf(o), Parcels: parcelsOf(o),
		Timeline: timelineOf(o, v.viewer, who), Dispute: disputeOf(o, v.viewer, who), Buyer: who[o.BuyerPubkey], Seller: who[o.SellerPubkey],
		Private: privateOf(o), Documents: documentsFor(role), Back: listOf[role], Path: pathOf(o.IntentID),
	}
	if p.Actions, err = s.actionsFor(v.Context(), o, role); err != nil {
		return err
	}
	switch role {
	case orders.Buyer:
		p.Other = p.Seller
	case orders.Seller:
		p.Other = p.Buyer
	}
	if !o.Status.Closed() && o.EstimatedDeliveryDate > 0 {
		p.Expected, p.Overdue = o.EstimatedDeliveryDate, o.Overdue(v.now.UnixMilli())
	}
	p.Canceller, p.Disputer = whoIs(o, o.CancelledBy, v.viewer), whoIs(o, disputedLastBy(o), v.viewer)
	if p.Goods, err = s.goods(v.Context(), o); err != nil {
		return err
	}
	if p.Shipping, err = s.shippingOf(v.Context(), o); err != nil {
		return err
	}
	if role == orders.Buyer {
		if p.Cart, err = s.cart(v, o); err != nil {
			return err
		}
	}
	return s.show(v, http.StatusOK, "order", p)
}

// ownOrder is the order that the path names, with what the viewer is to it. Whoever
// may not see it gets ENOTFOUND.
func (s *server) ownOrder(v *visit) (*orders.Order, orders.Role, error) {
	o, err := s.cfg.Orders.GetOrder(v.Context(), v.viewer, v.PathValue("id"))
	if err != nil {
		return nil, 0, err
	}
	if v.as = o.Role(v.viewer); v.as == 0 {
		v.as = orders.Admin // nobody else is shown it (orders.Reader)
	}
	return o, v.as, nil
}

// whoIs is what somebody (public key) is to the viewer: you, buyer, seller or admin.
func whoIs(o *orders.Order, pubkey, viewer string) string {
	switch role := o.Role(pubkey); {
	case pubkey == "":
		return ""
	case pubkey == viewer:
		return "you"
	case role != 0:
		return role.String()
	}
	return orders.Admin.String()
}

func privateOf(o *orders.Order) Private {
	return Private{
		Address: secretOf(o, o.ShippingAddress), Contact: secretOf(o, o.Contact),
		BuyerNotes: secretOf(o, o.BuyerNotes), SellerNotes: secretOf(o, o.SellerNotes), PaymentLink: secretOf(o, o.PaymentLink),
		CancelReason: secretOf(o, o.CancelReason), DisputeReason: secretOf(o, o.DisputeReason), DisputeOutcome: secretOf(o, o.DisputeResolution),
	}
}

func parcelsOf(o *orders.Order) []Parcel {
	parcels := make([]Parcel, len(o.Shipments))
	for i, sh := range o.Shipments {
		parcels[i] = Parcel{sh, trackingPage(sh.Carrier, sh.TrackingNumber)}
	}
	return parcels
}

// cart is the other orders that the buyer began in the same hour, under the same id of
// a checkout: of fifty of that hour, which is more than a cart has.
func (s *server) cart(v *visit, o *orders.Order) (all []Sibling, err error) {
	if o.CheckoutID == "" {
		return nil, nil
	}
	since, until := o.CreatedTimestamp-time.Hour.Milliseconds(), o.CreatedTimestamp+time.Hour.Milliseconds()
	found, err := s.cfg.Orders.FindOrders(v.Context(), v.viewer, orders.Filter{As: orders.Buyer, Since: &since, Until: &until}, orders.Query{Limit: 50})
	for _, p := range found.Items {
		if p.CheckoutID == o.CheckoutID && p.IntentID != o.IntentID {
			all = append(all, Sibling{p, pathOf(p.IntentID)})
		}
	}
	return all, err
}

// pathOf is the page of an order, by its intent id.
func pathOf(intentID string) string { return "/orders/" + url.PathEscape(intentID) }
