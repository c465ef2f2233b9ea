// Package metrics counts what the relay does, for Prometheus: the measures of the
// product's success, and the daemon's health.
//
// No label ever holds a key, an id or a text: labels are codes out of lists that are
// fixed here or in the package that makes them, and what a client chose itself is
// put into one of few classes. Counters count what happened while this process ran;
// gauges are counted when they are asked for. Ratios are for recording rules
// (cmd/waybill/prometheus).
package metrics

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Prefix begins the name of every metric of Waybill's own.
const Prefix = "waybill_"

// Metrics counts. It is a relay.Meter.
type Metrics struct {
	registry *prometheus.Registry

	facts, created, closed, disputed, settled, refused *prometheus.CounterVec
	answered, paid, viewed, replayed                   prometheus.Counter
	stays                                              *prometheus.HistogramVec

	events, unread *prometheus.CounterVec
	unwrap         *prometheus.HistogramVec
	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec

	notices, deliveries, views *prometheus.CounterVec
}

// stayBuckets are the times between two status changes, in seconds: 1 min to 30 d.
var stayBuckets = []float64{60, 300, 1800, 3600, 4 * hour, 12 * hour, day, 3 * day, 7 * day, 14 * day, 30 * day}

const (
	hour = 3600
	day  = 24 * hour
)

// New makes the metrics of the program version, with those of Go and of the process.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector())
	m.gauge("build_info", "The version that runs; always 1.", "version").WithLabelValues(version).Set(1)

	m.facts = m.counter("orders_facts_total", "Statements about orders, by what is said, by which way it came, and whether it counts: applied, ignored (refused, or of no order), unreadable (a message in which nothing could be read).", "fact", "via", "result")
	m.created = m.counter("orders_created_total", "Orders that came to be, by the dialect of their first message. Those that look like spam count once their seller answers.", "source")
	m.answered = m.counter("orders_tracked_total", "Orders in which their seller has said something, for the first time.").WithLabelValues()
	m.paid = m.counter("orders_paid_total", "Orders of which somebody has said that they are paid, for the first time.").WithLabelValues()
	m.closed = m.counter("orders_closed_total", "Orders that ended, for the first time, by how.", "outcome")
	m.viewed = m.counter("orders_viewed_total", "Orders at which their buyer has looked within 7 days.").WithLabelValues()
	m.stays = m.histogram("order_status_duration_seconds", "How long orders were in a status that they have left.", stayBuckets, "status")
	m.disputed = m.counter("disputes_opened_total", "Disputes, by the code that their client gave, where it is one of those known.", "reason")
	m.settled = m.counter("disputes_closed_total", "Disputes that were ruled, conceded or withdrawn.", "outcome")
	m.refused = m.counter("transition_refused_total", "Statements that may not have their effect: many of one reason speak of a client that offers the wrong buttons.", "action", "reason")

	m.events = m.counter("relay_events_total", "Events that clients sent, by class of kind and by what became of them.", "kind", "result")
	m.unwrap = m.histogram("dm_unwrap_seconds", "How long it took to open an envelope, or to find that it stays closed.",
		[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 5, 30}, "by")
	m.unread = m.counter("dm_unwrap_failures_total", "Messages that say nothing about an order though they may have been meant to, by where that was found.", "stage", "reason")
	m.requests = m.counter("api_requests_total", "Requests to the HTTP API and for pages.", "route", "code")
	m.requestSeconds = m.histogram("api_request_seconds", "How long requests to the HTTP API and for pages took.",
		[]float64{.001, .005, .025, .1, .5, 2.5, 10}, "route")
	m.replayed = m.counter("idempotent_replays_total", "Messages that were posted to the HTTP API and had been here before.").WithLabelValues()

	m.notices = m.counter("notifications_sent_total", "Tries to tell somebody of an order, by channel and by what became of them: sent, delayed (tried again), failed, dropped (nobody wants it any more).", "channel", "result")
	m.deliveries = m.counter("webhook_deliveries_total", "Posts to webhooks, by the class of the answer's status; none where there was no answer.", "code_class")
	m.views = m.counter("ui_views_total", "Pages that were looked at, by their names and by the role in which their viewer sees them; none where the page is the same for all.", "page", "role")
	m.preset()
	return m
}

