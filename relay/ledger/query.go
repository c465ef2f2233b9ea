package ledger

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr"
)

// fetchBatch is how many events are read at a time while they are handed out.
const fetchBatch = 50

// Query yields the events that match f (NIP-01) and that reader may see, newest
// first, of equals the lowest id first: at most limitCap of them, or f.Limit
// where that is less. reader is the authenticated public key (hex), "" for none.
//
// The kinds 4, 13, 14, 15, 1059 and 21059 are seen only by the keys in their p
// tags, a deletion that names unseen events only by its author, an expired event
// (NIP-40) by nobody. What the reader may not see is as if it were not there.
//
// An error is yielded once and ends the sequence: ErrFilterTooLarge, or the
// database's. No cursor is open while the caller holds an event, so one that
// takes its time keeps nobody waiting; what is deleted meanwhile is left out.
func (l *Ledger) Query(ctx context.Context, f nostr.Filter, reader string, limitCap int) iter.Seq2[*nostr.Event, error] {
	return func(yield func(*nostr.Event, error) bool) {
		refs, err := l.match(ctx, f, reader, limitCap)
		if err != nil {
			yield(nil, failed("reading events", err))
			return
		}
		for part := range slices.Chunk(refs, fetchBatch) {
			events, err := l.fetch(ctx, part)
			if err != nil {
				yield(nil, failed("reading events", err))
				return
			}
			for _, evt := range events {
				if !yield(evt, nil) {
					return
				}
			}
		}
	}
}

// match returns the refs of the events, in order.
func (l *Ledger) match(ctx context.Context, f nostr.Filter, reader string, limit int) ([]int64, error) {
	if f.Limit > 0 {
		limit = min(limit, f.Limit)
	}
	if f.LimitZero || limit <= 0 {
		return nil, nil
	}
	bs, err := compile(f, reader, l.now().Unix())
	if err != nil || len(bs) == 0 {
		return nil, err
	}
	query, args := newestOf(bs, limit)
	rows, err := l.reads.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (ref int64, err error) {
		err = rows.Scan(&ref)
		return ref, err
	})
}

// newestOf merges the newest of each branch, so that no branch is read further
// than the limit.
func newestOf(bs []*branch, limit int) (query string, args []any) {
	parts := make([]string, len(bs))
	for i, b := range bs {
		parts[i] = "SELECT e.ref AS ref, " + b.at + " AS at, e.id AS id FROM " + b.from +
			" WHERE " + strings.Join(b.where, " AND ") + " ORDER BY " + b.at + " DESC, e.id LIMIT ?"
		args = append(append(args, b.args...), limit)
	}
	if len(parts) == 1 {
		return "SELECT ref FROM (" + parts[0] + ") b ORDER BY at DESC, id", args
	}
	for i := range parts {
		parts[i] = "SELECT ref, at, id FROM (" + parts[i] + ") b"
	}
	return "SELECT ref FROM (" + strings.Join(parts, " UNION ALL ") + ") m ORDER BY at DESC, id LIMIT ?", append(args, limit)
}

// fetch returns the events under refs, in that order. It asks nobody's leave:
// the refs come from match, and a ref never means another event later.
func (l *Ledger) fetch(ctx context.Context, refs []int64) ([]*nostr.Event, error) {
	rows, err := l.reads.db.QueryContext(ctx, "SELECT ref, raw FROM events WHERE ref IN ("+marks(len(refs))+")", anys(refs)...)
	if err != nil {
		return nil, err
	}
	events := make([]*nostr.Event, len(refs))
	_, err = collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var (
			ref int64
			raw []byte
		)
		if err := rows.Scan(&ref, &raw); err != nil {
			return struct{}{}, err
		}
		evt, err := decodeEvent(raw)
		events[slices.Index(refs, ref)] = evt
		return struct{}{}, err
	})
	return slices.DeleteFunc(events, func(e *nostr.Event) bool { return e == nil }), err
}

// Count is how many events Query would yield without any limit; f.Limit does
// not count (NIP-45).
func (l *Ledger) Count(ctx context.Context, f nostr.Filter, reader string) (int64, error) {
	bs, err := compile(f, reader, l.now().Unix())
	if err != nil {
		return 0, failed("counting events", err)
	}
	var total int64
	for _, b := range bs {
		var n int64
		query := "SELECT count(*) FROM " + b.from + " WHERE " + strings.Join(b.where, " AND ")
		if err := l.reads.db.QueryRowContext(ctx, query, b.args...).Scan(&n); err != nil {
			return 0, failed("counting events", err)
		}
		total += n
	}
	return total, nil
}

func decodeEvent(raw []byte) (*nostr.Event, error) {
	evt := new(nostr.Event)
	if err := evt.UnmarshalJSON(raw); err != nil {
		return nil, err
	}
	return evt, nil
}

// marks is n placeholders.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
