// Package posting takes the order messages that their authors signed and posted
// over HTTP: the one way in which the API changes an order.
//
// Such a message goes down the same pipeline as every other; what is special is that
// its author waits for an answer. So it is tried against the order before it is
// kept, and what would be refused is not kept. This package never signs, and never
// sees what is private: authors seal that themselves (package dialect, posted.go).
package posting

import (
	"context"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Relay reads and keeps messages (*relay.Relay).
type Relay interface {
	ReadPosted(ctx context.Context, evt *nostr.Event, begins bool) (ledger.Arrival, error)
	KeepPosted(ctx context.Context, a ledger.Arrival) (ledger.Outcome, error)
}

// Ledger is what is known of orders (*ledger.Ledger).
type Ledger interface {
	orders.Source
	KeyOf(ctx context.Context, intentID string) (orders.Key, bool, error)
	Has(ctx context.Context, eventID string) (bool, error)
}

// An Office takes posted messages. Set all fields before it is used.
type Office struct {
	Relay  Relay
	Ledger Ledger
	Admin  func(pubkey string) bool // whether a key (hex) is one of the operator's admins
	// Tracked waits until the order indexes are up to seq of the ledger, or ctx ends.
	Tracked func(ctx context.Context, seq int64) error

	turns turns
}

// A Message is one that was posted. Its event's id and signature were checked, and
// that its author is who posts it.
type Message struct {
	Event  *nostr.Event
	Order  string // the intentId of the order it is for; "" for the one that it names itself
	Begins bool   // it must begin an order
	// IfVersion are the versions of the order of which one must still stand; empty: any.
	IfVersion []int64
	// Anyway has a message taken that counts, though it is no use as the order stands:
	// a parcel that is on its way already when the order was cancelled.
	Anyway bool
}

// A Receipt is what became of a message.
type Receipt struct {
	Order    *orders.Order // as its author may see it now
	Fact     string        // the message's place in the timeline
	Begun    bool          // the order is new
	Replayed bool          // the message was here before; nothing was done
	Tracked  bool          // lists and searches show it already
}

// trackedWithin is how long an author waits for the order indexes.
const trackedWithin = 2 * time.Second

// Post takes one message. Of the errors of the Relay all come through; besides there
// is ENOTFOUND where the author may not see the order, and Refusal.
func (o *Office) Post(ctx context.Context, m Message) (Receipt, error) {
	receipt, seq, err := o.inTurn(ctx, m)
	if err != nil {
		return Receipt{}, err
	}
	receipt.Tracked = o.tracked(ctx, seq)
	return receipt, nil
}

// inTurn takes one message at a time for one order: who comes second is judged by what
// the first said.
func (o *Office) inTurn(ctx context.Context, m Message) (Receipt, int64, error) {
	leave, err := o.turns.take(ctx, orderTag(m.Event))
	if err != nil {
		return Receipt{}, 0, err
	}
	defer leave()
	return o.post(ctx, m)
}

func (o *Office) tracked(ctx context.Context, seq int64) bool {
	ctx, cancel := context.WithTimeout(ctx, trackedWithin)
	defer cancel()
	return o.Tracked(ctx, seq) == nil
}

// post also returns the seq of the ledger from which on the order is as it answers.
func (o *Office) post(ctx context.Context, m Message) (Receipt, int64, error) {
	var key orders.Key
	if m.Order != "" {
		k, ok, err := o.Ledger.KeyOf(ctx, m.Order)
		if err != nil || !ok {
			return Receipt{}, 0, orElse(err, errNotFound)
		}
		if _, _, err := o.see(ctx, m.Event.PubKey, k); err != nil {
			return Receipt{}, 0, err
		}
		key = k
	}
	begins := m.Begins || m.Order == "" && isIntent(m.Event)
	a, err := o.Relay.ReadPosted(ctx, m.Event, begins)
	if err != nil {
		return Receipt{}, 0, err
	}
	if len(a.Facts) != 1 {
		return Receipt{}, 0, orders.Errorf(orders.EINTERNAL, "a posted message says %d things", len(a.Facts))
	}
	said := &a.Facts[0]
	k, ok, err := orders.Home(ctx, o.Ledger, said)
	switch {
	case err != nil:
		return Receipt{}, 0, err
	case !ok || m.Order != "" && k != key:
		return Receipt{}, 0, o.elsewhere(key, said)
	case m.Begins && said.Verb != orders.Intent:
		return Receipt{}, 0, invalid("type", "A message that begins an order is of kind 16 and type 1. Others are for /api/v1/orders/{id}/messages.")
	}
	if m.Order == "" && !begins {
		if _, _, err := o.see(ctx, said.Sender, k); err != nil {
			return Receipt{}, 0, err
		}
	}
	if known, err := o.Ledger.Has(ctx, a.Event.ID); err != nil {
		return Receipt{}, 0, err
	} else if known {
		return o.again(ctx, k, said)
	}
	return o.judge(ctx, k, m, a)
}

// receipt is the answer to a message that was kept just now.
func (o *Office) receipt(ctx context.Context, k orders.Key, said *orders.Fact, begun bool) (Receipt, int64, error) {
	// What was kept stays kept, whether or not its author listens any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	order, err := orders.Assemble(ctx, o.Ledger, k)
	if err != nil || order == nil {
		return Receipt{}, 0, orElse(err, errNotFound)
	}
	role := o.role(order, said.Sender)
	r := Receipt{Order: o.show(order, role), Fact: orders.FactRef(said.ID, said.N), Begun: begun}
	i := slices.IndexFunc(order.Timeline, func(e orders.TimelineEntry) bool { return e.Fact == r.Fact })
	if i >= 0 && order.Timeline[i].OK {
		return r, order.Version, nil
	}
	// A message came in between by another way, or the author's own are too many.
	no := &Refusal{Order: r.Order, Role: role, Requested: said.Verb, Kept: true,
		Err: orders.Errorf(orders.ECONFLICT, "Another message about this order arrived at the same moment. Yours is kept, and has no effect.")}
	if i < 0 || order.Timeline[i].Reason == orders.OverLimit {
		no.OverLimit = true
		no.Err = orders.Errorf(orders.ECONFLICT, "You have said more about this order than this relay counts. The message is kept, and has no effect.")
	}
	return Receipt{}, 0, no
}

// again answers for a message that is here already.
func (o *Office) again(ctx context.Context, k orders.Key, said *orders.Fact) (Receipt, int64, error) {
	order, role, err := o.see(ctx, said.Sender, k)
	if err != nil {
		return Receipt{}, 0, err
	}
	return Receipt{Order: o.show(order, role), Fact: orders.FactRef(said.ID, said.N), Replayed: true}, order.Version, nil
}

// isIntent goes by the form alone.
func isIntent(evt *nostr.Event) bool {
	tag := evt.Tags.Find("type")
	return evt.Kind == 16 && len(tag) > 1 && tag[1] == "1"
}

func orderTag(evt *nostr.Event) string {
	if tag := evt.Tags.Find("order"); len(tag) > 1 {
		return tag[1]
	}
	return ""
}
