package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/nbd-wtf/go-nostr"
)

// A storedEvent is an event as the database has it.
type storedEvent struct {
	record
	ref int64
}

func (v *verifying) events(ctx context.Context) error {
	const query = `
		SELECT ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw FROM events WHERE ref > ? ORDER BY ref LIMIT ?`
	return pages(ctx, v, query, int64(0), func(rows *sql.Rows) (e storedEvent, err error) {
		err = rows.Scan(&e.ref, &e.id, &e.kind, &e.pubkey, &e.createdAt, &e.receivedAt, &e.d, &e.expiresAt, &e.access, &e.raw)
		return e, err
	}, func(e storedEvent) (any, error) {
		v.Events++
		tags, err := v.tagsOf(ctx, e.ref)
		if err == nil {
			v.event(&e, tags)
		}
		return e.ref, err
	})
}

func (v *verifying) event(e *storedEvent, tags []storedTag) {
	where := fmt.Sprint("event ", e.ref)
	evt, err := decodeEvent([]byte(e.raw))
	if err != nil {
		v.problem(where, "it is not an event")
		return
	}
	switch sound, err := evt.CheckSignature(); {
	case !evt.CheckID():
		v.problem(where, "its id is not its hash")
	case !sound || err != nil: // the error quotes the values
		v.problem(where, "its signature is not its author's")
	default:
		v.Signatures++
	}
	want, err := newRecord(evt, e.receivedAt)
	if err != nil {
		v.problem(where, "it is one that the ledger does not take")
		return
	}
	var d differ
	d.unless(e.id == want.id, "id")
	d.unless(e.kind == want.kind, "kind")
	d.unless(e.pubkey == want.pubkey, "pubkey")
	d.unless(e.createdAt == want.createdAt, "created_at")
	d.unless(e.d == want.d, "d")
	d.unless(e.expiresAt == want.expiresAt, "expires_at")
	if len(d) > 0 {
		v.problem(where, "the database says something else of it: %v", d)
	}
	if !mayHave(want, e.access) {
		v.problem(where, "an event of kind %d is served to whom it should not be (access %d)", e.kind, e.access)
	}
	wanted := make([]storedTag, len(want.tags))
	for i, t := range want.tags {
		wanted[i] = storedTag{t, e.access, want.createdAt, want.kind}
	}
	if !sameTags(tags, wanted) {
		v.problem(where, "its tags in the database are not its own")
	}
}

// mayHave reports whether events like r are ever stored with that access.
func mayHave(r *record, a access) bool {
	switch {
	case a == toNobody:
		return true // posted to the API
	case r.kind == KindVanish:
		return a == toAuthor
	case r.kind == nostr.KindDeletion:
		return a == toAll || a == toAuthor
	}
	return a == r.access
}

type storedTag struct {
	tag
	access    access
	createdAt int64
	kind      int
}

func (v *verifying) tagsOf(ctx context.Context, ref int64) ([]storedTag, error) {
	rows, err := v.read.QueryContext(ctx, "SELECT name, value, access, created_at, kind FROM event_tags WHERE event = ?", ref)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (t storedTag, err error) {
		err = rows.Scan(&t.name, &t.value, &t.access, &t.createdAt, &t.kind)
		return t, err
	})
}

func sameTags(got, want []storedTag) bool {
	if len(got) != len(want) {
		return false
	}
	for _, t := range want { // neither has one twice
		if !slices.Contains(got, t) {
			return false
		}
	}
	return true
}

func (v *verifying) strayTags(ctx context.Context) error {
	var n int64
	err := v.read.QueryRowContext(ctx, "SELECT count(*) FROM event_tags t WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.ref = t.event)").Scan(&n)
	if n > 0 {
		v.problem("database", "%d tags of events that are not there", n)
	}
	return err
}

// signedSeal reports whether sig is author's signature of the event id.
func signedSeal(id, author, sig string) bool {
	hash, err := hex.DecodeString(id)
	if err != nil || len(hash) != sha256.Size {
		return false
	}
	key, err := hex.DecodeString(author)
	if err != nil {
		return false
	}
	bytes, err := hex.DecodeString(sig)
	if err != nil {
		return false
	}
	pub, err := schnorr.ParsePubKey(key)
	if err != nil {
		return false
	}
	parsed, err := schnorr.ParseSignature(bytes)
	return err == nil && parsed.Verify(hash, pub)
}
