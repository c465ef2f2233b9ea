package ledger

import "context"

// copiedAmong is among how many of somebody's latest messages it is looked for that
// they went to one recipient: all that a busy seller ever wrote would be too many.
const copiedAmong = 1000

// LastSealedTo returns when (ms) the latest message that author (hex) has sealed came
// into the inbox of recipient (hex), among the author's latest copiedAmong that were
// opened; 0 for none.
func (l *Ledger) LastSealedTo(ctx context.Context, author, recipient string) (at int64, err error) {
	err = l.reads.one(ctx, []any{&at}, queryLastSealedTo, author, copiedAmong, recipient)
	return at, failed("looking for a copied message", err)
}

const queryLastSealedTo = `
	SELECT coalesce(max(received_at), 0) FROM (
		SELECT recipient, received_at FROM inbox WHERE seal_author = ? ORDER BY seq DESC LIMIT ?
	) AS latest WHERE recipient = ?`
