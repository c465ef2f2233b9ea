package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay"
)

// scrape is every series that /metrics shows (name{labels} → value), and the text.
func scrape(t *testing.T, d *daemon) (map[string]float64, string) {
	t.Helper()
	status, text := get(t, "http://"+d.scraped.listener.Addr().String()+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("HTTP %d: %s", status, text)
	}
	series := map[string]float64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, _ := strings.Cut(line[:strings.LastIndex(line, " ")+1]+"\x00"+line[strings.LastIndex(line, " ")+1:], " \x00")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		series[name] = v
	}
	return series, text
}

// shows waits until the series have these values.
func shows(t *testing.T, d *daemon, want map[string]float64) {
	t.Helper()
	var got map[string]float64
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		got, _ = scrape(t, d)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(want)), func(name string) bool { v, ok := got["waybill_"+name]; return !ok || v != want[name] }) {
			return
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if v, ok := got["waybill_"+name]; !ok || v != want[name] {
			t.Errorf("%s = %v (there: %v), want %v", name, v, ok, want[name])
		}
	}
}

// The lives of orders move the metrics, once each: not again when the indexes are
// built anew, and not again after a restart. Nobody is named.
func TestMetrics(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	m := newMarket(t, func(c *config) { c.Redis.URL, c.Metrics.Listen = server.URL(), "127.0.0.1:0" })
	m.sells("A-1")
	at := time.Now().Add(-time.Hour)
	total := int64(100)
	intent := orders.Draft{Verb: orders.Intent, Public: orders.Public{Amount: &total}, Private: orders.Private{ShippingAddress: "Hidden Lane 1"}}
	say := func(id string, who *nip17.SecretSigner, d orders.Draft) {
		t.Helper()
		d.OrderID, at = id, at.Add(time.Minute)
		m.says(who, d, at)
	}
	say("A-2", m.buyer, intent)
	say("A-2", m.seller, orders.Draft{Verb: orders.Cancel, Private: orders.Private{Reason: "Hidden Lane 2"}})
	say("A-3", m.buyer, intent)
	say("A-3", m.buyer, orders.Draft{Verb: orders.Paid})
	say("A-3", m.buyer, orders.Draft{Verb: orders.Dispute, Private: orders.Private{Reason: "Hidden Lane 3"}})
	say("A-3", m.seller, orders.Draft{Verb: orders.Paid}) // not his to say
	m.await("A-3", orders.StatusDisputed)

	o, err := m.store.Order(t.Context(), "A-1")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m.views.Viewed(o, m.buyer.PublicKey())
		m.views.Viewed(o, m.seller.PublicKey())
	}
	m.views.write(t.Context())
	m.views.Viewed(o, m.buyer.PublicKey())
	m.views.write(t.Context())

	if resp, err := http.Get(strings.Replace(m.cfg.Relay.PublicURLs[0], "ws://", "http://", 1) + "/api/v1/relay"); err != nil || resp.Body.Close() != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		`orders_created_total{source="gamma"}`: 3, `orders_tracked_total`: 2, `orders_paid_total`: 1, `orders_viewed_total`: 1,
		`orders_closed_total{outcome="completed"}`: 1, `orders_closed_total{outcome="declined"}`: 1, `orders_closed_total{outcome="cancelled"}`: 0,
		`orders_facts_total{fact="intent",result="applied",via="wrap"}`: 3,
		`orders_facts_total{fact="paid",result="ignored",via="wrap"}`:   1,
		`order_status_duration_seconds_count{status="shipped"}`:         1, `order_status_duration_seconds_sum{status="shipped"}`: 60,
		`order_status_duration_seconds_bucket{status="shipped",le="60"}`: 1,
		`disputes_opened_total{reason="none"}`:                           1, `disputes_open`: 1,
		`transition_refused_total{action="paid",reason="wrong-role"}`: 1,
		`orders_known`: 3, `orders_indexed`: 3, `orders{status="disputed"}`: 1, `orders{status="paid"}`: 0,
		`projector_lag_records`: 0, `source_up{source="indexes"}`: 1,
		`inbox_messages{reason="",state="waiting"}`: 0, `signers{state="online"}`: 0, `signer_waiting_messages`: 0,
		`api_requests_total{code="200",route="GET /api/v1/relay"}`: 1,
		`limits_hit_total{limit="connections"}`:                    0,
	}
	shows(t, m.daemon, want)
	series, text := scrape(t, m.daemon)
	for _, name := range []string{
		"waybill_dm_unwrap_seconds_count{by=\"local\"}", "waybill_bytes_in_flight", "waybill_connections", "waybill_ledger_commits_total",
		"waybill_relay_events_total{kind=\"wrap\",result=\"stored\"}", "waybill_orders_oldest_seconds{status=\"disputed\"}",
		"go_goroutines", "process_resident_memory_bytes",
	} {
		if _, ok := series[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	for _, hidden := range []string{
		m.buyer.PublicKey(), orders.Npub(m.buyer.PublicKey()), m.seller.PublicKey(), orders.Npub(m.seller.PublicKey()), m.identity.PublicKey(),
		"A-1", "A-2", "A-3", "Hidden Lane", "Porto", "Mug", "127.0.0.1",
	} {
		if strings.Contains(text, hidden) {
			t.Errorf("the metrics show %q", hidden)
		}
	}

	// Redis is emptied, and filled from the ledger; somebody rebuilds by hand; and it
	// goes on from there.
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	direct := redis.NewClient(options)
	defer direct.Close()
	if err := direct.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	m.await("A-3", orders.StatusDisputed)
	if _, err := relay.Rebuild(t.Context(), m.ledger, m.store, nil); err != nil && orders.ErrorCode(err) != orders.ECONFLICT {
		t.Fatal(err)
	}
	shows(t, m.daemon, want)
	say("A-3", m.buyer, orders.Draft{Verb: orders.Resolved, Public: orders.Public{Outcome: orders.OutcomeResume}})
	shows(t, m.daemon, map[string]float64{
		`orders_created_total{source="gamma"}`: 3, `disputes_closed_total{outcome="resume"}`: 1, `disputes_opened_total{reason="none"}`: 1, `disputes_open`: 0,
	})

	// Without Redis its gauges are missing, and all else is there.
	server.Kill()
	shows(t, m.daemon, map[string]float64{`source_up{source="indexes"}`: 0})
	series, _ = scrape(t, m.daemon)
	if _, there := series["waybill_orders_indexed"]; there || series[`waybill_source_up{source="indexes"}`] != 0 || series["waybill_orders_known"] != 3 {
		t.Errorf("without Redis: indexed there: %v, up: %v, known: %v", there, series[`waybill_source_up{source="indexes"}`], series["waybill_orders_known"])
	}
	server.Restart()
}

// A process counts what it takes itself, and nothing that was there before.
func TestMetricsAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := defaults()
	cfg.DataDir, cfg.Relay.Listen, cfg.Metrics.Listen = dir, "127.0.0.1:0", "127.0.0.1:0"
	cfg.Redis.Embedded = "memory" // built from the ledger at every start
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	run := func(do func(m *market)) {
		ctx, cancel := context.WithCancel(t.Context())
		d, err := openDaemon(ctx, cfg, zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- d.run(ctx) }()
		do(marketOf(t, d))
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}
	run(func(m *market) {
		m.sells("A-1")
		shows(t, m.daemon, map[string]float64{`orders_created_total{source="gamma"}`: 1, `orders_closed_total{outcome="completed"}`: 1, `orders_indexed`: 1})
	})
	run(func(m *market) {
		m.await("A-1", orders.StatusDelivered)
		shows(t, m.daemon, map[string]float64{`orders_created_total{source="gamma"}`: 0, `orders_closed_total{outcome="completed"}`: 0, `orders_indexed`: 1})
		m.sells("A-2")
		shows(t, m.daemon, map[string]float64{`orders_created_total{source="gamma"}`: 1, `orders_indexed`: 2})
	})
}

