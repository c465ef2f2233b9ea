package orders

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// service is the writing half: every method makes one Draft and sends it down
// the one pipeline. None of them touches the projection.
type service struct {
	Reader
	sender Sender
	admin  func(pubkey string) bool
	now    func() time.Time
}

// NewService returns the Service over an index of orders and a way to send
// messages. admin tells whether a public key (hex) is one of the operator's admins.
func NewService(index Index, sender Sender, admin func(pubkey string) bool) Service {
	return &service{Reader: NewReader(index, admin), sender: sender, admin: admin, now: time.Now}
}

// LogOrder sends a new order to its seller. ECONFLICT where the two have one with that id.
func (s *service) LogOrder(ctx context.Context, caller Signer, in NewOrder) (Sent, error) {
	switch {
	case in.Seller == "" || in.Seller == caller.PublicKey():
		return Sent{}, Errorf(EINVALID, "an order needs a seller who is not its buyer")
	case in.TotalSats < 0 || in.TotalSats > MaxSats:
		return Sent{}, Errorf(EINVALID, "the total must be between 0 and %d sats", MaxSats)
	case len(in.Products) == 0 && in.Note == "":
		return Sent{}, Errorf(EINVALID, "an order needs a product or a note that says what is wanted")
	}
	id := in.OrderID
	if id == "" {
		id = NewIntentID(Npub(caller.PublicKey()), s.now().UnixMilli())
	} else if o, err := s.GetOrder(ctx, caller.PublicKey(), EscapeID(id)); err == nil && !o.Stub && o.SellerPubkey == in.Seller {
		return Sent{}, Errorf(ECONFLICT, "this order has begun already")
	} // where that cannot be asked the order begins: a second intent changes nothing
	return s.sender.Send(ctx, caller, Draft{
		Verb: Intent, OrderID: id, To: in.Seller,
		Public:  Public{Products: in.Products, Amount: in.total(), CheckoutID: in.CheckoutID, Shipping: in.Shipping},
		Private: Private{ShippingAddress: in.Address, Contact: in.Contact, Note: in.Note},
	})
}

// total is what the order names as its price (sats), nil for none.
func (in *NewOrder) total() *int64 {
	if in.TotalSats > 0 {
		return &in.TotalSats
	}
	if sum, priced := Sum(in.Products); priced {
		return &sum
	}
	return nil
}

// UpdateOrderStatus says what lifts the order to the status, with what the
// status calls for. StatusProcessing confirms a payment that is not confirmed
// yet; StatusDisputed raises a dispute, and with an Outcome any status that the
// outcome leads to resolves one.
func (s *service) UpdateOrderStatus(ctx context.Context, caller Signer, intentID string, status Status, with Update) (Sent, error) {
	if with.Outcome != "" {
		return s.resolve(ctx, caller, intentID, with)
	}
	switch status {
	case StatusPaymentRequested:
		return s.UpdateOrderPayment(ctx, caller, intentID, with.PaymentLink, with.ETA, with.ShippingQuote)
	case StatusPaid:
		return s.ConfirmPayment(ctx, caller, intentID, with.Address)
	case StatusProcessing:
		return s.say(ctx, caller, intentID, func(o *Order, d *Draft) error {
			d.Verb = Confirm
			if o.Payment == PaymentConfirmed {
				d.Verb = Process
			}
			d.Private.Note = with.Note
			return nil
		})
	case StatusShipped:
		return s.ship(ctx, caller, intentID, with)
	case StatusDelivered:
		return s.ConfirmDelivery(ctx, caller, intentID, with.At)
	case StatusCancelled:
		return s.CancelOrder(ctx, caller, intentID, with.Reason)
	case StatusDisputed:
		return s.DisputeOrder(ctx, caller, intentID, with.Reason)
	case StatusIntentSent:
		return Sent{}, Errorf(ECONFLICT, "an order does not go back to %s", status)
	}
	return Sent{}, Errorf(EINVALID, "no such status: %q", status)
}

// UpdateOrderPayment asks the buyer to pay: a link (invoice, address, LNURL or
// URL), the estimated delivery (ms, 0: none) and a shipping quote (sats, 0: none). It
// asks for the total and the quote. Where nobody has named a total, it names none
// either: what counts is what the link asks for, of which the quote is a part.
func (s *service) UpdateOrderPayment(ctx context.Context, caller Signer, intentID, link string, etaMs, shippingQuoteSats int64) (Sent, error) {
	return s.say(ctx, caller, intentID, func(o *Order, d *Draft) error {
		if link == "" {
			return Errorf(EINVALID, "a payment request needs a payment link")
		}
		if shippingQuoteSats < 0 || shippingQuoteSats > MaxSats || etaMs < 0 {
			return Errorf(EINVALID, "the shipping quote and the estimated delivery cannot be negative")
		}
		d.Verb, d.Private.PaymentLink, d.ETA = Request, link, etaMs
		if shippingQuoteSats > 0 {
			d.ShippingQuote = &shippingQuoteSats
		}
		o.Price(d)
		return nil
	})
}

