package metrics

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/wire"
)

// Sources are whom the gauges are asked of. One that fails leaves its metrics out: a
// number that is not known must not look like one that is.
type Sources struct {
	Indexes func(context.Context) (redisstore.Census, error)
	Orders  func(context.Context) (int64, error) // that stand in the ledger
	Inbox   func(context.Context) ([]ledger.InboxCount, error)
	Lag     func(context.Context) (behind int64, since time.Duration, err error)
	Ledger  func() ledger.Stats
	Wire    func() wire.Stats
	// Signers counts the remote signers by state, and Waiting the messages that wait for one.
	Signers func() map[string]int
	Waiting func(context.Context) (int, error)
	// Sessions counts those who have signed in, each device by itself.
	Sessions func(context.Context) (int64, error)
}

const (
	// askWithin bounds the questions of one scrape.
	askWithin = 3 * time.Second
	// freshFor is how long the answers stand: many who ask cost as much as one.
	freshFor = 2 * time.Second
)

// Watch adds the gauges. Call it once.
func (m *Metrics) Watch(s Sources) {
	m.registry.MustRegister(&gauges{sources: s, now: time.Now})
}

// gauges are counted when somebody asks: a relay that nobody watches counts nothing.
type gauges struct {
	sources Sources
	now     func() time.Time

	mu    sync.Mutex
	last  []prometheus.Metric
	asked time.Time
}

// desc is a metric of the gauges.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(Prefix+name, help, labels, nil)
}

var (
	ordersKnown   = desc("orders_known", "Orders in the ledger that were not erased.")
	ordersIndexed = desc("orders_indexed", "Orders in the order indexes.")
	ordersStatus  = desc("orders", "Orders in the order indexes, by status.", "status")
	ordersOldest  = desc("orders_oldest_seconds", "How long ago the oldest order that is in this status was created.", "status")
	disputesOpen  = desc("disputes_open", "Orders that are disputed.")
	inboxMessages = desc("inbox_messages", "Messages that are not opened, by state and, where they cannot be read, by reason.", "state", "reason")
	lagRecords    = desc("projector_lag_records", "Facts that are not in the order indexes yet.")
	lagSeconds    = desc("projector_lag_seconds", "For how long the oldest of them has waited.")
	ledgerEntries = desc("ledger_entries_total", "What was written into the ledger.")
	ledgerCommits = desc("ledger_commits_total", "Commits, each of them on disk, that it took.")
	signers       = desc("signers", "Remote signers, by state.", "state")
	signerWaiting = desc("signer_waiting_messages", "Messages that wait for a remote signer.")
	sessions      = desc("ui_sessions_active", "Sessions that are not over: who has signed in, each device by itself.")
	connections   = desc("connections", "Open connections.")
	unanswered    = desc("messages_in_flight", "Messages of clients that are not answered yet.")
	inFlight      = desc("bytes_in_flight", "What those weigh.")
	partial       = desc("partial_bytes", "Bytes of messages that have not come in whole.")
	limited       = desc("limits_hit_total", "What was refused, or closed, because of a limit.", "limit")
	sourceUp      = desc("source_up", "Whether what the gauges are asked of answers: 0 where it does not, and its gauges are missing.", "source")
)

// Describe sends nothing: which metrics there are depends on who answers.
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect sends the gauges as they are now.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.now(); g.last == nil || now.Sub(g.asked) >= freshFor {
		g.last, g.asked = g.count(), now
	}
	for _, m := range g.last {
		ch <- m
	}
}

func (g *gauges) count() (out []prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...))
	}
	up := func(source string, err error) bool {
		v := 1.0
		if err != nil {
			v = 0
		}
		gauge(sourceUp, v, source)
		return err == nil
	}
	s := g.sources

	if c, err := s.Indexes(ctx); up("indexes", err) {
		gauge(ordersIndexed, float64(c.Total))
		for _, status := range orders.Statuses {
			n := c.Statuses[status]
			gauge(ordersStatus, float64(n.N), string(status))
			if n.N > 0 {
				gauge(ordersOldest, max(0, float64(g.now().UnixMilli()-n.Oldest)/1000), string(status))
			}
		}
		gauge(disputesOpen, float64(c.Statuses[orders.StatusDisputed].N))
	}
	known, err := s.Orders(ctx)
	if up("ledger", err) {
		gauge(ordersKnown, float64(known))
	}
	if counts, err := s.Inbox(ctx); up("inbox", err) {
		for _, c := range counts {
			gauge(inboxMessages, float64(c.N), string(c.State), c.Reason)
		}
	}
	if behind, since, err := s.Lag(ctx); up("tracker", err) {
		gauge(lagRecords, float64(behind))
		gauge(lagSeconds, since.Seconds())
	}
	states := s.Signers()
	for _, state := range slices.Sorted(maps.Keys(states)) {
		gauge(signers, float64(states[state]), state)
	}
	if n, err := s.Waiting(ctx); up("signers", err) {
		gauge(signerWaiting, float64(n))
	}
	if n, err := s.Sessions(ctx); up("sessions", err) {
		gauge(sessions, float64(n))
	}
	written := s.Ledger()
	counter(ledgerEntries, float64(written.Entries))
	counter(ledgerCommits, float64(written.Commits))
	held := s.Wire()
	gauge(connections, float64(held.Connections))
	gauge(unanswered, float64(held.Messages))
	gauge(inFlight, float64(held.InFlight))
	gauge(partial, float64(held.Partial))
	for _, why := range slices.Sorted(maps.Keys(held.Refused)) {
		counter(limited, float64(held.Refused[why]), why)
	}
	return out
}
