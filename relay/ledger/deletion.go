package ledger

import (
	"strconv"
	"strings"

	"github.com/nbd-wtf/go-nostr"
)

// A deletion is a kind 5 (NIP-09) with what it asks for. Asking is all it does:
// what counts is decided per target, in silence, for an answer would tell
// strangers what is stored here.
type deletion struct {
	*record
	ids       []string
	addresses []address
	vague     bool // it has a target that is no id
}

type address struct {
	kind int
	d    string
}

func newDeletion(r *record) *deletion {
	del := &deletion{record: r}
	for _, t := range r.tags { // each one once
		switch t.name {
		case "e":
			if nostr.IsValid32ByteHex(t.value) {
				del.ids = append(del.ids, t.value)
			} else {
				del.vague = true
			}
		case "a":
			if a, ok := ownAddress(t.value, r.pubkey); ok {
				del.addresses = append(del.addresses, a)
			}
		}
	}
	return del
}

// ownAddress reads kind:pubkey:d where the pubkey is the deletion's author's.
func ownAddress(s, author string) (address, bool) {
	number, rest, _ := strings.Cut(s, ":")
	pubkey, d, _ := strings.Cut(rest, ":")
	kind, err := strconv.Atoi(number)
	switch {
	case err != nil || pubkey != author:
		return address{}, false
	case nostr.IsReplaceableKind(kind):
		return address{kind, ""}, true
	case nostr.IsAddressableKind(kind):
		return address{kind, d}, true
	}
	return address{}, false
}

// delete carries the deletion out and stores it. Everybody sees one whose
// targets everybody saw; any other would tell whose mail somebody deleted, and
// is served to its author alone.
func (t *tx) delete(d *deletion) error {
	d.access = toAll
	if d.vague {
		d.access = toAuthor
	}
	for _, id := range d.ids {
		open, err := t.deleteID(d, id)
		if err != nil {
			return err
		}
		if !open {
			d.access = toAuthor
		}
	}
	for _, a := range d.addresses {
		if err := t.deleteAddress(d, a); err != nil {
			return err
		}
	}
	_, err := t.insertEvent(d.record)
	return err
}

// deleteID reports whether the target was a public event of d's author.
func (t *tx) deleteID(d *deletion, id string) (open bool, err error) {
	var (
		ref    int64
		target record
	)
	found, err := t.get([]any{&ref, &target.kind, &target.pubkey, &target.access},
		"SELECT ref, kind, pubkey, access FROM events WHERE id = ?", id)
	if err != nil {
		return false, err
	}
	if found {
		open = target.access == toAll && target.pubkey == d.pubkey
		if isWrap(target.kind) {
			var named int
			ours, err := t.get([]any{&named}, "SELECT 1 FROM event_tags WHERE event = ? AND name = 'p' AND value = ?", ref, d.pubkey)
			if err != nil {
				return false, err
			}
			if ours {
				target.tags = []tag{{"p", d.pubkey}}
			}
		}
		if !target.deletableBy(d.pubkey) {
			return open, nil
		}
		if err := t.erase(ref, id, ReasonDeleted); err != nil {
			return false, err
		}
	}
	_, err = t.exec("INSERT INTO tombstones (event_id, pubkey, at) VALUES (?, ?, ?) ON CONFLICT (event_id, pubkey) DO NOTHING",
		id, d.pubkey, d.createdAt)
	return open, err
}

func (t *tx) deleteAddress(d *deletion, a address) error {
	_, err := t.exec(`
		INSERT INTO address_tombstones (kind, pubkey, d, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, pubkey, d) DO UPDATE SET at = CASE WHEN excluded.at > address_tombstones.at THEN excluded.at ELSE address_tombstones.at END`,
		a.kind, d.pubkey, a.d, d.createdAt)
	if err != nil {
		return err
	}
	var old stored
	found, err := t.get([]any{&old.ref, &old.id, &old.createdAt}, queryAddress, d.pubkey, a.kind, a.d)
	if err != nil || !found || old.createdAt > d.createdAt {
		return err
	}
	return t.erase(old.ref, old.id, ReasonDeleted)
}

// tombstoned reports whether somebody who may has deleted r before it came, or its
// author everything (NIP-62).
func (t *tx) tombstoned(r *record) (bool, error) {
	signers, err := list(t, scanString, "SELECT pubkey FROM tombstones WHERE event_id = ?", r.id)
	if err != nil {
		return false, err
	}
	for _, key := range signers {
		if r.deletableBy(key) {
			return true, nil
		}
	}
	if gone, err := t.vanished(r); err != nil || gone {
		return gone, err
	}
	if !r.d.Valid {
		return false, nil
	}
	var at int64
	found, err := t.get([]any{&at}, "SELECT at FROM address_tombstones WHERE kind = ? AND pubkey = ? AND d = ?", r.kind, r.pubkey, r.d.String)
	return found && r.createdAt <= at, err
}
