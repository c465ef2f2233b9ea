package web

import (
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestNextStep(t *testing.T) {
	h := newHouse(t)
	b, s := h.buyer, h.seller
	for _, tt := range []struct {
		name          string
		says          []say
		buyer, seller orders.Verb
	}{
		{"new", nil, "", orders.Request},
		{"requested", []say{{by: s, verb: orders.Request}}, orders.Paid, ""},
		{"paid", []say{{by: s, verb: orders.Request}, {by: b, verb: orders.Paid}}, "", orders.Confirm},
		{"confirmed", []say{{by: b, verb: orders.Paid}, {by: s, verb: orders.Confirm}}, "", orders.Shipped},
		{"shipped", []say{{by: b, verb: orders.Paid}, {by: s, verb: orders.Confirm}, {by: s, verb: orders.Shipped}}, orders.Delivered, ""},
		{"delivered", []say{{by: b, verb: orders.Paid}, {by: s, verb: orders.Confirm}, {by: s, verb: orders.Shipped}, {by: b, verb: orders.Delivered}}, "", ""},
		{"cancelled", []say{{by: b, verb: orders.Cancel}}, "", ""},
		{"refund-due", []say{{by: b, verb: orders.Paid}, {by: s, verb: orders.Confirm}, {by: s, verb: orders.Cancel}}, "", orders.Refunded},
	} {
		o := h.order(tt.name, tt.says...)
		for role, want := range map[orders.Role]orders.Verb{orders.Buyer: tt.buyer, orders.Seller: tt.seller} {
			o.AllowedActions = o.Actions(role)
			if got := nextStep(o, role); got != want {
				t.Errorf("%s, %s: got %q, want %q of %v", tt.name, role, got, want, o.AllowedActions)
			}
		}
	}
}
