package metrics

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/wire"
)

// sound are sources that all answer.
func sound() Sources {
	return Sources{
		Indexes: func(context.Context) (redisstore.Census, error) {
			return redisstore.Census{Total: 2, Statuses: map[orders.Status]redisstore.StatusCount{orders.StatusPaid: {N: 2, Oldest: 1}}}, nil
		},
		Orders: func(context.Context) (int64, error) { return 2, nil },
		Inbox: func(context.Context) ([]ledger.InboxCount, error) {
			return []ledger.InboxCount{{State: ledger.Unreadable, Reason: "decrypt", N: 3}}, nil
		},
		Lag:     func(context.Context) (int64, time.Duration, error) { return 1, time.Second, nil },
		Ledger:  func() ledger.Stats { return ledger.Stats{Entries: 5, Commits: 4} },
		Wire:    func() wire.Stats { return wire.Stats{Connections: 1, Refused: map[string]uint64{"connections": 2}} },
		Signers: func() map[string]int { return map[string]int{"online": 1} },
		Waiting: func(context.Context) (int, error) { return 1, nil },

		Sessions: func(context.Context) (int64, error) { return 3, nil },
	}
}

// all has counted one of everything.
func all(s Sources) *Metrics {
	m := New("test")
	m.Watch(s)
	m.Event("wrap", "stored")
	m.Opened(time.Millisecond, true)
	m.Message("wrap", ledger.Unreadable, "decrypt")
	m.Message("wrap", ledger.Opened, "bad-json")
	m.Message("wrap", ledger.Opened, "")
	m.Unplaced(orders.Note, orders.ByWrap)
	m.Viewed()
	m.Replayed()
	m.PageViewed("order", "buyer")
	m.PageViewed("keys", "")
	m.Notice("webhook", "sent")
	m.Delivery(204)
	m.Request("GET /api/v1/keys", 200, time.Millisecond)
	m.Progress(orders.Progress{
		Created: true, Source: "gamma", Answered: true, Paid: true, Closed: orders.ClosedCompleted, Disputed: 1,
		Left: []orders.Left{{Status: orders.StatusPaid, Took: 60_000}}, Settled: []orders.Outcome{orders.OutcomeResume},
		Lines: []orders.TimelineEntry{
			{Verb: orders.Dispute, OK: true, Transports: []orders.Transport{orders.ByWrap}, Code: "npub1 wrote this himself"},
			{Verb: orders.Cancel, Reason: orders.IllegalTransition},
		},
	})
	return m
}

// Names follow Prometheus' conventions, and a client's own word is no label.
func TestNames(t *testing.T) {
	m := all(sound())
	problems, err := testutil.GatherAndLint(m.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, series := range f.Metric {
			for _, l := range series.Label {
				if strings.Contains(l.GetValue(), "npub1") {
					t.Errorf("%s{%s=%q}", f.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
}

// What the rules ask for is there.
func TestRulesNameWhatThereIs(t *testing.T) {
	families, err := all(sound()).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, f := range families {
		there[f.GetName()] = true
	}
	rules, err := os.ReadFile("../../cmd/waybill/prometheus/waybill.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\bwaybill_\w+`).FindAllString(string(rules), -1)
	if len(asked) < 10 {
		t.Fatalf("the rules ask for %v", asked)
	}
	for _, name := range asked {
		if !there[strings.TrimSuffix(name, "_bucket")] {
			t.Errorf("the rules ask for %s, which there is not", name)
		}
	}
}

// What does not answer has no gauges, and takes nobody else's away.
func TestASourceThatFails(t *testing.T) {
	away := errors.New("away")
	s := sound()
	s.Indexes = func(context.Context) (redisstore.Census, error) { return redisstore.Census{}, away }
	s.Inbox = func(context.Context) ([]ledger.InboxCount, error) { return nil, away }
	s.Sessions = func(context.Context) (int64, error) { return 0, away }
	m := all(s)
	for name, want := range map[string]int{
		"waybill_ui_sessions_active": 0, "waybill_ui_views_total": 2,
		"waybill_orders_indexed": 0, "waybill_orders": 0, "waybill_disputes_open": 0, "waybill_inbox_messages": 0,
		"waybill_orders_known": 1, "waybill_projector_lag_records": 1, "waybill_connections": 1, "waybill_limits_hit_total": 1,
	} {
		if got, err := testutil.GatherAndCount(m.registry, name); err != nil || got != want {
			t.Errorf("%s: %d series, %v; want %d", name, got, err, want)
		}
	}
}

// BenchmarkEvent is what every event of a client costs beside all else, and
// BenchmarkProgress every order that a message touches.
func BenchmarkEvent(b *testing.B) {
	m := New("test")
	for b.Loop() {
		m.Event("wrap", "stored")
		m.Opened(time.Millisecond, false)
		m.Message("wrap", ledger.Opened, "")
	}
}

func BenchmarkProgress(b *testing.B) {
	m := New("test")
	p := orders.Progress{Created: true, Source: "gamma", Lines: []orders.TimelineEntry{{Verb: orders.Intent, OK: true, Transports: []orders.Transport{orders.ByWrap}}}}
	for b.Loop() {
		m.Progress(p)
	}
}
