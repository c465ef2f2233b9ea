package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/waybill-relay/waybill/orders"
)

// The facts that somebody sealed (an admin's ruling stands between two others),
// and those between him and others.
const (
	selectBoxed     = "SELECT f.seq, f.sender, f.parties, f.order_id FROM facts f WHERE f.box IS NOT NULL AND f.received_at <= ?1 AND "
	queryFactsFirst = selectBoxed + "f.parties >= ?2 AND f.parties < ?2 || ';'" // alone, or before the colon
	queryFactsLast  = selectBoxed + "substr(f.parties, 66) = ?2 AND length(f.parties) = 129"
	queryFactsBy    = selectBoxed + "f.rumor_id IN (SELECT i.rumor_id FROM inbox i WHERE i.seal_author = ?2)"
)

type boxed struct {
	seq     int64
	sender  string
	parties orders.Pair
	orderID string
}

func scanBoxed(rows *sql.Rows) (b boxed, err error) {
	err = rows.Scan(&b.seq, &b.sender, &b.parties, &b.orderID)
	return b, err
}

func (v *vanishing) boxes(ctx context.Context) error {
	for _, query := range []string{queryFactsFirst, queryFactsLast, queryFactsBy} {
		n, err := inBatches(ctx, v.ledger, scanBoxed, v.box, query, v.arrived, v.author)
		v.erased.Boxes += n
		if err != nil {
			return err
		}
	}
	return nil
}

// box takes out of one fact's box what was the author's to read or to say.
func (v *vanishing) box(t *tx, b boxed) (changed bool, err error) {
	var text sql.NullString
	if _, err := t.get([]any{&text}, "SELECT box FROM facts WHERE seq = ?", b.seq); err != nil || !text.Valid {
		return false, err
	}
	var left sql.NullString
	if b.sender != v.author {
		if left, err = without(text.String, v.author); err != nil {
			return false, fmt.Errorf("box of fact %d: %w", b.seq, err)
		}
	}
	if left == text {
		return false, nil
	}
	if _, err := t.exec("UPDATE facts SET box = ? WHERE seq = ?", left, b.seq); err != nil {
		return false, err
	}
	if !isPair(b.parties) || b.parties.Has(v.author) {
		return true, nil
	}
	// An order of others. It is marked now, for once its box has changed nothing
	// tells any more, after a crash for one, that he said something of it.
	one, other := b.parties.Parties()
	ids, err := list(t, scanString, queryOrderOfKey, one, b.orderID, other)
	for _, id := range ids {
		if _, err := t.mark(id); err != nil {
			return false, err
		}
	}
	return true, err
}

// without is the box that the other readers are left with, NULL for none.
func without(text, reader string) (left sql.NullString, err error) {
	var b orders.Box
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return left, err
	}
	if _, reads := b.For[reader]; !reads {
		return sql.NullString{String: text, Valid: true}, nil
	}
	delete(b.For, reader)
	if len(b.For) == 0 {
		return left, nil
	}
	out, err := json.Marshal(&b)
	return sql.NullString{String: string(out), Valid: true}, err
}

// The orders in which somebody takes part, and which stand.
const (
	queryOrdersFirst  = "SELECT intent_id FROM order_ids WHERE party_a = ? AND retired_at = 0"
	queryOrdersSecond = "SELECT intent_id FROM order_ids WHERE party_b = ? AND retired_at = 0"
	queryOrderOfKey   = "SELECT intent_id FROM order_ids WHERE party_a = ? AND client_id = ? AND party_b = ? AND retired_at = 0"
)

// marks has every order of the author's projected anew, where any of them may have
// changed: he may have many, and ask every second.
func (v *vanishing) marks(ctx context.Context) error {
	if v.erased.Boxes == 0 && !v.markAll {
		return nil
	}
	mark := func(t *tx, intentID string) (bool, error) {
		_, err := t.mark(intentID)
		return true, err
	}
	for _, query := range []string{queryOrdersFirst, queryOrdersSecond} {
		if _, err := inBatches(ctx, v.ledger, scanString, mark, query, v.author); err != nil {
			return err
		}
	}
	return nil
}
