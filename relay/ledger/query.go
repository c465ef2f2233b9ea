package ledger

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr"
)

// Up to fetchBatch events are read at a time while they are handed out, and after
// the first no more than fetchBytes of them: each of many slow readers holds that much.
const (
	fetchBatch = 50
	fetchBytes = 256 << 10
)

// Query yields the events that match f (NIP-01) and that reader may see, newest
// first, of equals the lowest id first: at most limitCap of them, or f.Limit
// where that is less. reader is the authenticated public key (hex), "" for none.
//
// The kinds 4, 13, 14, 15, 1059 and 21059 are seen only by the keys in their p
// tags, a kind 4 by its author too, a deletion that names unseen events only by its author, an expired event
// (NIP-40) by nobody. What the reader may not see is as if it were not there.
//
// An error is yielded once and ends the sequence: ErrFilterTooLarge, or the
// database's. No cursor is open while the caller holds an event, so one that
// takes its time keeps nobody waiting; what is deleted meanwhile is left out.
func (l *Ledger) Query(ctx context.Context, f nostr.Filter, reader string, limitCap int) iter.Seq2[*nostr.Event, error] {
	return func(yield func(*nostr.Event, error) bool) {
		hits, err := l.match(ctx, f, reader, limitCap)
		if err != nil {
			yield(nil, failed("reading events", err))
			return
		}
		for len(hits) > 0 {
			n := batchOf(hits)
			events, err := l.fetch(ctx, hits[:n])
			hits = hits[n:]
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

// A hit is an event that matches: its ref, and how many bytes it has.
type hit struct{ ref, size int64 }

// batchOf is how many of the hits are read next, at least one.
func batchOf(hits []hit) int {
	var size int64
	for i, h := range hits[:min(len(hits), fetchBatch)] {
		if size += h.size; i > 0 && size-hits[0].size > fetchBytes {
			return i
		}
	}
	return min(len(hits), fetchBatch)
}

// match returns the events in order.
func (l *Ledger) match(ctx context.Context, f nostr.Filter, reader string, limit int) ([]hit, error) {
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
	return collect(rows, func(rows *sql.Rows) (h hit, err error) {
		err = rows.Scan(&h.ref, &h.size)
		return h, err
	})
}

// newestOf merges the newest of each branch, so that no branch is read further
// than the limit.
func newestOf(bs []*branch, limit int) (query string, args []any) {
	parts := make([]string, len(bs))
	for i, b := range bs {
		parts[i] = "SELECT e.ref AS ref, " + b.at + " AS at, e.id AS id, octet_length(e.raw) AS size FROM " + b.from +
			" WHERE " + strings.Join(b.where, " AND ") + " ORDER BY " + b.at + " DESC, e.id LIMIT ?"
		args = append(append(args, b.args...), limit)
	}
	if len(parts) == 1 {
		return "SELECT ref, size FROM (" + parts[0] + ") b ORDER BY at DESC, id", args
	}
	for i := range parts {
		parts[i] = "SELECT ref, at, id, size FROM (" + parts[i] + ") b"
	}
	return "SELECT ref, size FROM (" + strings.Join(parts, " UNION ALL ") + ") m ORDER BY at DESC, id LIMIT ?", append(args, limit)
}

// fetch returns the events that were hit, in that order. It asks nobody's leave:
// the refs come from match, and a ref never means another event later.
func (l *Ledger) fetch(ctx context.Context, hits []hit) ([]*nostr.Event, error) {
	refs := make([]int64, len(hits))
	for i, h := range hits {
		refs[i] = h.ref
	}
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
