package ledger

import (
	"context"
	"database/sql"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// An InboxRow is one arrival in the inbox, and what became of it.
type InboxRow struct {
	Seq        int64
	EventID    string
	RumorID    string // of the message in it; "" where none was read
	Recipient  string // whose inbox it is (hex)
	ReceivedAt int64  // ms
	State      State
	Reason     string        // a code: why it is Unreadable
	Gone       string        // a code: why Event is nil
	Event      *nostr.Event  // as it came
	Facts      []orders.Fact // that were read in it, or in another copy of it, without boxes
}

// Inbox returns what arrived as the event with that id (hex), or had the message with
// that id in it, the first first; none where there is none.
func (l *Ledger) Inbox(ctx context.Context, id string) ([]InboxRow, error) {
	return l.inboxRows(ctx, queryInbox, id, id)
}

// InboxRow returns the row seq of the inbox. ErrNoRow where there is none.
func (l *Ledger) InboxRow(ctx context.Context, seq int64) (InboxRow, error) {
	rows, err := l.inboxRows(ctx, queryInboxRow, seq)
	if err != nil {
		return InboxRow{}, err
	}
	if len(rows) == 0 {
		return InboxRow{}, ErrNoRow
	}
	return rows[0], nil
}

const (
	selectInboxRow = `SELECT i.seq, i.event_id, i.rumor_id, i.recipient, i.received_at, i.state, i.reason, i.gone, e.raw`

	queryInboxRow = selectInboxRow + `
		FROM inbox i LEFT JOIN events e ON e.id = i.event_id WHERE i.seq = ?`
	queryInbox = selectInboxRow + `
		FROM (SELECT seq FROM inbox WHERE event_id = ? UNION SELECT seq FROM inbox WHERE rumor_id = ?) f
		JOIN inbox i ON i.seq = f.seq LEFT JOIN events e ON e.id = i.event_id ORDER BY i.seq`
	// Of the copies that came through several inboxes, the first.
	queryFactsOfRumor = `
		SELECT min(f.seq), f.public, NULL, f.held FROM facts f WHERE f.rumor_id = ? GROUP BY f.n ORDER BY f.n`
)

func (l *Ledger) inboxRows(ctx context.Context, query string, args ...any) ([]InboxRow, error) {
	rows, err := all(ctx, l.reads, scanInboxRow, query, args...)
	if err != nil {
		return nil, failed("reading the inbox", err)
	}
	for i := range rows {
		if rows[i].RumorID == "" {
			continue
		}
		if rows[i].Facts, err = all(ctx, l.reads, scanFact, queryFactsOfRumor, rows[i].RumorID); err != nil {
			return nil, failed("reading facts", err)
		}
	}
	return rows, nil
}

func scanInboxRow(rows *sql.Rows) (r InboxRow, err error) {
	var rumor sql.NullString
	var raw []byte
	if err := rows.Scan(&r.Seq, &r.EventID, &rumor, &r.Recipient, &r.ReceivedAt, &r.State, &r.Reason, &r.Gone, &raw); err != nil {
		return r, err
	}
	r.RumorID = rumor.String
	if raw != nil {
		r.Event, err = decodeEvent(raw)
	}
	return r, err
}
