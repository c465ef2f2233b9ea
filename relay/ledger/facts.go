package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// A factRow is a fact in the form in which the database takes it.
type factRow struct {
	fact       *orders.Fact
	parties    string // a pair, one key, or ""
	owner      string // the inboxes of this copy
	transports string
	public     string
	box        sql.NullString
}

func newFactRows(facts []orders.Fact) ([]factRow, error) {
	rows := make([]factRow, len(facts))
	for i := range facts {
		r, err := newFactRow(&facts[i])
		if err != nil {
			return nil, err
		}
		rows[i] = r
	}
	return rows, nil
}

func newFactRow(f *orders.Fact) (factRow, error) {
	if f.ID == "" || f.N < 0 || len(f.Parties) > 2 {
		return factRow{}, invalid("a fact without an id, or between more than two")
	}
	transports := make([]string, len(f.Transports))
	for i, t := range f.Transports {
		transports[i] = string(t)
	}
	r := factRow{fact: f, owner: strings.Join(f.Inboxes, ","), transports: strings.Join(transports, ",")}
	if pair, ok := f.Pair(); ok {
		r.parties = string(pair)
	} else if len(f.Parties) == 1 {
		r.parties = f.Parties[0]
	}
	open := *f
	open.Seq, open.Box, open.Held = 0, nil, false
	public, err := json.Marshal(&open)
	if err != nil {
		return factRow{}, invalid("a fact without a JSON form")
	}
	r.public = string(public)
	if f.Box != nil {
		box, err := json.Marshal(f.Box)
		if err != nil {
			return factRow{}, invalid("a box without a JSON form")
		}
		r.box = sql.NullString{String: string(box), Valid: true}
	}
	return r, nil
}

// insertFacts adds the facts that are not here yet: a message wrapped anew
// brings copies of the same facts to the same inbox, which add nothing.
func (t *tx) insertFacts(row int64, facts []factRow, late bool) error {
	for i := range facts {
		r := &facts[i]
		f := r.fact
		held, err := t.held(r)
		if err != nil {
			return err
		}
		forgotten, err := t.forgotten(r)
		if err != nil {
			return err
		}
		if forgotten {
			r.box = sql.NullString{}
		}
		var seq int64
		fresh, err := t.get([]any{&seq}, `
			INSERT INTO facts (inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box, sender, bound, held, late)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (rumor_id, n, inbox_owner, transport) DO NOTHING RETURNING seq`,
			row, f.ID, f.N, r.owner, r.transports, r.parties, f.OrderID, f.Ref, string(f.Verb), f.Tau(), f.ReceivedAt, r.public, r.box,
			f.Sender, f.Trust == orders.Bound, held, late)
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		t.news++
		if err := t.begin(r, seq); err != nil {
			return err
		}
	}
	return nil
}

// FactsAfter returns up to limit facts whose Seq is greater than seq, ascending,
// without their boxes: it tells which orders have changed, and boxes are large.
func (l *Ledger) FactsAfter(ctx context.Context, seq int64, limit int) ([]orders.Fact, error) {
	facts, err := all(ctx, l.reads, scanFact, "SELECT seq, public, NULL, held FROM facts WHERE seq > ? ORDER BY seq LIMIT ?", seq, max(limit, 0))
	return facts, failed("reading facts", err)
}

const querySaidInPublic = "SELECT EXISTS (SELECT 1 FROM facts WHERE sender = ? AND order_id = ? AND transport = 'public' AND bound = 1)"

// SaidInPublic reports whether author (hex) has said anything of an order with that
// id in an event of his own that everybody may read. What came in a wrap does not
// count, for then the answer would tell which wraps could be opened.
func (l *Ledger) SaidInPublic(ctx context.Context, author, orderID string) (said bool, err error) {
	err = l.reads.one(ctx, []any{&said}, querySaidInPublic, author, orderID)
	return said, failed("reading facts", err)
}

func scanFact(rows *sql.Rows) (orders.Fact, error) {
	var (
		seq         int64
		public, box []byte
		held        bool
	)
	if err := rows.Scan(&seq, &public, &box, &held); err != nil {
		return orders.Fact{}, err
	}
	return readFact(seq, public, box, held)
}

// readFact makes a fact of its row; box is nil where it has none.
func readFact(seq int64, public, box []byte, held bool) (f orders.Fact, err error) {
	if err := json.Unmarshal(public, &f); err != nil {
		return f, fmt.Errorf("fact %d: %w", seq, err)
	}
	if box != nil {
		f.Box = new(orders.Box)
		if err := json.Unmarshal(box, f.Box); err != nil {
			return f, fmt.Errorf("box of fact %d: %w", seq, err)
		}
	}
	f.Seq, f.Held = seq, held
	return f, nil
}
