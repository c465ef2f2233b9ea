package ledger

import (
	"context"
	"database/sql"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// The lists of what is unopened cost as much as is unopened, not as has arrived.
const (
	queryUnopened = `
		SELECT i.seq, i.recipient, i.received_at, i.state, i.reason, e.raw
		FROM inbox i JOIN events e ON e.id = i.event_id
		WHERE i.recipient = ? AND i.seq > ? AND i.state IN ('new', 'waiting')
		ORDER BY i.seq LIMIT ?`
	queryUndecrypted = `
		SELECT i.seq, i.recipient, i.received_at, i.state, i.reason, e.raw
		FROM inbox i JOIN events e ON e.id = i.event_id
		WHERE i.recipient = ? AND i.seq > ? AND i.state = 'unreadable' AND i.reason = 'decrypt'
		ORDER BY i.seq LIMIT ?`
	queryUnopenedRecipients = "SELECT DISTINCT recipient FROM inbox WHERE state IN ('new', 'waiting') ORDER BY recipient"
	queryUnopenedFrom       = `
		SELECT i.seq, i.recipient, i.received_at, i.state, i.reason, e.raw
		FROM events e JOIN inbox i ON i.event_id = e.id
		WHERE e.pubkey = ? AND e.access IN (1, 3) AND e.kind = 4 AND i.seq > ? AND i.state IN ('new', 'waiting')
		ORDER BY i.seq LIMIT ?`
)

// A Row is a message in the inbox that is still to be opened.
type Row struct {
	Seq        int64 // the inbox's, in the order of arrival
	Event      *nostr.Event
	Recipient  string
	ReceivedAt int64  // ms
	State      State  // New or Waiting; of Undecrypted, Unreadable
	Reason     string // why it is Waiting, from its arrival
}

// Decoded is what reading a message led to.
type Decoded struct {
	State  State
	Reason string // a code
	Seal   *Seal
	Facts  []orders.Fact // only where State is Opened
	Late   bool          // it had waited for its key: what it says is old news
}

// Unopened returns up to limit rows of recipient (hex) after afterSeq that are
// New or Waiting and whose event is still here, in the order of arrival.
func (l *Ledger) Unopened(ctx context.Context, recipient string, afterSeq int64, limit int) ([]Row, error) {
	rows, err := all(ctx, l.reads, scanRow, queryUnopened, recipient, afterSeq, max(limit, 0))
	return rows, failed("reading the inbox", err)
}

// UnopenedFrom is Unopened for the direct messages that author (hex) wrote (NIP-04,
// kind 4), which his key opens as well as the recipient's does.
func (l *Ledger) UnopenedFrom(ctx context.Context, author string, afterSeq int64, limit int) ([]Row, error) {
	rows, err := all(ctx, l.reads, scanRow, queryUnopenedFrom, author, afterSeq, max(limit, 0))
	return rows, failed("reading the inbox", err)
}

// Undecrypted is Unopened for the messages that no key of the recipient's opened:
// they are Unreadable, until he has another key.
func (l *Ledger) Undecrypted(ctx context.Context, recipient string, afterSeq int64, limit int) ([]Row, error) {
	rows, err := all(ctx, l.reads, scanRow, queryUndecrypted, recipient, afterSeq, max(limit, 0))
	return rows, failed("reading the inbox", err)
}

func scanRow(rows *sql.Rows) (Row, error) {
	var (
		r   Row
		raw []byte
	)
	if err := rows.Scan(&r.Seq, &r.Recipient, &r.ReceivedAt, &r.State, &r.Reason, &raw); err != nil {
		return Row{}, err
	}
	evt, err := decodeEvent(raw)
	r.Event = evt
	return r, err
}

// CountUnopened is how many messages Unopened would return for the recipients (hex),
// counted up to atMost in each inbox.
func (l *Ledger) CountUnopened(ctx context.Context, recipients []string, atMost int) (total int, err error) {
	for _, recipient := range recipients {
		var n int
		if err := l.reads.one(ctx, []any{&n}, queryCountUnopened, recipient, max(atMost, 0)); err != nil {
			return total, failed("counting an inbox", err)
		}
		total += n
	}
	return total, nil
}

const queryCountUnopened = `
	SELECT count(*) FROM (SELECT 1 FROM inbox WHERE recipient = ? AND state IN ('new', 'waiting') LIMIT ?) AS unopened`

// UnopenedRecipients returns the keys (hex) in whose inboxes something is New
// or Waiting, ascending.
func (l *Ledger) UnopenedRecipients(ctx context.Context) ([]string, error) {
	keys, err := all(ctx, l.reads, scanString, queryUnopenedRecipients)
	return keys, failed("reading the inbox", err)
}

// Resolve writes what reading the row led to, in one transaction. A row that
// goes on Waiting may be resolved again, and one that could not be decrypted;
// ErrSettled where it is Opened or Unreadable already (the recipient may have
// deleted it meanwhile), ErrNoRow
// where it does not exist.
func (l *Ledger) Resolve(ctx context.Context, rowSeq int64, d Decoded) error {
	facts, err := checkDecoded(d.State, d.Facts)
	if err != nil {
		return err
	}
	_, err = write(ctx, l, "settling an inbox row", func(t *tx) (struct{}, error) {
		id, author, sig := d.Seal.columns()
		n, err := t.exec(`
			UPDATE inbox SET state = ?, reason = ?, seal_id = ?, seal_author = ?, seal_sig = ?, rumor_id = ?
			WHERE seq = ? AND (state IN ('new', 'waiting') OR state = 'unreadable' AND reason = 'decrypt')`,
			string(d.State), d.Reason, id, author, sig, rumorOf(d.Facts), rowSeq)
		if err != nil {
			return struct{}{}, err
		}
		if n == 0 {
			var known int
			found, err := t.get([]any{&known}, "SELECT 1 FROM inbox WHERE seq = ?", rowSeq)
			switch {
			case err != nil:
				return struct{}{}, err
			case found:
				return struct{}{}, ErrSettled
			}
			return struct{}{}, ErrNoRow
		}
		return struct{}{}, t.insertFacts(rowSeq, facts, d.Late)
	})
	return err
}

// InboxCount is how many events are stored that only recipient (hex) may read,
// gift wraps above all, counted up to atMost. Dropped and deleted ones take no
// room and are not counted.
func (l *Ledger) InboxCount(ctx context.Context, recipient string, atMost int) (int, error) {
	var n int
	err := l.reads.one(ctx, []any{&n}, queryInboxCount, recipient, max(atMost, 0))
	return n, failed("counting an inbox", err)
}

const queryInboxCount = `
	SELECT count(*) FROM (
		SELECT 1 FROM event_tags WHERE name = 'p' AND value = ? AND access = 1 LIMIT ?) AS mail`
