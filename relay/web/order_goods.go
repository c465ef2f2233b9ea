package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/waybill-relay/waybill/orders"
)

// Goods are what an order is about, and what it costs.
type Goods struct {
	Lines    []Line
	Priced   bool // some line names a price
	Total    Sum
	Shipping int64 // sats
	Grand    Sum
	Named    bool // somebody has said what it costs
}

// A Line is one product of an order.
type Line struct {
	Title    string // its id where it has no other name; "" where it has none
	ID       string
	Quantity int64
	Price    *Sum
	Subtotal *Sum
}

// goods are the order's products, with the titles of their listings where a message
// has only an id.
func (s *server) goods(ctx context.Context, o *orders.Order) (Goods, error) {
	if err := s.entitle(ctx, o); err != nil {
		return Goods{}, err
	}
	g := Goods{Shipping: o.ShippingQuote, Total: sats(o.TotalSats)}
	for _, p := range o.Products {
		l := lineOf(p)
		g.Lines = append(g.Lines, l)
		g.Priced = g.Priced || l.Price != nil || l.Subtotal != nil
	}
	if g.Grand, g.Named = costOf(o); !g.Grand.InSats() {
		g.Total = g.Grand
	}
	return g, nil
}

// costOf is what an order costs; named is false where nobody has said: that is not the
// same as nothing.
func costOf(o *orders.Order) (s Sum, named bool) {
	switch {
	case o.GrandTotal > 0:
		return sats(o.GrandTotal), true
	case o.FiatTotal != nil:
		return sumOf(nil, o.FiatTotal)
	}
	return sats(0), slices.ContainsFunc(o.Timeline, func(e orders.TimelineEntry) bool {
		return e.OK && e.Amount != nil && (e.Verb == orders.Intent || e.Verb == orders.Request)
	})
}

func lineOf(p orders.Product) Line {
	l := Line{Title: cmp.Or(p.Title, p.ProductID), ID: p.ProductID, Quantity: p.Quantity}
	if p.PricePerUnit != "" {
		l.Price = &Sum{p.PricePerUnit, p.Currency}
	}
	switch {
	case p.Subtotal != "":
		l.Subtotal = &Sum{p.Subtotal, p.Currency}
	case l.Price != nil && l.Price.InSats():
		each, err := strconv.ParseInt(p.PricePerUnit.String(), 10, 64)
		if err == nil && p.Quantity > 0 && each <= orders.MaxSats/p.Quantity {
			total := sats(each * p.Quantity)
			l.Subtotal = &total
		}
	}
	return l
}

// Money is where the payment of an order stands.
type Money struct {
	Asked     Sum
	Named     bool // Asked is known
	Medium    string
	Expires   int64 // until when the link is good (ms); 0: it does not say
	Expired   bool
	Requested int64 // when payment was asked for (ms), 0: not
	Claimed   int64 // when the buyer said he has paid
	Confirmed int64 // when the seller said it came, or it was proven
	Refunded  int64 // sats
}

func moneyOf(o *orders.Order) Money {
	m := Money{
		Expires: o.PaymentExpiry, Expired: hasTrouble(o, "expired"), Requested: o.PaymentRequestedTimestamp,
		Claimed: o.PaymentConfirmedTimestamp, Confirmed: o.PaymentVerifiedTimestamp, Refunded: o.RefundedSats,
	}
	m.Asked, m.Named = askedFor(o)
	for _, e := range slices.Backward(o.Timeline) {
		if e.OK && e.Medium != "" && (e.Verb == orders.Request || e.Verb == orders.Paid) {
			m.Medium = e.Medium
			break
		}
	}
	return m
}
