package relay

import (
	"context"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// ReadPosted reads an order message that its author signed and posted to the API, and
// whose signature was checked, as though it arrived now. Nothing is kept yet: see
// KeepPosted. begins tells that it begins an order here, for which the relay asks
// what it asks of a message on a socket.
//
// EINVALID: it is no message that can be posted (dialect.TagError says where).
// EFORBIDDEN: it is for nobody who takes part here. EUNAVAILABLE.
func (r *Relay) ReadPosted(ctx context.Context, evt *nostr.Event, begins bool) (a ledger.Arrival, err error) {
	if !r.accepting.enter() {
		return a, shuttingDownError()
	}
	defer r.accepting.leave()
	now := r.clock.now()
	switch {
	case evt.CreatedAt < 0 || evt.CreatedAt.Time().After(now.Add(maxAhead)):
		return a, orders.Errorf(orders.EINVALID, "created_at is in the future, or before 1970.")
	case expired(evt, now):
		return a, orders.Errorf(orders.EINVALID, "What this message asks for has expired.")
	case weight(evt) > maxPosted:
		return a, orders.Errorf(orders.EINVALID, "The message is too large.")
	}
	err = orders.Errorf(orders.EINTERNAL, "a posted message could not be read")
	guard(r.log, "posted", func() { a, err = r.decoder.posted(evt, now.UnixMilli()) })
	if err != nil || !begins {
		return a, err
	}
	return a, r.admitPosted(ctx, evt)
}

// maxPosted is more than a message with two sealed copies of all that fits into one.
const maxPosted = 192 << 10

func (r *Relay) admitPosted(ctx context.Context, evt *nostr.Event) error {
	if limits := *r.limits.Load(); limits.MinPoW > 0 && !enoughWork(evt, limits.MinPoW) {
		return orders.Errorf(orders.EFORBIDDEN, "To begin an order, this relay asks for %d bits of work (NIP-13).", limits.MinPoW)
	}
	to := recipients(evt)
	if takes, err := r.takesFor(ctx, append([]string{evt.PubKey}, to...)); err != nil {
		return err
	} else if !takes && !r.cfg.Anyone {
		return orders.Errorf(orders.EFORBIDDEN, "This relay tracks the orders of its participants only, and neither buyer nor seller is one.")
	}
	if r.crowded(to, time.Now()) != "" {
		return orders.Errorf(orders.EUNAVAILABLE, "Too many messages came for this seller, try again later.")
	}
	return nil
}

// posted reads a message whose private parts its author has sealed.
func (d *Decoder) posted(evt *nostr.Event, receivedAt int64) (ledger.Arrival, error) {
	a := ledger.Arrival{Event: evt, ReceivedAt: receivedAt, State: ledger.Opened, Recipient: evt.PubKey, Hidden: true}
	if to := recipients(evt); len(to) > 0 {
		a.Recipient = to[0]
	}
	statements, err := d.dialect.Read(dialect.Message{Rumor: *evt, Relay: d.self, Transport: orders.ByAPI, ReceivedAt: receivedAt})
	if err != nil {
		return a, &orders.Error{Code: orders.EINVALID, Message: "This is no order message that can be posted: " + dialect.Words(err) + ".", Err: err}
	}
	for _, s := range statements {
		f, err := d.fact(s)
		if err != nil {
			return a, err
		}
		if err := d.checkReaders(&f); err != nil {
			return a, err
		}
		a.Facts = append(a.Facts, f)
	}
	return a, nil
}

// checkReaders refuses a box that a party could not read, or somebody else could. A
// note may be its author's alone, and what is said of a dispute is for the admins, too.
func (d *Decoder) checkReaders(f *orders.Fact) error {
	if f.Box == nil {
		return nil
	}
	needs := append(slices.Clone(f.Parties), f.Sender)
	if f.Verb == orders.Note {
		needs = []string{f.Sender}
	}
	may := append(slices.Clone(f.Parties), f.Sender)
	if f.Verb == orders.Dispute || f.Verb == orders.Resolved {
		may = append(may, d.admins...)
	}
	sealed := &dialect.TagError{Refusal: dialect.BadSeal, Tag: "sealed"}
	for _, key := range needs {
		if f.Box.For[key] == "" {
			return &orders.Error{Code: orders.EINVALID, Message: "What is private must be sealed to both parties, its author included.", Err: sealed}
		}
	}
	for key := range f.Box.For {
		if !slices.Contains(may, key) {
			return &orders.Error{Code: orders.EINVALID, Message: "Something is sealed to somebody who is no party to the order.", Err: sealed}
		}
	}
	return nil
}

// KeepPosted stores a message that ReadPosted read: it is on disk when this returns
// ledger.Stored, and it is never served to anybody.
func (r *Relay) KeepPosted(ctx context.Context, a ledger.Arrival) (ledger.Outcome, error) {
	if !r.accepting.enter() {
		return "", shuttingDownError()
	}
	defer r.accepting.leave()
	// Not the request's context: what was accepted is finished, also when its sender
	// has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	seq, outcome, err := r.ledger.Take(ctx, a)
	if outcome == ledger.Stored {
		r.decoder.told(seq, &a)
	}
	return outcome, err
}

func shuttingDownError() error {
	return orders.Errorf(orders.EUNAVAILABLE, "The relay is shutting down, try again later.")
}
