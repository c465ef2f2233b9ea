package ledger

import (
	"database/sql"
	"strconv"
	"unicode/utf8"

	"github.com/nbd-wtf/go-nostr"
)

// maxTags is how many different single-letter tags one event may have: each is
// a row, and every other writer waits for them.
const maxTags = 2500

// access says to whom an event is served; the numbers stand in the database.
type access int

const (
	toAll        access = iota // everybody
	toRecipients               // the keys in its p tags, once authenticated
	toAuthor                   // its author, once authenticated
	toNobody
)

// privateKinds are served to the keys in their p tags only: encrypted DMs
// (NIP-04, to their author too), what belongs inside a gift wrap (NIP-17), gift wraps (NIP-59).
var privateKinds = map[int]bool{4: true, 13: true, 14: true, 15: true, 1059: true, 21059: true}

// isWrap reports whether kind is a gift wrap's: its author is a throw-away key.
func isWrap(kind int) bool { return kind == 1059 || kind == 21059 }

// A record is an event in the form in which the database takes it. It is made
// before the writer is asked, so that it costs the writer nothing.
type record struct {
	id, pubkey string
	kind       int
	createdAt  int64 // s
	receivedAt int64 // ms
	d          sql.NullString
	expiresAt  sql.NullInt64 // s
	access     access
	raw        string
	tags       []tag
}

type tag struct{ name, value string }

// newRecord returns ErrInvalid for an event that could not be served again as it came.
func newRecord(evt *nostr.Event, receivedAt int64) (*record, error) {
	switch {
	case evt == nil:
		return nil, invalid("no event")
	case !nostr.IsValid32ByteHex(evt.ID):
		return nil, invalid("an event id is 64 lower-case hex digits")
	case !nostr.IsValid32ByteHex(evt.PubKey):
		return nil, invalid("a public key is 64 lower-case hex digits")
	case !utf8.ValidString(evt.Content):
		return nil, invalid("content that is not UTF-8")
	}
	r := &record{
		id: evt.ID, pubkey: evt.PubKey, kind: evt.Kind, createdAt: int64(evt.CreatedAt), receivedAt: receivedAt,
	}
	if privateKinds[evt.Kind] {
		r.access = toRecipients
	}
	switch {
	case nostr.IsReplaceableKind(evt.Kind):
		r.d = sql.NullString{Valid: true}
	case nostr.IsAddressableKind(evt.Kind):
		r.d = sql.NullString{String: evt.Tags.GetD(), Valid: true}
	}
	if err := r.index(evt.Tags); err != nil {
		return nil, err
	}
	if r.kind == KindVanish {
		r.expiresAt = sql.NullInt64{} // it counts for good, and must not be carried out again
	}
	raw, err := evt.MarshalJSON()
	if err != nil {
		return nil, invalid("an event without a JSON form")
	}
	r.raw = string(raw)
	return r, nil
}

// index collects what filters may ask for (NIP-01): the first value of every
// tag whose name is one letter. It also reads the expiry (NIP-40).
func (r *record) index(tags nostr.Tags) error {
	seen := make(map[tag]bool, len(tags))
	for _, t := range tags {
		for _, part := range t {
			if !utf8.ValidString(part) {
				return invalid("a tag that is not UTF-8")
			}
		}
		if len(t) < 2 {
			continue
		}
		if t[0] == "expiration" && !r.expiresAt.Valid { // the first that is a number
			at, err := strconv.ParseInt(t[1], 10, 64)
			r.expiresAt = sql.NullInt64{Int64: at, Valid: err == nil}
		}
		if x := (tag{t[0], t[1]}); isTagName(t[0]) && !seen[x] {
			seen[x] = true
			r.tags = append(r.tags, x)
		}
	}
	if len(r.tags) > maxTags {
		return invalid("more than " + strconv.Itoa(maxTags) + " tags")
	}
	return nil
}

// isTagName reports whether tags of this name are indexed: one letter.
func isTagName(s string) bool {
	return len(s) == 1 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
}

// names reports whether key is in the event's p tags.
func (r *record) names(key string) bool {
	for _, t := range r.tags {
		if t.name == "p" && t.value == key {
			return true
		}
	}
	return false
}

// deletableBy reports whether a deletion signed by key counts for the event: its
// author's, but for a gift wrap the recipient's, for whoever knows the throw-away
// key is not the one whose mail it is.
func (r *record) deletableBy(key string) bool {
	switch {
	case r.kind == nostr.KindDeletion, r.kind == KindVanish:
		return false
	case isWrap(r.kind):
		return r.names(key)
	}
	return r.pubkey == key
}

// insertEvent stores the event and its tags; stored is false where it was here.
func (t *tx) insertEvent(r *record) (stored bool, err error) {
	var ref int64
	stored, err = t.get([]any{&ref}, `
		INSERT INTO events (id, kind, pubkey, created_at, received_at, d, expires_at, access, raw)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING ref`,
		r.id, r.kind, r.pubkey, r.createdAt, r.receivedAt, r.d, r.expiresAt, int(r.access), r.raw)
	if err != nil || !stored {
		return false, err
	}
	for _, x := range r.tags {
		_, err := t.exec(`
			INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES (?, ?, ?, ?, ?, ?)`,
			x.name, x.value, int(r.access), r.createdAt, r.kind, ref)
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
