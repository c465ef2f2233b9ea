//go:build e2e

package e2e

import (
	"os"
	"testing"
	"time"
)

// TestRedisEmptied: a Redis that comes back with nothing is filled from the ledger,
// while the relay goes on taking messages as if nothing were.
func TestRedisEmptied(t *testing.T) {
	m := newMarket(t, marketOf{})
	for range 3 {
		m.sold(150)
		m.redis.Replace()
	}
	m.sold(150)
	m.unshaken()
	m.peace()
}

// TestRedisRolledBack: a Redis that comes back without what it wrote last, cut off
// at any byte, is brought up to date from where it says that it is.
func TestRedisRolledBack(t *testing.T) {
	m := newMarket(t, marketOf{})
	r := random(t)
	for range 5 {
		m.sold(60)
		kept := m.redis.written()
		m.sold(60)
		m.redis.rollBack(kept, r.Float64())
	}
	m.sold(60)
	m.unshaken()
	m.peace()
}

// TestRedisGone: without Redis, for E2E_OUTAGE (8s), the relay takes every message,
// and the orders catch up by themselves.
func TestRedisGone(t *testing.T) {
	outage := 8 * time.Second
	if s := os.Getenv("E2E_OUTAGE"); s != "" {
		var err error
		if outage, err = time.ParseDuration(s); err != nil {
			t.Fatalf("E2E_OUTAGE: %v", err)
		}
	}
	m := newMarket(t, marketOf{})
	m.sold(100)
	m.redis.Kill()
	before, over := m.account.count(), time.After(outage)
	<-over
	during := m.account.count() - before
	t.Logf("%d events acknowledged in %v without Redis", during, outage)
	if during == 0 {
		t.Error("nothing was taken while Redis was gone")
	}
	m.redis.Restart()
	m.sold(100)
	m.unshaken()
	m.peace()
}

// unshaken fails the test where a client saw anything of what befell Redis: it is
// none of a sender's business.
func (m *market) unshaken() {
	m.t.Helper()
	if m.account.gone > 0 || m.account.refusals() != "none" {
		m.t.Errorf("%d connections were lost, and refused were: %s; want nothing of both", m.account.gone, m.account.refusals())
	}
}
