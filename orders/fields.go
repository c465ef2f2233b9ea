package orders

import "slices"

// last is the ≺-greatest accepted telling that ok takes, bound ones first; nil
// where there is none.
func (f *folding) last(ok func(*telling) bool, verbs ...Verb) (found *telling) {
	for _, t := range f.accepted(verbs...) {
		if ok(t) && (found == nil || t.Trust == Bound || found.Trust != Bound) {
			found = t
		}
	}
	return found
}

// sealed tells where the private value x is that the last fact of a party said.
func (f *folding) sealed(x Field, by Role, verbs ...Verb) *Sealed {
	t := f.last(func(t *telling) bool { return t.role&by != 0 && t.carries(x) }, verbs...)
	if t == nil {
		return nil
	}
	return &Sealed{Fact: FactRef(t.ID, t.N), Field: x}
}

// when is the time of the ≺-least accepted fact of one of the verbs, 0 for none.
func (f *folding) when(verbs ...Verb) int64 {
	if i := f.first(nil, verbs...); i >= 0 {
		return f.ts[i].tau
	}
	return 0
}

// order writes the order down, once everything is judged.
func (f *folding) order() *Order {
	a, b := f.pair.Parties()
	seller := a
	if f.buyer == a {
		seller = b
	}
	base := f.base()
	o := &Order{
		BuyerPubkey: f.buyer, BuyerNpub: Npub(f.buyer),
		SellerPubkey: seller, SellerNpub: Npub(seller),
		MessageThreadID: ThreadID(f.pair),
		Status:          base,
		Stub:            f.intent < 0,
		Products:        []Product{},
	}
	if f.disputed {
		o.Status = StatusDisputed
	}
	if t := f.leading(); t != nil {
		o.Dialect, o.Trust, o.CreatedTimestamp = t.Dialect, t.Trust, t.tau
		if !o.Stub {
			o.EventID = t.ID
		}
	}
	for _, t := range f.accepted() {
		o.UpdatedTimestamp = t.tau
	}
	o.Held = f.intent >= 0 && f.ts[f.intent].Held && f.first(func(t *telling) bool { return t.role == Seller && t.Trust == Bound }) < 0
	f.sums(o)
	f.times(o)
	f.details(o)
	f.private(o)
	f.parcels(o)
	f.exceptional()
	f.pay(o, base)
	o.Exceptions = f.exceptions
	f.history(o)
	return o
}

// leading is the fact the order is named by: the intent that stands, in a stub
// the first accepted fact.
func (f *folding) leading() *telling {
	if f.intent >= 0 {
		return &f.ts[f.intent]
	}
	if i := f.first(nil); i >= 0 {
		return &f.ts[i]
	}
	return nil
}

// claimed are the flags of an intent whose total is only its client's word: it is
// not the sum of the lines, or was made of another currency by a rate of its own.
var claimed = []Flag{"total-claimed", "total-converted"}

// priced reports whether t names an amount that a payment can be held against.
func (t *telling) priced() bool {
	_, ok := t.sats()
	return ok && !slices.ContainsFunc(t.Flags, func(x Flag) bool { return slices.Contains(claimed, x) })
}

// sums fills the amounts. The total is that of the intent; where there is none, or
// it is only claimed, what was asked, or else what was paid: in both the shipping
// is included.
func (f *folding) sums(o *Order) {
	if t := f.last(func(t *telling) bool {
		return t.ShippingQuote != nil && *t.ShippingQuote >= 0 && *t.ShippingQuote <= MaxSats
	}, Request); t != nil {
		o.ShippingQuote = *t.ShippingQuote
	}
	has := func(t *telling) bool { _, ok := t.sats(); return ok }
	if t := f.last((*telling).priced, Intent); t != nil {
		o.TotalSats, _ = t.sats()
	} else if t := f.last(has, Request); t != nil {
		asked, _ := t.sats()
		o.TotalSats = max(0, asked-o.ShippingQuote)
	} else if paid, named := f.paid(); named {
		o.TotalSats = max(0, paid-o.ShippingQuote)
	} else if t := f.last(has, Intent); t != nil {
		o.TotalSats, _ = t.sats()
	}
	o.GrandTotal = o.TotalSats + o.ShippingQuote
	for _, verb := range []Verb{Intent, Request, Paid} {
		if t := f.last(func(t *telling) bool { return t.Fiat != nil }, verb); t != nil && o.FiatTotal == nil {
			o.FiatTotal = t.Fiat
		}
	}
}

func (f *folding) times(o *Order) {
	o.PaymentRequestedTimestamp = f.when(Request)
	o.PaymentConfirmedTimestamp = f.when(Paid)
	o.ShippingTimestamp = f.when(Shipped)
	o.ActualDeliveryTimestamp = f.when(Delivered)
	o.DisputeTimestamp = f.when(Dispute)
}

