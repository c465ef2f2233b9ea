package ledger

import (
	"context"

	"github.com/nbd-wtf/go-nostr"
)

// Publish stores an event that is no message of the inbox, as its kind asks
// (NIP-01): a replaceable or addressable one takes the place of the older
// version, the newest created_at standing and of equals the lowest id; a
// deletion (NIP-09) is stored and carried out in one transaction. receivedAt is
// in ms. It is durable when Publish returns Stored; the other outcomes write
// nothing. ErrEphemeral for kinds that are not stored, ErrInvalid for an event
// that cannot be.
func (l *Ledger) Publish(ctx context.Context, evt *nostr.Event, receivedAt int64) (Outcome, error) {
	r, err := newRecord(evt, receivedAt)
	if err != nil {
		return "", err
	}
	if nostr.IsEphemeralKind(r.kind) {
		return "", ErrEphemeral
	}
	var d *deletion
	if r.kind == nostr.KindDeletion {
		d = newDeletion(r)
	}
	return write(ctx, l, "storing an event", func(t *tx) (Outcome, error) {
		var known bool
		if _, err := t.get([]any{&known}, hasEvent, r.id, r.id); err != nil || known {
			return Duplicate, err
		}
		if d != nil {
			if gone, err := t.vanished(r); err != nil || gone {
				return Deleted, err
			}
			return Stored, t.delete(d)
		}
		if gone, err := t.tombstoned(r); err != nil || gone {
			return Deleted, err
		}
		if r.d.Valid {
			if stands, err := t.replace(r); err != nil || stands {
				return Superseded, err
			}
		}
		_, err := t.insertEvent(r)
		return Stored, err
	})
}

// replace erases the older version of r's address; stands is true where the
// version that is here stays.
func (t *tx) replace(r *record) (stands bool, err error) {
	old := stored{}
	found, err := t.get([]any{&old.ref, &old.id, &old.createdAt}, queryAddress, r.pubkey, r.kind, r.d.String)
	if err != nil || !found {
		return false, err
	}
	if old.createdAt > r.createdAt || old.createdAt == r.createdAt && old.id < r.id {
		return true, nil
	}
	return false, t.erase(old.ref, old.id, ReasonDeleted)
}

const queryAddress = "SELECT ref, id, created_at FROM events WHERE pubkey = ? AND kind = ? AND d = ?"

// stored is what deleting and replacing ask of an event that is here.
type stored struct {
	ref       int64
	id        string
	createdAt int64
}

// erase removes an event and its tags. What was read in it, and that it came,
// stay; an inbox row that waited for a key has nothing to wait for any more.
func (t *tx) erase(ref int64, id, reason string) error {
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"DELETE FROM event_tags WHERE event = ?", []any{ref}},
		{"DELETE FROM events WHERE ref = ?", []any{ref}},
		{"UPDATE inbox SET gone = ? WHERE event_id = ?", []any{reason, id}},
		{"UPDATE inbox SET state = 'unreadable', reason = ? WHERE event_id = ? AND state IN ('new', 'waiting')", []any{reason, id}},
	} {
		if _, err := t.exec(step.query, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// maxRelays is how many relays of a list are looked at; NIP-17 advises one to three.
const maxRelays = 20

// RelaysOf returns the relay URLs that pubkey (hex) has announced for direct
// messages: the first relay tags of its kind 10050 (NIP-17), as they were written.
func (l *Ledger) RelaysOf(ctx context.Context, pubkey string) ([]string, error) {
	raws, err := all(ctx, l.reads, scanString, queryRelaysOf, pubkey, l.now().Unix())
	if err != nil {
		return nil, failed("reading a relay list", err)
	}
	var urls []string
	for _, raw := range raws {
		evt, err := decodeEvent([]byte(raw))
		if err != nil {
			return nil, failed("reading a relay list", err)
		}
		for t := range evt.Tags.FindAll("relay") {
			if urls = append(urls, t[1]); len(urls) == maxRelays {
				break
			}
		}
	}
	return urls, nil
}

const queryRelaysOf = `
	SELECT raw FROM events WHERE pubkey = ? AND kind = 10050 AND d = ''
	AND (expires_at IS NULL OR expires_at > ?)`