// The usual address may be taken: then there are no metrics, and a relay all the same.
// Whoever asks there by a name of the Web is turned away.
func TestMetricsAuto(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func(usual string) { metricsAuto = usual }(metricsAuto)
	metricsAuto = l.Addr().String()
	var log bytes.Buffer
	cfg := defaults()
	cfg.DataDir, cfg.Relay.Listen, cfg.Redis.Embedded = t.TempDir(), "127.0.0.1:0", "memory"
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	d, err := openDaemon(t.Context(), cfg, zerolog.New(&log))
	if err != nil {
		t.Fatal(err)
	}
	if d.scraped != nil || !strings.Contains(log.String(), "this address is taken") {
		t.Errorf("the address is taken: got %v, %s", d.scraped, log.String())
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
	l.Close()
	d = startDaemon(t, func(c *config) { c.Metrics.Listen = auto })
	if d.scraped == nil {
		t.Fatal("the address is free, and there are no metrics")
	}
	for host, want := range map[string]int{"": http.StatusOK, "localhost:7449": http.StatusOK, "[::1]:7449": http.StatusOK, "evil.example": http.StatusMisdirectedRequest} {
		req, err := http.NewRequest(http.MethodGet, "http://"+metricsAuto+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := frontDoor.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("asked as %q: HTTP %d, want %d", host, resp.StatusCode, want)
		}
	}
}

// One address for both is one listener.
func TestMetricsByAdmin(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	d := startDaemon(t, func(c *config) { c.Admin.Listen, c.Metrics.Listen = address, address })
	for path, want := range map[string]string{"/metrics": "waybill_build_info", "/healthz": "ok"} {
		if status, text := get(t, "http://"+address+path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: HTTP %d, %.200s", path, status, text)
		}
	}
	if d.scraped != nil {
		t.Error("there are two listeners")
	}
}
