package web

import (
	"net/http"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

var documentRoutes = []route{
	{pattern: "GET /orders/{id}/receipt", signedIn: true, serve: document("receipt")},
	{pattern: "GET /orders/{id}/invoice", signedIn: true, serve: document("invoice")},
	{pattern: "GET /orders/{id}/packing-slip", signedIn: true, serve: document("packing-slip")},
	{pattern: "GET /orders/{id}/label", signedIn: true, serve: document("label")},
}

// documentsOf are the documents that each role may print.
var documentsOf = map[orders.Role][]string{
	orders.Buyer:  {"receipt", "invoice"},
	orders.Seller: {"receipt", "invoice", "packing-slip", "label"},
}

func documentsFor(role orders.Role) []string { return documentsOf[role] }

// Document is one of an order, to be printed.
type Document struct {
	Kind          string
	Order         *orders.Order
	Goods         Goods
	Money         Money
	Buyer, Seller *Person
	Address       *Secret
	Parcel        *Parcel // the latest
	Prices        bool
	Today         int64  // ms
	Path          string // of the order's page
}

// Paid reports whether the money is there: the seller has said so, or it is proven.
func (d Document) Paid() bool { return d.Order.Payment == orders.PaymentConfirmed }

// Heading is the name of what is on the paper: nothing is a receipt before it is paid.
func (d Document) Heading() string {
	if d.Kind == "receipt" && !d.Paid() {
		return "documents.receipt.unpaid"
	}
	return "documents." + d.Kind
}

// document: GET /orders/{id}/<kind>; prices=0 leaves them out of a packing slip.
func document(kind string) func(*server, *visit) error {
	return func(s *server, v *visit) error {
		o, role, err := s.ownOrder(v)
		if err != nil {
			return err
		}
		if !slices.Contains(documentsFor(role), kind) {
			return orders.Errorf(orders.ENOTFOUND, "there is nothing here")
		}
		d := Document{Kind: kind, Order: o, Money: moneyOf(o), Prices: true, Today: v.now.UnixMilli(), Path: pathOf(o.IntentID),
			Address: secretOf(o, o.ShippingAddress)}
		switch prices := v.URL.Query()["prices"]; {
		case kind != "packing-slip" || len(prices) == 0 || len(prices) == 1 && prices[0] == "1":
		case len(prices) == 1 && prices[0] == "0":
			d.Prices = false
		default:
			return orders.Errorf(orders.EINVALID, "prices is 0 or 1")
		}
		who, err := s.people(v.Context(), o.BuyerPubkey, o.SellerPubkey)
		if err != nil {
			return err
		}
		d.Buyer, d.Seller = who[o.BuyerPubkey], who[o.SellerPubkey]
		if d.Goods, err = s.goods(v.Context(), o); err != nil {
			return err
		}
		if parcels := parcelsOf(o); len(parcels) > 0 {
			d.Parcel = &parcels[len(parcels)-1]
		}
		s.cfg.Viewed(o, v.viewer)
		return s.show(v, http.StatusOK, kind, d)
	}
}
