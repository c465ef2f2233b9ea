package ledger

import (
	"context"
	"database/sql"
)

// A Lane is a way on which something is due.
type Lane struct {
	Name   string
	NextAt int64 // ms: when the first of it is to be tried
}

// The queries of the sender. Each is answered by an index that holds what is due
// alone (TestPlans).
const (
	queryLanes   = "SELECT lane, min(next_at) FROM notices WHERE state = 'due' GROUP BY lane"
	queryInTime  = selectNotice + " WHERE state = 'due' AND lane = ? AND next_at <= ? ORDER BY next_at LIMIT ?"
	queryInOrder = selectNotice + " WHERE state = 'due' AND lane = ? ORDER BY id LIMIT 1"
)

// DueLanes returns every lane on which something is due, now or later.
func (l *Ledger) DueLanes(ctx context.Context) ([]Lane, error) {
	lanes, err := all(ctx, l.reads, func(rows *sql.Rows) (lane Lane, err error) {
		err = rows.Scan(&lane.Name, &lane.NextAt)
		return lane, err
	}, queryLanes)
	return lanes, failed("reading what is due", err)
}

// DueNotices returns up to limit notices of the lane that are due at now (ms), the
// one that waits longest first.
func (l *Ledger) DueNotices(ctx context.Context, lane string, now int64, limit int) ([]Notice, error) {
	notices, err := all(ctx, l.reads, scanNotice, queryInTime, lane, now, max(limit, 0))
	return notices, failed("reading what is due", err)
}

// FirstDue returns the notice of the lane that was decided first, due now or later.
func (l *Ledger) FirstDue(ctx context.Context, lane string) (n Notice, ok bool, err error) {
	notices, err := all(ctx, l.reads, scanNotice, queryInOrder, lane)
	if err != nil || len(notices) == 0 {
		return Notice{}, false, failed("reading what is due", err)
	}
	return notices[0], true, nil
}

// HoldLane lets nothing on the lane be due before until (ms).
func (l *Ledger) HoldLane(ctx context.Context, lane string, until int64) error {
	_, err := write(ctx, l, "holding notices back", func(t *tx) (struct{}, error) { return struct{}{}, t.holdLane(lane, until) })
	return err
}

func (t *tx) holdLane(lane string, until int64) error {
	_, err := t.exec("UPDATE notices SET next_at = ?1 WHERE state = 'due' AND lane = ?2 AND next_at < ?1", until, lane)
	return err
}

// An Attempt is what became of one try to send a notice.
type Attempt struct {
	State  NoticeState // NoticeDue: it is to be tried again at NextAt
	At     int64       // ms
	NextAt int64       // ms
	Error  string      // a code; "" where it was sent
	Hold   bool        // nothing else on its lane goes before it

	Delivery *Delivery // of a webhook
	Disable  string    // why the webhook is disabled from now on; "" for not
}

// A Delivery is one try to post a notice to a webhook.
type Delivery struct {
	ID      int64
	Notice  int64
	Webhook string
	At      int64 // ms
	Took    int64 // ms
	Status  int   // HTTP's; 0: there was no answer
	Error   string
	Again   bool // somebody has asked for it; Settle sees that by itself
}

// Settle writes down what became of a try, in one transaction: of the notice, of
// its webhook and of what else is due on its lane. A webhook that has failed
// mostFailures times with nothing between that succeeded is disabled (0: never).
// disabled tells that it is now. A notice that is not due any more stays as it is.
func (l *Ledger) Settle(ctx context.Context, n Notice, a Attempt, mostFailures int) (disabled bool, err error) {
	return write(ctx, l, "settling a notice", func(t *tx) (bool, error) { return t.settle(&n, &a, mostFailures) })
}

func (t *tx) settle(n *Notice, a *Attempt, mostFailures int) (disabled bool, err error) {
	var settled int64
	if a.State != NoticeDue {
		settled = a.At
	}
	changed, err := t.exec(`
		UPDATE notices SET state = ?, attempts = attempts + ?, next_at = ?, settled_at = ?, last_error = ? WHERE id = ? AND state = 'due'`,
		string(a.State), a.State != NoticeDropped, max(a.NextAt, n.NextAt), settled, a.Error, n.ID)
	if err != nil || changed == 0 {
		return false, err
	}
	if a.Hold && a.State == NoticeDue {
		if err := t.holdLane(n.Lane, a.NextAt); err != nil {
			return false, err
		}
	}
	d := a.Delivery
	if d == nil {
		return false, nil
	}
	// A notice that was made due again has been tried more often than it says itself.
	_, err = t.exec(`
		INSERT INTO deliveries (notice, webhook, at, took, status, error, again)
		SELECT id, ?, ?, ?, ?, ?, (SELECT count(*) FROM deliveries WHERE notice = notices.id) >= attempts FROM notices WHERE id = ?`,
		n.Lane, d.At, d.Took, d.Status, d.Error, n.ID)
	if err != nil {
		return false, err
	}
	if a.State == NoticeSent {
		_, err = t.exec("UPDATE webhooks SET failures = 0 WHERE id = ? AND failures > 0", n.Lane)
		return false, err
	}
	var failures int
	if _, err := t.get([]any{&failures}, "UPDATE webhooks SET failures = failures + 1 WHERE id = ? RETURNING failures", n.Lane); err != nil {
		return false, err
	}
	why := a.Disable
	if why == "" && mostFailures > 0 && failures >= mostFailures {
		why = "failures"
	}
	if why == "" {
		return false, nil
	}
	return true, t.disableWebhook(n.Lane, why, a.At)
}

// settleDelivered settles the notice with the row of the message that it is; ok is
// false where it is not due any more.
func (t *tx) settleDelivered(id, at int64) (ok bool, err error) {
	n, err := t.exec("UPDATE notices SET state = 'sent', attempts = attempts + 1, settled_at = ?, last_error = '' WHERE id = ? AND state = 'due'", at, id)
	return n > 0, err
}

// Deliveries returns up to limit deliveries to the webhook, the newest first, with
// ids below before (0: all).
func (l *Ledger) Deliveries(ctx context.Context, webhook string, before int64, limit int) ([]Delivery, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	ds, err := all(ctx, l.reads, func(rows *sql.Rows) (d Delivery, err error) {
		err = rows.Scan(&d.ID, &d.Notice, &d.Webhook, &d.At, &d.Took, &d.Status, &d.Error, &d.Again)
		return d, err
	}, queryDeliveries, webhook, before, max(limit, 0))
	return ds, failed("reading deliveries", err)
}

const queryDeliveries = `
	SELECT id, notice, webhook, at, took, status, error, again FROM deliveries WHERE webhook = ? AND id < ? ORDER BY id DESC LIMIT ?`
