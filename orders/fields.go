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
	base, seller := f.base(), f.seller()
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
	o.UpdatedTimestamp = o.CreatedTimestamp
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
// the first accepted fact, or the first of all where every one is refused.
func (f *folding) leading() *telling {
	if f.intent >= 0 {
		return &f.ts[f.intent]
	}
	if i := f.first(nil); i >= 0 {
		return &f.ts[i]
	}
	if len(f.ts) > 0 {
		return &f.ts[0]
	}
	return nil
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

// askings are the codes of notes by which a party asks for something that is no
// state of an order, and that a human must answer.
var askings = []string{"return-requested", "refund-requested", "exchange-requested", "expired"}

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
