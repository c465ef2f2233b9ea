package ledger

import (
	"context"
	"database/sql"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// Erased counts what was erased: boxes of facts, events with their tags, and what
// participants were told, with how they wanted it.
type Erased struct {
	Boxes, Events, Notices int
}

// ErrMoved: something that may bear on the order came since the caller looked at
// it. Nothing was erased.
var ErrMoved = &orders.Error{Code: orders.ECONFLICT, Message: "the order has moved on since it was looked at"}

// Retire makes the order k a tombstone, and erases what is private of it: the
// boxes of every fact that belongs to it (orders.Members), and the events they
// came in, in every inbox. Of a message that speaks of an order that stands, too,
// the event stays. The id is never given away, the facts keep their public part,
// and the inbox rows remain, so that a repeated wrap is a Duplicate. What is said
// of the order later is stored without a box, and brings nothing back.
//
// at (ms) is when; asOf is the LastSeq from before the caller decided that the
// order may go: ErrMoved where it has been spoken of since. ENOTFOUND: there is
// no such order. One that is retired already stays as it is, and nothing is
// counted. The erased bytes are in the database's log until Scrub.
func (l *Ledger) Retire(ctx context.Context, k orders.Key, at, asOf int64) (Erased, error) {
	if at <= 0 {
		return Erased{}, invalid("the time of a retirement is a Unix time in ms")
	}
	facts, _, err := orders.Members(ctx, l, k)
	if err != nil {
		return Erased{}, err
	}
	return write(ctx, l, "retiring an order", func(t *tx) (Erased, error) { return t.retire(k, facts, at, asOf) })
}

const (
	queryMoved = "SELECT EXISTS (SELECT 1 FROM facts WHERE seq > ? AND (parties IN (?, ?, ?) OR order_id = ?))"
	// Of another order than this one that still stands.
	querySharesRumor = `
		SELECT f.order_id, f.parties FROM facts f WHERE f.rumor_id = ? AND f.order_id NOT IN ('', ?)`
	queryWrapsOf = "SELECT e.ref, e.id FROM inbox i JOIN events e ON e.id = i.event_id WHERE i.rumor_id = ?"
)

func (t *tx) retire(k orders.Key, members []orders.Fact, at, asOf int64) (sum Erased, err error) {
	a, b := k.Pair.Parties()
	var id string
	var retired int64
	found, err := t.get([]any{&id, &retired},
		"SELECT intent_id, retired_at FROM order_ids WHERE party_a = ? AND client_id = ? AND party_b = ?", a, k.OrderID, b)
	switch {
	case err != nil:
		return sum, err
	case !found:
		return sum, orders.Errorf(orders.ENOTFOUND, "no such order")
	case retired > 0:
		return sum, nil
	}
	var moved bool
	if _, err := t.get([]any{&moved}, queryMoved, asOf, string(k.Pair), a, b, k.OrderID); err != nil {
		return sum, err
	}
	if moved {
		return sum, ErrMoved
	}
	rumors := make([]string, 0, len(members))
	for i := range members {
		if err := t.dropBox(&sum, "seq = ?", members[i].Seq); err != nil {
			return sum, err
		}
		rumors = append(rumors, members[i].ID)
	}
	slices.Sort(rumors)
	for _, rumor := range slices.Compact(rumors) {
		if err := t.eraseMessage(&sum, rumor, k.OrderID); err != nil {
			return sum, err
		}
	}
	if _, err := t.exec("UPDATE order_ids SET retired_at = ? WHERE intent_id = ?", at, id); err != nil {
		return sum, err
	}
	for _, table := range []string{"order_views", "dispute_cases"} {
		if _, err := t.exec("DELETE FROM "+table+" WHERE intent_id = ?", id); err != nil {
			return sum, err
		}
	}
	if err := t.forgetNotices(id); err != nil {
		return sum, err
	}
	_, err = t.mark(id)
	return sum, err
}

func (t *tx) dropBox(sum *Erased, where string, arg any) error {
	n, err := t.exec("UPDATE facts SET box = NULL WHERE "+where+" AND box IS NOT NULL", arg)
	sum.Boxes += int(n)
	return err
}

// eraseMessage erases all that is left of one message of the order with that
// client id, unless it speaks of an order that stands as well.
func (t *tx) eraseMessage(sum *Erased, rumor, orderID string) error {
	others, err := list(t, scanTopic, querySharesRumor, rumor, orderID)
	if err != nil {
		return err
	}
	for _, o := range others {
		if gone, err := t.orderRetired(o.parties, o.orderID); err != nil || !gone {
			return err
		}
	}
	if err := t.dropBox(sum, "rumor_id = ?", rumor); err != nil {
		return err
	}
	events, err := list(t, scanStored, queryWrapsOf, rumor)
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := t.erase(e.ref, e.id, goneRetired); err != nil {
			return err
		}
	}
	sum.Events += len(events)
	return nil
}

// A topic is what a fact names: one or two parties, and an order id.
type topic struct{ orderID, parties string }

func scanTopic(rows *sql.Rows) (o topic, err error) {
	err = rows.Scan(&o.orderID, &o.parties)
	return o, err
}

const (
	queryPairRetired = "SELECT retired_at FROM order_ids WHERE party_a = ? AND client_id = ? AND party_b = ?"
	// Two look-ups, each by its own index; more than two answers are as good as two.
	queryPartyRetired = "SELECT retired_at FROM (SELECT retired_at FROM order_ids WHERE party_a = ? AND client_id = ? UNION ALL " +
		"SELECT retired_at FROM order_ids WHERE party_b = ? AND client_id = ?) o LIMIT 2"
)

// orderRetired reports whether the order that facts with these parties and that
// id belong to was retired; of a single party that is its only order of the id.
func (t *tx) orderRetired(parties, orderID string) (bool, error) {
	if orderID == "" || parties == "" {
		return false, nil
	}
	query, args := queryPartyRetired, []any{parties, orderID, parties, orderID}
	if p := orders.Pair(parties); isPair(p) {
		a, b := p.Parties()
		query, args = queryPairRetired, []any{a, orderID, b}
	}
	at, err := list(t, scanInt, query, args...)
	return len(at) == 1 && at[0] > 0, err
}

func scanInt(rows *sql.Rows) (n int64, err error) {
	err = rows.Scan(&n)
	return n, err
}

// forgotten reports whether nothing private of the fact may be kept: its order
// was retired, or its sender had asked to be forgotten after he said it.
func (t *tx) forgotten(r *factRow) (bool, error) {
	if !r.box.Valid {
		return false, nil
	}
	id := r.fact.OrderID
	if id == "" {
		id = r.fact.Ref
	}
	if gone, err := t.orderRetired(r.parties, id); err != nil || gone {
		return gone, err
	}
	at, known, err := t.vanishedAt(r.fact.Sender)
	return known && r.fact.At < (at+1)*1000, err
}

// Standing returns up to limit orders that are not retired and began before
// before (ms), the earliest first, after the one given; the zero Beginning to
// start with.
func (l *Ledger) Standing(ctx context.Context, before int64, after orders.Beginning, limit int) ([]orders.Beginning, error) {
	bs, err := l.beginnings(ctx, queryStanding, after.Least, after.IntentID, before, max(limit, 0))
	return bs, err
}

const queryStanding = selectBeginning + " WHERE retired_at = 0 AND (begun, intent_id) > (?, ?) AND begun < ? ORDER BY begun, intent_id LIMIT ?"
