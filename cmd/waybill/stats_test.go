package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// The measures in words and as JSON, and an order that Redis has lost.
func TestStats(t *testing.T) {
	server := redistest.Start(t)
	m := newMarket(t, func(c *config) { c.Redis.URL = server.URL() })
	t.Setenv("WAYBILL_REDIS_URL", server.URL())
	m.sells("A-1")
	m.sells("A-2")
	total := int64(5)
	m.says(m.buyer, orders.Draft{Verb: orders.Intent, OrderID: "A-3", Public: orders.Public{Amount: &total}}, time.Now().Add(-3*time.Minute))
	m.says(m.buyer, orders.Draft{Verb: orders.Paid, OrderID: "A-3"}, time.Now().Add(-2*time.Minute))
	m.says(m.buyer, orders.Draft{Verb: orders.Dispute, OrderID: "A-3"}, time.Now().Add(-time.Minute))
	m.await("A-3", orders.StatusDisputed)
	o, err := m.store.Order(t.Context(), "A-2")
	if err != nil {
		t.Fatal(err)
	}
	m.views.Viewed(o, m.buyer.PublicKey())
	m.views.write(t.Context())

	says := func(args []string, want ...string) {
		t.Helper()
		out := mustCLI(t, m.cfg.DataDir, append([]string{"stats"}, args...)...)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("stats %v does not say %q:\n%s", args, w, out)
			}
		}
	}
	says(nil, "3 of 3 orders that messages have begun are in the indexes", "in 2 of 3 orders the seller", "2 of 2 orders that ended were delivered",
		"1 disputed, 1 were paid; 1 open now", "target below 5 %: MISSED", "at 1 of 3 orders their buyer looked", "  shipped         60 s", "Messages that wait for a key  0")
	says([]string{"--since", "all"}, "All orders: 3")
	says([]string{"--since", "10m"}, "1 of 1 orders that messages have begun", "at 0 of 1 orders")

	if _, err := m.store.Remove(t.Context(), "A-1"); err != nil {
		t.Fatal(err)
	}
	says([]string{"--since", "all"}, "66.7 %", "2 of 3 orders that messages have begun are in the indexes", "MISSED, see waybill rebuild --check")

	var r report
	if err := json.Unmarshal([]byte(mustCLI(t, m.cfg.DataDir, "stats", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Orders != 2 || r.Tracking == nil || *r.Tracking.Ratio != 0.6667 || r.Completion.ByOutcome[orders.ClosedCompleted] != 1 || r.Engagement.N != 1 || len(r.Stays) == 0 {
		t.Errorf("JSON: got %+v", r)
	}
	for _, wrong := range []string{"yesterday", "-5d", "0s", "2026-13-01"} {
		if _, err := cli(t, m.cfg.DataDir, "stats", "--since", wrong); orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("--since %s: %v", wrong, err)
		}
	}
}
