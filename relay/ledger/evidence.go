package ledger

import (
	"context"
	"database/sql"

	"github.com/nbd-wtf/go-nostr"
)

// A Copy is one arrival of a message: the wrap it came in, and the seal that was
// in there.
type Copy struct {
	EventID    string
	Recipient  string // whose inbox it is (hex)
	ReceivedAt int64  // ms
	Seal       *Seal  // nil where it came without one
	Event      *nostr.Event
	Gone       string // a code: why Event is nil
}

// Copies returns every arrival of the message rumorID (hex), the first first.
func (l *Ledger) Copies(ctx context.Context, rumorID string) ([]Copy, error) {
	copies, err := all(ctx, l.reads, scanCopy, queryCopies, rumorID)
	return copies, failed("reading the inbox", err)
}

const queryCopies = `
	SELECT i.event_id, i.recipient, i.received_at, i.seal_id, i.seal_author, i.seal_sig, i.gone, e.raw
	FROM inbox i LEFT JOIN events e ON e.id = i.event_id WHERE i.rumor_id = ? ORDER BY i.seq`

func scanCopy(rows *sql.Rows) (c Copy, err error) {
	var id, author, sig sql.NullString
	var raw []byte
	if err := rows.Scan(&c.EventID, &c.Recipient, &c.ReceivedAt, &id, &author, &sig, &c.Gone, &raw); err != nil {
		return c, err
	}
	if id.Valid {
		c.Seal = &Seal{ID: id.String, Author: author.String, Sig: sig.String}
	}
	if raw != nil {
		c.Event, err = decodeEvent(raw)
	}
	return c, err
}

// Sound reports whether Sig is Author's signature of the seal's id (NIP-01): that
// he signed something by that id, whatever it says.
func (s *Seal) Sound() bool { return signedSeal(s.ID, s.Author, s.Sig) }
