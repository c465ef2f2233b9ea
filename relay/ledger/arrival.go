package ledger

import (
	"context"
	"database/sql"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// State is how far a message in the inbox has been read.
type State string

// The states of an inbox row.
const (
	New        State = "new"        // nobody tried yet
	Opened     State = "opened"     // read; its facts are in the ledger
	Waiting    State = "waiting"    // there is no key yet, or the signer is offline
	Unreadable State = "unreadable" // it will never be read; the reason says why
)

// ReasonNotice stands in the row of what the relay itself has written to somebody: it
// counts as opened, without a seal, for whom it is for reads it, and nobody else.
const ReasonNotice = "notice"

// The reasons the ledger itself gives to a row that it makes unreadable.
const (
	ReasonDeleted = "deleted" // by its recipient, before it was opened
	ReasonExpired = "expired" // NIP-40, before it was opened
	// NIP-62, before it was opened: its recipient asked to be forgotten.
	ReasonVanished = "vanished"
)

// Why the event of an inbox row is not here: one of the reasons above, or these.
const (
	goneDropped = "dropped" // it came to the relay's own key, and was never written
	goneRetired = "retired" // its order was
	goneEarlier = "earlier" // it went before the reason was kept
)

// Outcome is what became of an event that was handed in.
type Outcome string

// The outcomes. All but Stored mean that nothing was written.
const (
	Stored     Outcome = "stored"
	Duplicate  Outcome = "duplicate"  // it was here already
	Deleted    Outcome = "deleted"    // somebody who may has deleted it
	Superseded Outcome = "superseded" // a newer version of it is here (NIP-01)
)

// A Seal is what proves the author of a message (NIP-59 kind 13): id, public key
// and signature, hex.
type Seal struct {
	ID, Author, Sig string
}

// An Arrival is one message as it came in: a gift wrap, or a signed event.
type Arrival struct {
	Event      *nostr.Event
	Recipient  string // whose inbox it is: the owner, else the first p tag (hex)
	ReceivedAt int64  // ms

	State  State
	Reason string // a code
	Seal   *Seal

	// DropRaw keeps the row and not the event: a wrap to the relay's own key is
	// never written. It must have been read already, for it cannot be read again.
	DropRaw bool
	// Hidden keeps the event but serves it to nobody: a message posted to the API.
	Hidden bool

	Facts []orders.Fact // only where State is Opened

	// Notice is the notice (id) that this message is, 0 for none. It is settled with
	// it: where it is not due any more, this is a Duplicate.
	Notice int64
}

// Arrive takes a message into the inbox: the row, the event and the facts are
// durable, all of them, when it returns Stored. The other outcomes write nothing:
// Deleted where the recipient of a gift wrap, or the author of another event, has
// deleted it before or since, Duplicate where its row is here. ErrInvalid where the
// event or a fact cannot be stored.
func (l *Ledger) Arrive(ctx context.Context, a Arrival) (Outcome, error) {
	_, outcome, err := l.Take(ctx, a)
	return outcome, err
}

// Take is Arrive, and tells the number of the row in the inbox: 0 where none was written.
func (l *Ledger) Take(ctx context.Context, a Arrival) (seq int64, _ Outcome, err error) {
	r, err := newRecord(a.Event, a.ReceivedAt)
	if err != nil {
		return 0, "", err
	}
	if r.d.Valid || r.kind == nostr.KindDeletion {
		return 0, "", invalid("an inbox takes messages, not replaceable events or deletions")
	}
	if a.DropRaw && (a.State == New || a.State == Waiting) {
		return 0, "", invalid("a message that is to be read later must be kept")
	}
	if a.Hidden {
		// It is evidence, and no use to anybody who reads events: when a payment link
		// ends, it does not.
		r.access, r.expiresAt = toNobody, sql.NullInt64{}
	}
	facts, err := checkDecoded(a.State, a.Facts)
	if err != nil {
		return 0, "", err
	}
	type taken struct {
		seq     int64
		outcome Outcome
	}
	got, err := write(ctx, l, "storing a message", func(t *tx) (taken, error) {
		if gone, err := t.tombstoned(r); err != nil || gone {
			return taken{outcome: Deleted}, err
		}
		if a.Notice != 0 {
			if due, err := t.settleDelivered(a.Notice, a.ReceivedAt); err != nil || !due {
				return taken{outcome: Duplicate}, err
			}
		}
		row, fresh, err := t.insertRow(r, &a)
		if err != nil || !fresh {
			return taken{outcome: Duplicate}, err
		}
		if !a.DropRaw {
			if _, err := t.insertEvent(r); err != nil {
				return taken{}, err
			}
		}
		return taken{row, Stored}, t.insertFacts(row, facts, false)
	})
	return got.seq, got.outcome, err
}

// checkDecoded also prepares the facts.
func checkDecoded(state State, facts []orders.Fact) ([]factRow, error) {
	switch state {
	case Opened:
		return newFactRows(facts)
	case New, Waiting, Unreadable:
		if len(facts) > 0 {
			return nil, invalid("facts of a message that was not opened")
		}
		return nil, nil
	}
	return nil, invalid("an inbox state that does not exist")
}

func (t *tx) insertRow(r *record, a *Arrival) (seq int64, fresh bool, err error) {
	id, author, sig := a.Seal.columns()
	gone := ""
	if a.DropRaw {
		gone = goneDropped
	}
	fresh, err = t.get([]any{&seq}, `
		INSERT INTO inbox (event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig, rumor_id, gone)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING RETURNING seq`,
		r.id, a.Recipient, r.receivedAt, string(a.State), a.Reason, id, author, sig, rumorOf(a.Facts), gone)
	return seq, fresh, err
}

// rumorOf is the id of the message that the facts were read from, NULL for none.
func rumorOf(facts []orders.Fact) (id sql.NullString) {
	if len(facts) > 0 {
		id = sql.NullString{String: facts[0].ID, Valid: true}
	}
	return id
}

// columns are the seal's, NULL where there is none.
func (s *Seal) columns() (id, author, sig sql.NullString) {
	if s == nil {
		return id, author, sig
	}
	return sql.NullString{String: s.ID, Valid: true}, sql.NullString{String: s.Author, Valid: true}, sql.NullString{String: s.Sig, Valid: true}
}

// LastArrival is when the newest message in the inbox arrived (ms), 0 where there
// is none.
func (l *Ledger) LastArrival(ctx context.Context) (at int64, err error) {
	err = l.reads.one(ctx, []any{&at}, "SELECT coalesce((SELECT received_at FROM inbox ORDER BY seq DESC LIMIT 1), 0)")
	return at, failed("reading the inbox", err)
}

// Has reports whether the event id (hex) was taken before: it is served, or it
// stands in the inbox, perhaps with its event dropped or deleted. It is the
// cheap question before a message is decoded; Arrive and Publish ask it again.
func (l *Ledger) Has(ctx context.Context, id string) (bool, error) {
	var has bool
	err := l.reads.one(ctx, []any{&has}, hasEvent, id, id)
	return has, failed("looking for an event", err)
}

const hasEvent = "SELECT EXISTS (SELECT 1 FROM inbox WHERE event_id = ?) OR EXISTS (SELECT 1 FROM events WHERE id = ?)"