func (f *folding) details(o *Order) {
	o.Products = f.products()
	if t := f.last(func(t *telling) bool { return t.Tracking != "" }, Shipped); t != nil {
		o.TrackingNumber = t.Tracking
	}
	if t := f.last(func(t *telling) bool { return t.Carrier != "" }, Shipped); t != nil {
		o.Carrier = t.Carrier
	}
	if t := f.last(func(t *telling) bool { return t.ETA > 0 && t.role == Seller }); t != nil {
		o.EstimatedDeliveryDate = t.ETA
	}
	// A new link is good for as long as it says itself.
	if t := f.last(func(t *telling) bool { return t.Expiry > 0 || t.carries(FieldPaymentLink) }, Request); t != nil {
		o.PaymentExpiry = t.Expiry
	}
	// Some clients give the orders of one cart one id, and no other link.
	if t := f.leading(); t != nil {
		o.CheckoutID = t.OrderID
	}
	if t := f.last(func(t *telling) bool { return t.CheckoutID != "" }); t != nil {
		o.CheckoutID = t.CheckoutID
	}
	if t := f.last(func(t *telling) bool { return t.Shipping != "" && t.role == Buyer }); t != nil {
		o.ShippingOption = t.Shipping
	}
	if f.cancel >= 0 {
		o.CancelledBy = f.ts[f.cancel].Sender
	}
	if i := f.first(nil, Dispute); i >= 0 {
		o.DisputedBy = f.ts[i].Sender
		o.DisputeOutcome = f.outcome
	}
}

func (f *folding) private(o *Order) {
	o.PaymentLink = f.sealed(FieldPaymentLink, Seller, Request)
	o.ShippingAddress = f.sealed(FieldShippingAddress, Buyer)
	o.Contact = f.sealed(FieldContact, Buyer)
	o.BuyerNotes = f.sealed(FieldNote, Buyer)
	o.SellerNotes = f.sealed(FieldNote, Seller)
	o.CancelReason = f.sealed(FieldReason, Buyer|Seller|Admin, Cancel)
	o.DisputeReason = f.sealed(FieldReason, Buyer|Seller, Dispute)
	o.DisputeResolution = f.sealed(FieldResolution, Buyer|Seller|Admin, Resolved)
}

// maxLines is how many products an order shows where they come in many messages.
const maxLines = 200

// products are those of the last fact that names any; one whose quantities are only
// claimed yields to any other. Where a client pays for every product by itself, each
// payment names what it is for: of every product the last word counts.
func (f *folding) products() []Product {
	named := func(t *telling) bool { return len(t.Products) > 0 }
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

// askings are the codes of notes by which a party asks for something that is no
// state of an order, and that a human must answer.
var askings = []string{"return-requested", "refund-requested", "exchange-requested"}

// exceptional notes what a human should look at: trouble on the way, what a party
// asks for, and what went on although the order was cancelled.
func (f *folding) exceptional() {
	for i, t := range f.accepted() {
		switch {
		case t.Verb == Exception:
			f.except("shipping-exception", t)
		case t.Verb == Note && slices.Contains(askings, t.Code):
			f.except(t.Code, t)
		case t.rule.Progress && f.cancel >= 0 && f.cancel < i && f.outcome == "":
			f.except(string(t.Verb)+"-after-cancel", t)
		}
	}
}

// maxOverLimit is how many messages over a limit a timeline shows. It grows with
// every one, and is written whole every time: who floods must not make each
// message cost as much as all those before it.
const maxOverLimit = 100

// history writes the timeline and keeps the boxes of those who take part; what
// a stranger sealed is nobody's, and what is over a limit is not worth its room.
func (f *folding) history(o *Order) {
	o.Timeline = make([]TimelineEntry, 0, len(f.ts))
	shown := 0
	for i := range f.ts {
		t := &f.ts[i]
		o.Version = max(o.Version, t.Seq)
		if t.reason == OverLimit {
			if shown++; shown > maxOverLimit {
				o.Omitted++
				continue
			}
		}
		ref := FactRef(t.ID, t.N)
		if t.Box != nil && t.reason != NotAParticipant && t.reason != OverLimit {
			if o.Boxes == nil {
				o.Boxes = map[string]Box{}
			}
			o.Boxes[ref] = *t.Box
		}
		o.Timeline = append(o.Timeline, TimelineEntry{
			Fact: ref, Verb: t.Verb, Sender: t.Sender, Role: t.role.String(),
			At: t.tau, ReceivedAt: t.ReceivedAt, OK: t.reason == "", Reason: t.reason,
			Trust: t.Trust, Dialect: t.Dialect, Transports: t.Transports,
			Carries: t.Carries, Flags: t.Flags, Amount: t.Amount, Fiat: t.Fiat, Medium: t.Medium, Mint: t.Mint, Payee: t.Payee,
			Tracking: t.Tracking, Carrier: t.Carrier, Outcome: t.Outcome, Code: t.Code,
		})
	}
}
