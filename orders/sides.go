package orders

import "cmp"

// A witness is what a telling says of the side its sender is on: Buyer, Seller, or 0
// for nothing.
type witness func(*telling) Role

var (
	intends witness = func(t *telling) Role { return only(t.Verb == Intent, Buyer) }
	implied witness = func(t *telling) Role { return t.implies() }
	// asks is a request in a form that buyers have too.
	asks witness = func(t *telling) Role { return only(t.Leg, Seller) }
	// speaks is for where nothing says more: who spoke first asked for something.
	speaks witness = func(t *telling) Role { return only(!t.Hint, Buyer) }
)

func only(holds bool, r Role) Role {
	if holds {
		return r
	}
	return 0
}

// findBuyer asks the better witnesses first: what is claimed turns round nothing that
// was proven.
func (f *folding) findBuyer() string {
	a, _ := f.pair.Parties()
	return cmp.Or(
		f.side(Bound, intends), f.side(Bound, implied), f.side(Unbound, intends), f.side(Unbound, implied),
		f.side(Bound, asks), f.side(Bound, speaks), f.side(Unbound, speaks), a)
}

// side is the buyer by the ≺-least telling of that trust that is a witness, "" where
// none is.
func (f *folding) side(trust Trust, w witness) string {
	for i := range f.ts {
		t := &f.ts[i]
		if t.Trust != trust || !f.pair.Has(t.Sender) {
			continue
		}
		switch w(t) {
		case Buyer:
			return t.Sender
		case Seller:
			return f.pair.other(t.Sender)
		}
	}
	return ""
}

func (f *folding) seller() string { return f.pair.other(f.buyer) }

// other is the party beside key.
func (p Pair) other(key string) string {
	a, b := p.Parties()
	if key == a {
		return b
	}
	return a
}

// weighs reports whether t's numbers and goods count: who is not proven adds none to
// an order whose buyer is.
func (f *folding) weighs(t *telling) bool {
	return t.Trust == Bound || f.intent < 0 || f.ts[f.intent].Trust != Bound
}