// preset makes the series that ratios and alerts need exist from the start: a rate
// does not see the first increment of a series that it has not seen at 0.
func (m *Metrics) preset() {
	for _, c := range orders.Closings {
		m.closed.WithLabelValues(string(c))
	}
	for _, s := range orders.Statuses {
		m.stays.WithLabelValues(string(s))
	}
	for _, o := range []orders.Outcome{orders.OutcomeDelivered, orders.OutcomeCancelled, orders.OutcomeResume} {
		m.settled.WithLabelValues(string(o))
	}
	m.disputed.WithLabelValues(noReason)
	for _, name := range dialect.Names() {
		m.created.WithLabelValues(name)
	}
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: Prefix + name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: Prefix + name, Help: help}, labels)
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: Prefix + name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// Event counts an event that a client sent.
func (m *Metrics) Event(class, result string) { m.events.WithLabelValues(class, result).Inc() }

// Opened counts the time that an envelope took.
func (m *Metrics) Opened(took time.Duration, remote bool) {
	by := "local"
	if remote {
		by = "remote"
	}
	m.unwrap.WithLabelValues(by).Observe(took.Seconds())
}

// Message counts a message that says nothing about an order.
func (m *Metrics) Message(class string, state ledger.State, reason string) {
	switch {
	case reason == "":
		return
	case state == ledger.Unreadable:
		m.unread.WithLabelValues("envelope", reason).Inc()
	default:
		m.unread.WithLabelValues("dialect", reason).Inc()
	}
	via := class
	if class == "order" {
		via = string(orders.ByPublic)
	}
	m.facts.WithLabelValues("", via, "unreadable").Inc()
}

// Unplaced counts a fact that belongs to no order.
func (m *Metrics) Unplaced(verb orders.Verb, via orders.Transport) {
	m.facts.WithLabelValues(string(verb), string(via), "ignored").Inc()
}

// Progress counts what has happened to one order.
func (m *Metrics) Progress(p orders.Progress) {
	for i := range p.Lines {
		m.line(&p.Lines[i])
	}
	if p.Created {
		m.created.WithLabelValues(cmp.Or(p.Source, "other")).Inc()
	}
	if p.Answered {
		m.answered.Inc()
	}
	if p.Paid {
		m.paid.Inc()
	}
	for _, l := range p.Left {
		m.stays.WithLabelValues(string(l.Status)).Observe(float64(l.Took) / 1000)
	}
	if p.Closed != "" {
		m.closed.WithLabelValues(string(p.Closed)).Inc()
	}
	reason := noReason
	for i := range p.Lines {
		if l := &p.Lines[i]; l.OK && l.Verb == orders.Dispute {
			reason = disputeReason(l.Code)
		}
	}
	m.disputed.WithLabelValues(reason).Add(float64(p.Disputed))
	for _, o := range p.Settled {
		m.settled.WithLabelValues(string(o)).Inc()
	}
}

func (m *Metrics) line(l *orders.TimelineEntry) {
	via, result := "", "applied"
	if len(l.Transports) > 0 {
		via = string(l.Transports[0])
	}
	if !l.OK {
		result = "ignored"
		m.refused.WithLabelValues(string(l.Verb), string(l.Reason)).Inc()
	}
	m.facts.WithLabelValues(string(l.Verb), via, result).Inc()
}

const noReason = "none"

// disputeReasons are the codes that are told apart: the rest is its client's own word.
var disputeReasons = []string{"not-received", "not-as-described", "damaged", "wrong-item", "payment", "escrow-dispute", "dispute"}

func disputeReason(code string) string {
	switch {
	case code == "":
		return noReason
	case slices.Contains(disputeReasons, code):
		return code
	}
	return "other"
}

// Viewed counts an order at which its buyer has looked in time.
func (m *Metrics) Viewed() { m.viewed.Inc() }

// PageViewed counts a page that somebody looked at, by its name and its viewer's role
// in it, "" for none.
func (m *Metrics) PageViewed(page, role string) {
	m.views.WithLabelValues(page, cmp.Or(role, noRole)).Inc()
}

const noRole = "none"

// Replayed counts a message that was posted once more.
func (m *Metrics) Replayed() { m.replayed.Inc() }

// Notice counts a try to send a notice.
func (m *Metrics) Notice(channel, result string) { m.notices.WithLabelValues(channel, result).Inc() }

// Delivery counts a post to a webhook, by the status of its answer.
func (m *Metrics) Delivery(status int) {
	class := "none"
	if status > 0 {
		class = strconv.Itoa(status/100) + "xx"
	}
	m.deliveries.WithLabelValues(class).Inc()
}

// Request counts one to the HTTP API, or for a page; route is its pattern.
func (m *Metrics) Request(route string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.requestSeconds.WithLabelValues(route).Observe(took.Seconds())
}
