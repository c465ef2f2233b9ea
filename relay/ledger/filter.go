package ledger

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nbd-wtf/go-nostr"
)

// MaxFilterValues is how many ids, authors, kinds and tag values one filter may
// have in all.
const MaxFilterValues = 1000

// TooLarge reports whether f has more than MaxFilterValues: Query and Count then
// answer ErrFilterTooLarge.
func TooLarge(f nostr.Filter) bool {
	values := len(f.IDs) + len(f.Authors) + len(f.Kinds)
	for _, vs := range f.Tags {
		values += len(vs)
	}
	return values > MaxFilterValues
}

// maxKindBranches is up to how many kinds each get a branch of their own, so
// that each is read newest first from its index.
const maxKindBranches = 16

// compile makes the branches of f for reader: public events, then what only the
// reader may see. None: nothing can match. Who may see an event is part of every
// branch, never a check afterwards.
func compile(f nostr.Filter, reader string, now int64) ([]*branch, error) {
	// NIP-50 is not offered: a search finds nothing rather than everything.
	empty := f.Search != "" || isEmpty(f.IDs) || isEmpty(f.Authors) || isEmpty(f.Kinds)
	for name, vs := range f.Tags {
		empty = empty || isEmpty(vs) || vs != nil && !isTagName(name)
	}
	switch {
	case TooLarge(f):
		return nil, ErrFilterTooLarge
	case empty || f.Since != nil && f.Until != nil && *f.Since > *f.Until:
		return nil, nil
	}
	bs := publicBranches(f)
	if reader != "" {
		if b := mailBranch(f, reader); b != nil {
			bs = append(bs, b)
		}
		if b := ownBranch(f, reader); b != nil {
			bs = append(bs, b)
		}
		if b := sentBranch(f, reader); b != nil {
			bs = append(bs, b)
		}
	}
	for _, b := range bs {
		b.and("(e.expires_at IS NULL OR e.expires_at > ?)", now)
	}
	return bs, nil
}

// isEmpty: a list that is there and has nothing in it matches nothing.
func isEmpty[T any](list []T) bool { return list != nil && len(list) == 0 }

func publicBranches(f nostr.Filter) []*branch {
	kinds := distinctKinds(f.Kinds, func(k int) bool { return !privateKinds[k] })
	if f.Kinds != nil && len(kinds) == 0 {
		return nil
	}
	lead := leadingTag(f)
	if len(f.IDs) > 0 || len(f.Authors) == 1 {
		lead = ""
	}
	if lead != "" {
		b := tagBranch(f, lead, f.Tags[lead], kinds, toAll)
		b.matchTags(f, lead)
		return []*branch{b}
	}
	if len(f.IDs) == 0 && len(f.Authors) == 0 && len(kinds) > 1 && len(kinds) <= maxKindBranches {
		var bs []*branch
		for _, k := range kinds {
			bs = append(bs, eventBranch(f, []int{k}, toAll))
		}
		return bs
	}
	return []*branch{eventBranch(f, kinds, toAll)}
}

// mailBranch is led by the reader's own p tag: whatever else f asks, no more
// than the reader's mail is looked at.
func mailBranch(f nostr.Filter, reader string) *branch {
	kinds := distinctKinds(f.Kinds, func(k int) bool { return privateKinds[k] })
	if f.Kinds != nil && len(kinds) == 0 {
		return nil
	}
	if len(f.IDs) > 0 {
		b := eventBranch(f, kinds, toRecipients)
		b.tagged("p", []string{reader})
		return b
	}
	b := tagBranch(f, "p", []string{reader}, kinds, toRecipients)
	lead := ""
	if slices.Contains(f.Tags["p"], reader) {
		lead = "p" // answered by the leading tag already
	}
	b.matchTags(f, lead)
	return b
}

// ownBranch is what is shown to its author and to nobody else: some deletions, and
// the request to be forgotten.
func ownBranch(f nostr.Filter, reader string) *branch {
	if f.Kinds != nil && !slices.Contains(f.Kinds, nostr.KindDeletion) && !slices.Contains(f.Kinds, KindVanish) {
		return nil
	}
	b := eventBranch(f, nil, toAuthor)
	b.and("e.pubkey = ?", reader)
	return b
}

// sentBranch is the direct messages that the reader wrote (NIP-04, kind 4): there is
// one event for both sides. What he wrote to himself is in his mail.
func sentBranch(f nostr.Filter, reader string) *branch {
	if f.Kinds != nil && !slices.Contains(f.Kinds, nostr.KindEncryptedDirectMessage) {
		return nil
	}
	b := &branch{from: "events e", at: "e.created_at"}
	b.and("e.access IN (1, 3) AND e.access = " + strconv.Itoa(int(toRecipients))) // the first for the index
	b.and("e.pubkey = ? AND e.kind = ?", reader, nostr.KindEncryptedDirectMessage)
	b.and("NOT EXISTS (SELECT 1 FROM event_tags x WHERE x.event = e.ref AND x.name = 'p' AND x.value = ?)", reader)
	b.matchEvent(f)
	b.matchTags(f, "")
	return b
}

// eventBranch reads events by the index that fits f best.
func eventBranch(f nostr.Filter, kinds []int, to access) *branch {
	b := &branch{from: "events e", at: "e.created_at"}
	b.and("e.access = " + strconv.Itoa(int(to)))
	// The plus keeps SQLite from the kind's index where ids or authors are narrower.
	kind := "e.kind"
	if len(f.IDs) > 0 || len(f.Authors) > 0 {
		kind = "+e.kind"
	}
	b.in(kind, anys(kinds))
	b.matchEvent(f)
	b.matchTags(f, "")
	return b
}

// tagBranch reads events by one tag; of a single value, newest first.
func tagBranch(f nostr.Filter, name string, values []string, kinds []int, to access) *branch {
	b := &branch{at: "t.created_at"}
	where := &branch{}
	where.and("name = ?", name)
	where.in("value", anys(values))
	where.and("access = " + strconv.Itoa(int(to)))
	where.between("created_at", f)
	where.in("kind", anys(kinds))
	cond := strings.Join(where.where, " AND ")
	// An event that has two of the values must come once.
	distinct := ""
	if len(values) > 1 {
		distinct = "DISTINCT "
	}
	b.from = "(SELECT " + distinct + "event, created_at FROM event_tags WHERE " + cond + ") t CROSS JOIN events e"
	b.args = where.args
	b.where = []string{"e.ref = t.event", "e.access = " + strconv.Itoa(int(to))}
	b.matchEvent(f)
	return b
}

// leadingTag is the tag with the fewest values, "" where f has none.
func leadingTag(f nostr.Filter) (lead string) {
	for _, name := range tagNames(f) {
		if lead == "" || len(f.Tags[name]) < len(f.Tags[lead]) {
			lead = name
		}
	}
	return lead
}

// tagNames are the tags f asks for, in a fixed order: equal filters make equal SQL.
func tagNames(f nostr.Filter) []string {
	names := make([]string, 0, len(f.Tags))
	for name, vs := range f.Tags {
		if vs != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func distinctKinds(kinds []int, keep func(int) bool) []int {
	out := slices.Clone(kinds)
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(k int) bool { return !keep(k) })
}
