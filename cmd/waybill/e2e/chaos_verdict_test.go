//go:build e2e

package e2e

import (
	"database/sql"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// verdict ends the trade and says whether everything is there: what was answered
// OK true is in the ledger, every order has come to what was said about it, and
// Redis holds what a rebuild from nothing would write. The daemon runs, before
// and after.
func (m *market) verdict() (lost, wrong, different int) {
	m.t.Helper()
	m.close()
	m.daemon.alive()
	m.caughtUp()
	lost, wrong = m.kept(), m.lived()
	diff := m.differences()
	if len(diff) > 0 {
		m.t.Errorf("Redis and a rebuild from nothing have %d differences, the first: %v", len(diff), diff[0])
	}
	m.t.Logf("%d events acknowledged, OK p50 %v, p99 %v, max %v; %d orders; %d connections lost; refused: %s",
		m.account.count(), m.account.quantile(0.5), m.account.quantile(0.99), m.account.quantile(1),
		len(m.account.orders), m.account.gone, m.account.refusals())
	if len(m.account.orders) == 0 {
		m.t.Error("no order was played")
	}
	return lost, wrong, len(diff)
}

// peace is verdict, and then that the storm has left nothing behind: no descriptor,
// no goroutine, and no word of an error in the log but those expected. It ends the
// daemon.
func (m *market) peace(expected ...string) {
	m.t.Helper()
	m.verdict()
	m.calm(expected...)
	m.nothingHeld()
}

// calm fails the test where the log tells of a panic, or of an error that is not
// expected.
func (m *market) calm(expected ...string) {
	m.t.Helper()
	for _, line := range m.daemon.log.find(func(l logLine) bool { return l.Level == "error" || l.Level == "not JSON" || l.Panic != "" }) {
		if line.Panic != "" || !slices.Contains(expected, line.Message) {
			m.t.Errorf("the daemon logged: %s", line.text)
		}
	}
}

// caughtUp waits until everything that can be opened is, and is projected.
func (m *market) caughtUp() {
	m.t.Helper()
	book := readLedger(m.t, m.daemon)
	defer book.Close()
	store := must(redisstore.Open(m.redis.URL()))(m.t)
	defer store.Close()
	within(m.t, stubborn, "the order indexes catch up", func() error {
		ctx := m.t.Context()
		unopened, err := book.UnopenedRecipients(ctx)
		if err != nil {
			return err
		}
		for _, inbox := range unopened {
			if !slices.ContainsFunc(m.buyers, func(b *speaker) bool { return b.pubkey == inbox }) {
				return fmt.Errorf("the inbox of %s, whose key is held, is not opened", inbox)
			}
		}
		last, err := book.LastSeq(ctx)
		if err != nil {
			return err
		}
		at, _, err := store.Cursor(ctx)
		if err != nil || at.Ledger != book.ID() || at.Seq != last {
			return fmt.Errorf("the cursor is at %d of %d, error %v", at.Seq, last, err)
		}
		return nil
	})
}

// kept fails the test where something acknowledged is not in the ledger, or the
// file is damaged.
func (m *market) kept() int {
	m.t.Helper()
	intact(m.t, m.daemon)
	book := readLedger(m.t, m.daemon)
	defer book.Close()
	lost := slices.DeleteFunc(slices.Clone(m.account.acked), func(id string) bool { return must(book.Has(m.t.Context(), id))(m.t) })
	if len(lost) > 0 {
		m.t.Errorf("%d of %d acknowledged events are not in the ledger, the first: %s", len(lost), len(m.account.acked), lost[0])
	}
	return len(lost)
}

// lived fails the test where orders have not come to what was said about them, and
// returns how many.
func (m *market) lived() int {
	m.t.Helper()
	x := dialRedis(m.t, m.redis.URL())
	var wrong []string
	for _, p := range m.account.orders {
		got, err := x.read(p.id)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("order %s: %v", p.id, err))
		} else if got.Status != p.status || got.Payment != p.payment || len(got.Timeline) != len(p.says) {
			wrong = append(wrong, fmt.Sprintf("order %s is %s, payment %s, after %d messages; want %s, payment %s, after %d: %q",
				p.id, got.Status, got.Payment, len(got.Timeline), p.status, p.payment, len(p.says), told(got)))
		}
	}
	if len(wrong) > 0 {
		m.t.Errorf("%d of %d orders have not come to what was said about them, the first: %s", len(wrong), len(m.account.orders), wrong[0])
	}
	return len(wrong)
}

// differences compares Redis with what `waybill rebuild` writes into an empty one,
// key by key.
func (m *market) differences() []redisstore.Difference {
	m.t.Helper()
	fresh := redistest.Start(m.t)
	defer fresh.Kill()
	other := *m.daemon
	other.env = map[string]string{}
	for k, v := range m.daemon.env {
		other.env[k] = v
	}
	other.env["REDIS_URL"] = fresh.URL()
	other.do("rebuild")
	return redisstore.Diff(snapshot(m.t, m.redis.URL()), snapshot(m.t, fresh.URL()))
}

// intact asks SQLite whether every page and index of the ledger is as it should be.
func intact(t *testing.T, d *daemon) {
	t.Helper()
	file := url.URL{Scheme: "file", OmitHost: true, Path: d.ledgerFile(), RawQuery: "mode=ro"}
	db := must(sql.Open("sqlite", file.String()))(t)
	defer db.Close()
	var says string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&says); err != nil || says != "ok" {
		t.Errorf("the ledger's integrity_check says %q, %v", says, err)
	}
}
