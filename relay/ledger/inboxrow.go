package ledger

import (
	"context"
	"database/sql"

	"github.com/nbd-wtf/go-nostr"
)

// An InboxRow is one arrival in the inbox, and what became of it.
type InboxRow struct {
	EventID    string
	RumorID    string // of the message in it; "" where none was read
	Recipient  string // whose inbox it is (hex)
	ReceivedAt int64  // ms
	State      State
	Reason     string       // a code: why it is Unreadable
	Gone       string       // a code: why Event is nil
	Event      *nostr.Event // as it came
}

// Inbox returns what arrived as the event with that id (hex), or had the message with
// that id in it, the first first.
func (l *Ledger) Inbox(ctx context.Context, id string) ([]InboxRow, error) {
	rows, err := all(ctx, l.reads, scanInboxRow, queryInbox, id, id)
	return rows, failed("reading the inbox", err)
}

const queryInbox = `
	SELECT i.event_id, i.rumor_id, i.recipient, i.received_at, i.state, i.reason, i.gone, e.raw
	FROM (SELECT seq FROM inbox WHERE event_id = ? UNION SELECT seq FROM inbox WHERE rumor_id = ?) f
	JOIN inbox i ON i.seq = f.seq LEFT JOIN events e ON e.id = i.event_id ORDER BY i.seq`

func scanInboxRow(rows *sql.Rows) (r InboxRow, err error) {
	var rumor sql.NullString
	var raw []byte
	if err := rows.Scan(&r.EventID, &rumor, &r.Recipient, &r.ReceivedAt, &r.State, &r.Reason, &r.Gone, &raw); err != nil {
		return r, err
	}
	r.RumorID = rumor.String
	if raw != nil {
		r.Event, err = decodeEvent(raw)
	}
	return r, err
}