// ConfirmPayment is the buyer's mark that he has paid, with his address ("": none).
func (s *service) ConfirmPayment(ctx context.Context, caller Signer, intentID, address string) (Sent, error) {
	return s.say(ctx, caller, intentID, func(o *Order, d *Draft) error {
		d.Verb, d.Private.ShippingAddress = Paid, address
		o.Price(d)
		return nil
	})
}

// UpdateOrderShipping tells of one parcel, sent at atMs (0: now).
func (s *service) UpdateOrderShipping(ctx context.Context, caller Signer, intentID, tracking, carrier string, atMs int64) (Sent, error) {
	return s.ship(ctx, caller, intentID, Update{Tracking: tracking, Carrier: carrier, At: atMs})
}

func (s *service) ship(ctx context.Context, caller Signer, intentID string, with Update) (Sent, error) {
	return s.say(ctx, caller, intentID, func(_ *Order, d *Draft) error {
		d.Verb, d.At, d.ETA = Shipped, with.At, with.ETA
		d.Tracking, d.Carrier = with.Tracking, with.Carrier
		return nil
	})
}

// ConfirmDelivery is the buyer's word that it arrived, at atMs (0: now).
func (s *service) ConfirmDelivery(ctx context.Context, caller Signer, intentID string, atMs int64) (Sent, error) {
	return s.say(ctx, caller, intentID, func(_ *Order, d *Draft) error {
		d.Verb, d.At = Delivered, atMs
		return nil
	})
}

// CancelOrder cancels: the buyer until the seller commits, the seller until it
// is delivered.
func (s *service) CancelOrder(ctx context.Context, caller Signer, intentID, reason string) (Sent, error) {
	return s.say(ctx, caller, intentID, func(_ *Order, d *Draft) error {
		d.Verb, d.Private.Reason = Cancel, reason
		return nil
	})
}

// DisputeOrder raises a dispute; it needs a reason.
func (s *service) DisputeOrder(ctx context.Context, caller Signer, intentID, reason string) (Sent, error) {
	return s.say(ctx, caller, intentID, func(_ *Order, d *Draft) error {
		if reason == "" {
			return Errorf(EINVALID, "a dispute needs a reason")
		}
		d.Verb, d.Private.Reason = Dispute, reason
		return nil
	})
}

func (s *service) resolve(ctx context.Context, caller Signer, intentID string, with Update) (Sent, error) {
	return s.say(ctx, caller, intentID, func(_ *Order, d *Draft) error {
		if !with.Outcome.Valid() {
			return Errorf(EINVALID, "no such outcome: %q", with.Outcome)
		}
		d.Verb, d.Outcome, d.Private.Resolution = Resolved, with.Outcome, with.Resolution
		return nil
	})
}

// say sends one message about an order that exists and lets the caller say it.
func (s *service) say(ctx context.Context, caller Signer, intentID string, compose func(*Order, *Draft) error) (Sent, error) {
	me := caller.PublicKey()
	o, err := s.GetOrder(ctx, me, intentID)
	if err != nil {
		return Sent{}, err
	}
	d, err := o.Answer(me)
	if err != nil {
		return Sent{}, err
	}
	if err := compose(o, &d); err != nil {
		return Sent{}, err
	}
	if !slices.Contains(o.AllowedActions, d.Verb) {
		return Sent{}, o.disallow(d.Verb, cmp.Or(o.Role(me), Admin))
	}
	if d.At == 0 {
		d.At = o.SayAt(d.Verb, s.now().UnixMilli())
	}
	return s.sender.Send(ctx, caller, d)
}

// disallow is why somebody of that role may not say v: it is never his to say, or the
// order's state does not let him.
func (o *Order) disallow(v Verb, role Role) error {
	// Of a seller only what some clients' own messages say counts as delivered, not ours.
	if ruleOf[v].Roles&role == 0 || v == Delivered && role == Seller {
		return Errorf(EFORBIDDEN, "%q is not for the %s of an order to say", v, role)
	}
	return Errorf(ECONFLICT, "an order that is %s does not allow %q now", o.Status, v)
}

// Price names in a request or a payment that names no sum what the order costs: its
// total, and the shipping that is quoted in it or was before. Where nobody has named a
// total it names none.
func (o *Order) Price(d *Draft) {
	if d.Amount != nil || !o.priced() {
		return
	}
	sum := o.GrandTotal
	if d.Verb == Request && d.ShippingQuote != nil {
		sum = o.TotalSats + *d.ShippingQuote
	}
	d.Amount = &sum
}

// Answer is a Draft about the order from the key (hex), without a verb yet:
// addressed to the other party, or, where the key is neither's, about both; with
// the id as the order's client wrote it. ECONFLICT where that is not known.
func (o *Order) Answer(from string) (Draft, error) {
	id, ok := UnescapeID(o.OrderID)
	if !ok {
		return Draft{}, Errorf(ECONFLICT, "this order's id is too long to be answered")
	}
	d := Draft{OrderID: id}
	switch o.Role(from) {
	case Buyer:
		d.To = o.SellerPubkey
	case Seller:
		d.To = o.BuyerPubkey
	default: // an admin, who writes to the relay about the two
		d.Buyer, d.Seller = o.BuyerPubkey, o.SellerPubkey
	}
	return d, nil
}
