package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// A Message is one row of the inbox, and what became of it.
type Message struct {
	Seq        int64
	EventID    string
	Recipient  string // whose inbox it is (hex)
	ReceivedAt int64  // ms
	State      State
	Reason     string // a code
	Event      *nostr.Event
	Gone       string        // a code: why Event is nil
	Facts      []orders.Fact // that were read in it, or in another copy of it, without boxes
}

const (
	queryMessage = `
		SELECT i.seq, i.event_id, i.recipient, i.received_at, i.state, i.reason, i.gone, e.raw
		FROM inbox i LEFT JOIN events e ON e.id = i.event_id WHERE i.seq = ?`
	// Of the copies that came through several inboxes, the first.
	queryFactsOfMessage = `
		SELECT min(f.seq), f.public, NULL, f.held FROM facts f
		WHERE f.rumor_id = (SELECT i.rumor_id FROM inbox i WHERE i.seq = ?) GROUP BY f.n ORDER BY f.n`
)

// Message returns the row seq of the inbox. ErrNoRow where there is none.
func (l *Ledger) Message(ctx context.Context, seq int64) (m Message, err error) {
	var raw []byte
	err = l.reads.one(ctx, []any{&m.Seq, &m.EventID, &m.Recipient, &m.ReceivedAt, &m.State, &m.Reason, &m.Gone, &raw}, queryMessage, seq)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return m, ErrNoRow
	case err != nil:
		return m, failed("reading the inbox", err)
	}
	if raw != nil {
		if m.Event, err = decodeEvent(raw); err != nil {
			return m, failed("reading the inbox", err)
		}
	}
	m.Facts, err = all(ctx, l.reads, scanFact, queryFactsOfMessage, seq)
	return m, failed("reading facts", err)
}
