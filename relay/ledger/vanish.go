package ledger

import (
	"context"

	"github.com/nbd-wtf/go-nostr"
)

// KindVanish is the request to be forgotten (NIP-62).
const KindVanish = 62

// vanishSkew is by how much (ms) the clock of who asks may be behind: what came in
// that long after his request's created_at, and before the request, is older.
const vanishSkew = 10 * 60_000

// Vanish carries out a request of kind 62 (NIP-62) that names this relay, which
// is the caller's to check. Up to the request's created_at it erases
//
//   - every event of its author, of any kind, deletions too, but no gift wrap: the
//     key that signed one is nobody, and its recipient alone deletes it;
//   - the gift wraps and direct messages (NIP-04) addressed to him, and the wraps in
//     others' inboxes that he sealed;
//   - what he was told of his orders, his webhooks, and how he wanted to be told;
//   - the boxes of what he said, for everybody, and his payload in every other box;
//   - that he looked at his orders, the disputes that he took as an admin, and his
//     sessions.
//
// What had arrived by then is what counts for wraps and boxes, whose own times say
// nothing. The public part of orders stays for the other party, and the orders are
// marked, to be projected anew. Afterwards his events up to that created_at are
// refused (Deleted); wraps that come later are new mail. The request is kept and
// served to its author alone; only his newest is.
//
// It writes in batches, other writers having their turn, and the request itself
// last: after an error, or a crash, it is to be sent again. Duplicate where this
// or a newer request was carried out. ErrInvalid for another kind.
func (l *Ledger) Vanish(ctx context.Context, evt *nostr.Event, receivedAt int64) (Outcome, error) {
	r, err := newRecord(evt, receivedAt)
	if err != nil {
		return "", err
	}
	if r.kind != KindVanish {
		return "", invalid("a request to vanish has kind 62")
	}
	r.access = toAuthor
	var unfinished bool
	outcome, err := write(ctx, l, "noting a request to vanish", func(t *tx) (out Outcome, err error) {
		if unfinished, err = t.vanishUnfinished(r.pubkey); err != nil {
			return "", err
		}
		return t.vanish(r)
	})
	if err != nil || outcome == Duplicate {
		return outcome, err
	}
	v := vanishing{
		ledger: l, author: r.pubkey, until: r.createdAt, arrived: VanishUntil(evt, receivedAt), markAll: unfinished,
	}
	if err := v.carryOut(ctx); err != nil {
		return "", err
	}
	outcome, err = write(ctx, l, "keeping a request to vanish", func(t *tx) (Outcome, error) {
		_, err := t.insertEvent(r)
		return Stored, err
	})
	if err == nil && v.erased != (Erased{}) {
		_, err = l.Scrub(ctx)
	}
	return outcome, err
}

// VanishUntil is up to which arrival (ms) a request to vanish that came at
// receivedAt (ms) counts.
func VanishUntil(evt *nostr.Event, receivedAt int64) int64 {
	return min(receivedAt, int64(evt.CreatedAt)*1000+vanishSkew)
}

// vanish notes from when on the author's events are refused, and signs him out.
func (t *tx) vanish(r *record) (Outcome, error) {
	var done bool
	_, err := t.get([]any{&done}, `
		SELECT EXISTS (SELECT 1 FROM events WHERE access = 2 AND pubkey = ? AND created_at >= ? AND kind = ?)`,
		r.pubkey, r.createdAt, KindVanish)
	if err != nil || done {
		return Duplicate, err
	}
	_, err = t.exec(`
		INSERT INTO vanished (pubkey, at) VALUES (?, ?)
		ON CONFLICT (pubkey) DO UPDATE SET at = CASE WHEN excluded.at > vanished.at THEN excluded.at ELSE vanished.at END`,
		r.pubkey, r.createdAt)
	if err == nil {
		err = t.unviewParty(r.pubkey)
	}
	if err == nil {
		_, err = t.exec("DELETE FROM dispute_cases WHERE admin = ?", r.pubkey)
	}
	if err == nil {
		_, err = t.endSessions(r.pubkey)
	}
	return Stored, err
}

// vanishUnfinished reports whether the last request of the key was noted and not
// carried out to its end, for then it would be here.
func (t *tx) vanishUnfinished(pubkey string) (unfinished bool, err error) {
	_, err = t.get([]any{&unfinished}, `
		SELECT EXISTS (SELECT 1 FROM vanished v WHERE v.pubkey = ?1 AND NOT EXISTS (
			SELECT 1 FROM events WHERE access = 2 AND pubkey = ?1 AND created_at >= v.at AND kind = ?2))`,
		pubkey, KindVanish)
	return unfinished, err
}

// vanishedAt is up to which created_at (s) the key asked to be forgotten.
func (t *tx) vanishedAt(pubkey string) (at int64, known bool, err error) {
	known, err = t.get([]any{&at}, "SELECT at FROM vanished WHERE pubkey = ?", pubkey)
	return at, known, err
}

// vanished reports whether r is an event that its author asked to forget. A wrap's
// author is nobody, and its time is made up: of wraps only those are known again
// whose ids are.
func (t *tx) vanished(r *record) (bool, error) {
	if isWrap(r.kind) {
		return false, nil
	}
	at, known, err := t.vanishedAt(r.pubkey)
	return known && r.createdAt <= at, err
}
