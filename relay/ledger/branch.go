package ledger

import "github.com/nbd-wtf/go-nostr"

// A branch is one SELECT over events (e), and, where a tag leads to them, over
// event_tags (t). An event is in one branch of a filter at most.
type branch struct {
	from  string
	at    string // the column that holds created_at in the leading index
	where []string
	args  []any
}

func (b *branch) and(cond string, args ...any) {
	b.where = append(b.where, cond)
	b.args = append(b.args, args...)
}

// matchEvent adds what f asks of ids, authors and time.
func (b *branch) matchEvent(f nostr.Filter) {
	b.in("e.id", anys(f.IDs))
	b.in("e.pubkey", anys(f.Authors))
	b.between("e.created_at", f)
}

// matchTags adds what f asks of tags, but for one that leads already.
func (b *branch) matchTags(f nostr.Filter, lead string) {
	for _, name := range tagNames(f) {
		if name != lead {
			b.tagged(name, f.Tags[name])
		}
	}
}

func (b *branch) tagged(name string, values []string) {
	b.and("EXISTS (SELECT 1 FROM event_tags x WHERE x.event = e.ref AND x.name = ? AND x.value IN ("+marks(len(values))+"))",
		append([]any{name}, anys(values)...)...)
}

func (b *branch) in(column string, values []any) {
	switch len(values) {
	case 0:
	case 1:
		b.and(column+" = ?", values[0])
	default:
		b.and(column+" IN ("+marks(len(values))+")", values...)
	}
}

func (b *branch) between(column string, f nostr.Filter) {
	if f.Since != nil {
		b.and(column+" >= ?", int64(*f.Since))
	}
	if f.Until != nil {
		b.and(column+" <= ?", int64(*f.Until))
	}
}
