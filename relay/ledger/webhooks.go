package ledger

import (
	"context"
	"database/sql"

	"github.com/waybill-relay/waybill/orders"
)

// A Webhook is where notices are posted to.
type Webhook struct {
	ID        string
	Owner     string // public key (hex); "" for the operator
	Sealed    string // URL and secrets, sealed; "" where they stand in the configuration
	Events    string // a list with commas
	CreatedAt int64  // ms
	Failures  int    // with no success since
	Disabled  string // why nothing is sent; "" where it is
}

const selectWebhook = "SELECT id, owner, sealed, events, created_at, failures, disabled FROM webhooks"

func scanWebhook(rows *sql.Rows) (w Webhook, err error) {
	err = rows.Scan(&w.ID, &w.Owner, &w.Sealed, &w.Events, &w.CreatedAt, &w.Failures, &w.Disabled)
	return w, err
}

const (
	queryWebhooksOf = selectWebhook + " WHERE owner = ? ORDER BY created_at, id"
	queryWebhook    = selectWebhook + " WHERE id = ?"
)

// Webhooks returns the webhooks of owner (hex; "" for the operator's), the first
// first.
func (l *Ledger) Webhooks(ctx context.Context, owner string) ([]Webhook, error) {
	ws, err := all(ctx, l.reads, scanWebhook, queryWebhooksOf, owner)
	return ws, failed("reading webhooks", err)
}

// Webhook returns one; ok is false where there is none.
func (l *Ledger) Webhook(ctx context.Context, id string) (w Webhook, ok bool, err error) {
	ws, err := all(ctx, l.reads, scanWebhook, queryWebhook, id)
	if err != nil || len(ws) == 0 {
		return w, false, failed("reading webhooks", err)
	}
	return ws[0], true, nil
}

// AddWebhook adds one. ECONFLICT where its owner has most already, or the id is taken.
func (l *Ledger) AddWebhook(ctx context.Context, w Webhook, most int) error {
	_, err := write(ctx, l, "adding a webhook", func(t *tx) (struct{}, error) {
		var have int
		if _, err := t.get([]any{&have}, "SELECT count(*) FROM webhooks WHERE owner = ?", w.Owner); err != nil {
			return struct{}{}, err
		}
		if have >= most {
			return struct{}{}, orders.Errorf(orders.ECONFLICT, "there are %d webhooks already: remove one first", have)
		}
		n, err := t.exec("INSERT INTO webhooks (id, owner, sealed, events, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
			w.ID, w.Owner, w.Sealed, w.Events, w.CreatedAt)
		if err == nil && n == 0 {
			err = orders.Errorf(orders.ECONFLICT, "this webhook is here already")
		}
		return struct{}{}, err
	})
	return err
}

// ChangeWebhook changes what is sealed and which events are posted, and enables it
// again. ENOTFOUND where owner has none of that id.
func (l *Ledger) ChangeWebhook(ctx context.Context, w Webhook) error {
	return l.changeWebhook(ctx, "UPDATE webhooks SET sealed = ?, events = ?, failures = 0, disabled = '' WHERE id = ? AND owner = ?", w.Sealed, w.Events, w.ID, w.Owner)
}

func (l *Ledger) changeWebhook(ctx context.Context, query string, args ...any) error {
	_, err := write(ctx, l, "changing a webhook", func(t *tx) (struct{}, error) {
		n, err := t.exec(query, args...)
		if err == nil && n == 0 {
			err = orders.Errorf(orders.ENOTFOUND, "no such webhook of yours is here")
		}
		return struct{}{}, err
	})
	return err
}

// RemoveWebhook takes one away, with what was due there. ENOTFOUND as above.
func (l *Ledger) RemoveWebhook(ctx context.Context, id, owner string, now int64) error {
	_, err := write(ctx, l, "removing a webhook", func(t *tx) (struct{}, error) {
		n, err := t.exec("DELETE FROM webhooks WHERE id = ? AND owner = ?", id, owner)
		if err == nil && n == 0 {
			err = orders.Errorf(orders.ENOTFOUND, "no such webhook of yours is here")
		}
		if err != nil {
			return struct{}{}, err
		}
		if _, err := t.exec("DELETE FROM deliveries WHERE webhook = ?", id); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, t.dropDue(id, "removed", now)
	})
	return err
}

// KeepWebhooks makes the operator's webhooks those that are given: others of his
// are removed, new ones added, and what is known of the rest is kept.
func (l *Ledger) KeepWebhooks(ctx context.Context, given []Webhook, now int64) error {
	_, err := write(ctx, l, "keeping the configured webhooks", func(t *tx) (struct{}, error) {
		have, err := list(t, scanWebhook, queryWebhooksOf, "")
		if err != nil {
			return struct{}{}, err
		}
		keep := map[string]bool{}
		for _, w := range given {
			keep[w.ID] = true
			_, err := t.exec(`INSERT INTO webhooks (id, owner, sealed, events, created_at) VALUES (?, '', '', ?, ?)
				ON CONFLICT (id) DO UPDATE SET events = excluded.events`, w.ID, w.Events, now)
			if err != nil {
				return struct{}{}, err
			}
		}
		for _, w := range have {
			if keep[w.ID] {
				continue
			}
			if _, err := t.exec("DELETE FROM webhooks WHERE id = ?", w.ID); err != nil {
				return struct{}{}, err
			}
			if err := t.dropDue(w.ID, "removed", now); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

// EnableWebhook has notices posted to a webhook again that was disabled. ENOTFOUND.
func (l *Ledger) EnableWebhook(ctx context.Context, id, owner string) error {
	return l.changeWebhook(ctx, "UPDATE webhooks SET failures = 0, disabled = '' WHERE id = ? AND owner = ?", id, owner)
}

func (t *tx) disableWebhook(id, why string, now int64) error {
	if _, err := t.exec("UPDATE webhooks SET disabled = ? WHERE id = ?", why, id); err != nil {
		return err
	}
	return t.dropDue(id, "disabled", now)
}

func (t *tx) dropDue(lane, why string, now int64) error {
	_, err := t.exec("UPDATE notices SET state = 'dropped', last_error = ?, settled_at = ? WHERE state = 'due' AND lane = ?", why, now, lane)
	return err
}
