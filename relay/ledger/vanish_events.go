package ledger

import (
	"context"
	"database/sql"
)

// vanishBatch is how much is erased in one entry: other writers get their turn
// between.
const vanishBatch = 200

// A vanishing is one request while it is carried out.
type vanishing struct {
	ledger  *Ledger
	author  string
	until   int64 // s: the created_at of his last event that goes
	arrived int64 // ms: the arrival of the last message that goes
	markAll bool  // a request before this one may have erased boxes and marked nothing
	erased  Erased
}

// carryOut erases everything. The marks of his orders come last: who then reads an
// order finds all of it gone.
func (v *vanishing) carryOut(ctx context.Context) error {
	for _, step := range []func(context.Context) error{v.events, v.notices, v.boxes, v.marks} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

const (
	// One access at a time, each by its own index.
	queryOwnPublic  = "SELECT ref, id FROM events WHERE access = 0" + ownEvents
	queryOwnPrivate = "SELECT ref, id FROM events WHERE access = 2" + ownEvents
	// A gift wrap is its recipient's, not its author's: that one is a throw-away key,
	// and who has it must not empty somebody's inbox.
	queryOwnUnlisted = "SELECT ref, id FROM events WHERE access IN (1, 3) AND kind NOT IN (1059, 21059)" + ownEvents
	ownEvents        = " AND pubkey = ? AND created_at <= ?"

	queryMailTo = `
		SELECT e.ref, e.id FROM event_tags t JOIN events e ON e.ref = t.event
		WHERE t.name = 'p' AND t.value = ? AND t.access = 1 AND t.kind IN (4, 1059, 21059) AND e.received_at <= ?`
	queryWrapsFrom = `
		SELECT e.ref, e.id FROM inbox i JOIN events e ON e.id = i.event_id
		WHERE i.seal_author = ? AND i.received_at <= ?`
)

func (v *vanishing) events(ctx context.Context) error {
	for query, last := range map[string]int64{
		queryOwnPublic: v.until, queryOwnPrivate: v.until, queryOwnUnlisted: v.until,
		queryMailTo: v.arrived, queryWrapsFrom: v.arrived,
	} {
		n, err := inBatches(ctx, v.ledger, scanStored, func(t *tx, e stored) (bool, error) {
			return true, t.erase(e.ref, e.id, ReasonVanished)
		}, query, v.author, last)
		v.erased.Events += n
		if err != nil {
			return err
		}
	}
	return nil
}

// inBatches applies do to each row that the query finds, vanishBatch of them in an
// entry, and returns how many do says it changed. The query sees the ledger as it
// is at the beginning. It keeps a connection for reading until it is done, so one
// runs at a time: strangers who all ask to be forgotten must not take them all.
func inBatches[T any](ctx context.Context, l *Ledger, scan func(*sql.Rows) (T, error), do func(*tx, T) (bool, error), query string, args ...any) (changed int, err error) {
	select {
	case l.erasing <- struct{}{}:
		defer func() { <-l.erasing }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	rows, err := l.reads.db.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, failed("reading what is to be erased", err)
	}
	defer rows.Close()
	for {
		var batch []T
		for len(batch) < vanishBatch && rows.Next() {
			one, err := scan(rows)
			if err != nil {
				return changed, failed("reading what is to be erased", err)
			}
			batch = append(batch, one)
		}
		if len(batch) == 0 {
			return changed, failed("reading what is to be erased", rows.Err())
		}
		n, err := write(ctx, l, "erasing", func(t *tx) (n int, err error) {
			for _, one := range batch {
				did, err := do(t, one)
				if err != nil {
					return 0, err
				}
				if did {
					n++
				}
			}
			return n, nil
		})
		changed += n
		if err != nil {
			return changed, err
		}
	}
}
