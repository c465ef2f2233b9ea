package main

import (
	"context"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// openedOrder is an order with what its viewer could open beside it.
type openedOrder struct {
	*orders.Order
	Opened map[string]orders.Private `json:"opened,omitempty"` // by fact
}

// openOrder opens the boxes that are sealed to me; nil opens none.
func openOrder(ctx context.Context, me *nip17.SecretSigner, o *orders.Order) openedOrder {
	opened := openedOrder{Order: o}
	if me == nil {
		return opened
	}
	opened.Opened = map[string]orders.Private{}
	for fact, box := range o.Boxes {
		if p, err := client.OpenBox(ctx, me, box); err == nil {
			opened.Opened[fact] = p
		}
	}
	return opened
}

// text is the private value that s points to: "" where there is none, and
// "(sealed)" where the viewer cannot open it.
func (o openedOrder) text(s *orders.Sealed) string {
	if s == nil {
		return ""
	}
	p, ok := o.Opened[s.Fact]
	if !ok {
		return "(sealed)"
	}
	return p.Text(s.Field)
}
