package ledger

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/waybill-relay/waybill/orders"
)

// TakeCase notes that an admin (hex) works on the dispute of an order from at (ms) on.
// from is whom he saw working on it, "" for nobody: of two who take it at once one gets
// it. Who has it already keeps it, with the new time. ECONFLICT: it is another's by
// now. ENOTFOUND: there is no such order, or it was retired.
func (l *Ledger) TakeCase(ctx context.Context, intentID, admin, from string, at int64) error {
	_, err := write(ctx, l, "taking a dispute", func(t *tx) (none struct{}, err error) {
		n, err := t.exec(`
			INSERT INTO dispute_cases (intent_id, admin, taken_at)
			SELECT intent_id, ?1, ?2 FROM order_ids WHERE intent_id = ?3 AND retired_at = 0
			ON CONFLICT (intent_id) DO UPDATE SET admin = excluded.admin, taken_at = excluded.taken_at
				WHERE dispute_cases.admin IN (excluded.admin, ?4)`, admin, at, intentID, from)
		if err != nil || n > 0 {
			return none, err
		}
		var taken bool
		if _, err := t.get([]any{&taken}, "SELECT EXISTS (SELECT 1 FROM dispute_cases WHERE intent_id = ?)", intentID); err != nil {
			return none, err
		}
		if taken {
			return none, orders.Errorf(orders.ECONFLICT, "somebody else has taken this dispute")
		}
		return none, orders.Errorf(orders.ENOTFOUND, "no such order")
	})
	return err
}

// ReleaseCase notes that the admin (hex) works on the dispute of an order no more. It
// is no error where he did not.
func (l *Ledger) ReleaseCase(ctx context.Context, intentID, admin string) error {
	_, err := write(ctx, l, "releasing a dispute", func(t *tx) (none struct{}, err error) {
		_, err = t.exec("DELETE FROM dispute_cases WHERE intent_id = ? AND admin = ?", intentID, admin)
		return none, err
	})
	return err
}

const queryCases = `
	SELECT c.intent_id, c.admin, c.taken_at FROM json_each(?) AS wanted JOIN dispute_cases c ON c.intent_id = wanted.value`

// Cases tells who took the disputes of these orders last; those that nobody did are
// not there. Whether it is the present dispute's, orders.Case.Of knows.
func (l *Ledger) Cases(ctx context.Context, intentIDs []string) (map[string]orders.Case, error) {
	cases := map[string]orders.Case{}
	wanted, err := json.Marshal(intentIDs)
	if err != nil {
		return nil, err
	}
	_, err = all(ctx, l.reads, func(rows *sql.Rows) (none struct{}, err error) {
		var id string
		var c orders.Case
		err = rows.Scan(&id, &c.Admin, &c.TakenAt)
		cases[id] = c
		return none, err
	}, queryCases, string(wanted))
	return cases, failed("reading who took disputes", err)
}
