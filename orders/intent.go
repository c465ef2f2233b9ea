package orders

import (
	"cmp"
	"slices"
)

// chooseIntent finds the intent that stands, and which of the others are parts of it.
func (f *folding) chooseIntent() {
	bound := func(t *telling) bool { return t.Trust == Bound }
	if f.intent = f.first(bound, Intent); f.intent < 0 {
		f.intent = f.first(nil, Intent)
	}
	if f.intent < 0 {
		return
	}
	standing := f.ts[f.intent]
	for i, t := range f.accepted(Intent) {
		if i != f.intent && !t.completes(&standing) {
			t.reason = DuplicateID
		}
	}
}

// completes reports whether the intent t is a part of the order that the standing
// one begins: the same key speaks, nothing contradicts, and it came by another
// transport, as where a client publishes an order without the address and wraps it
// with the address; or the key is a throw-away one, which is made for one order.
// What t adds is noted in standing, so that a third contradicts neither.
func (t *telling) completes(standing *telling) bool {
	same := t.Sender == standing.Sender && t.Trust == standing.Trust && t.Key == standing.Key
	part := t.Trust != Bound || apart(t.Transports, standing.Transports)
	a, b := &t.Public, &standing.Public
	if !same || !part || !agree(t.named(), standing.named()) || !agree(a.Fiat, b.Fiat) ||
		a.Shipping != "" && b.Shipping != "" && a.Shipping != b.Shipping ||
		a.CheckoutID != "" && b.CheckoutID != "" && a.CheckoutID != b.CheckoutID ||
		len(a.Products) > 0 && len(b.Products) > 0 && !slices.Equal(a.Products, b.Products) {
		return false
	}
	b.Amount, b.Fiat = cmp.Or(standing.named(), t.named()), cmp.Or(b.Fiat, a.Fiat)
	b.Shipping, b.CheckoutID = cmp.Or(b.Shipping, a.Shipping), cmp.Or(b.CheckoutID, a.CheckoutID)
	if len(b.Products) == 0 {
		b.Products = a.Products
	}
	return true
}

// agree reports whether two values are the same, or one is not there.
func agree[T comparable](a, b *T) bool { return a == nil || b == nil || *a == *b }
