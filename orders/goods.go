package orders

import "slices"

// maxLines is how many products an order shows where they come in many messages.
const maxLines = 200

// products are those of the last fact that names any; one whose quantities are only
// claimed yields to any other. Where a client pays for every product by itself, each
// payment names what it is for: of every product the last word counts.
func (f *folding) products() []Product {
	named := func(t *telling) bool { return len(t.Products) > 0 && f.weighs(t) }
	counted := func(t *telling) bool { return named(t) && !slices.Contains(t.Flags, "quantity-claimed") }
	t := f.last(counted)
	if t == nil {
		counted = named
		t = f.last(counted)
	}
	switch {
	case t == nil:
		return []Product{}
	case t.Verb != Paid:
		return t.Products
	}
	var parts [][]Product // the last first
	known, lines := map[string]bool{}, 0
	for i := len(f.ts) - 1; i >= 0 && lines < maxLines; i-- {
		p := &f.ts[i]
		if p.reason != "" || p.Verb != Paid || p.Trust != t.Trust || !counted(p) {
			continue
		}
		part := slices.DeleteFunc(slices.Clone(p.Products), func(l Product) bool { return known[l.ProductID] })
		for _, l := range part {
			known[l.ProductID] = true
		}
		parts, lines = append(parts, part), lines+len(part)
	}
	slices.Reverse(parts)
	return slices.Concat(parts...)
}

// parcels lists the shipments: one per carrier and tracking number, and one per
// fact where there is no number to tell parcels apart by, unless the fact only
// repeats how things stand.
func (f *folding) parcels(o *Order) {
	known := map[[2]string]int{}
	handedOver := f.first(func(t *telling) bool { return !t.Standing }, Shipped) >= 0
	for _, t := range f.accepted(Shipped) {
		key := [2]string{t.Carrier, t.Tracking}
		if t.Standing && key == [2]string{} && handedOver {
			continue // the parcel is that of another message, whichever came first
		}
		if i, ok := known[key]; ok && (t.Tracking != "" || t.Standing) {
			if t.ETA > 0 {
				o.Shipments[i].EstimatedDelivery = t.ETA
			}
			continue
		}
		known[key] = len(o.Shipments)
		o.Shipments = append(o.Shipments, Shipment{
			Carrier: t.Carrier, TrackingNumber: t.Tracking, ShippedTimestamp: t.tau,
			EstimatedDelivery: t.ETA, Fact: FactRef(t.ID, t.N),
		})
	}
}
