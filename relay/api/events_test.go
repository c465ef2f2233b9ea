package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/live"
)

// A listener is one stream, as a program reads it.
type listener struct {
	t      testing.TB
	resp   *http.Response
	in     *bufio.Scanner
	lastID string
	cancel context.CancelFunc
}

const eventsPath = "/api/v1/events"

// listen opens a stream.
func (m *market) listen(a ask) *listener {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.ctx, 20*time.Second)
	m.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", m.url+eventsPath, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	if a.as != nil {
		req.Header.Set("Authorization", header(m.token(a.as, "GET", m.url+eventsPath, "")))
	}
	for name, values := range a.header {
		req.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { resp.Body.Close() })
	h := resp.Header
	if resp.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("X-Accel-Buffering") != "no" || h.Get("Cache-Control") != "no-store" {
		m.t.Fatalf("got %s %v", resp.Status, h)
	}
	l := &listener{t: m.t, resp: resp, in: bufio.NewScanner(resp.Body), cancel: cancel}
	if e := l.block(); e["retry"] != "3000" {
		m.t.Errorf("got %v", e)
	}
	return l
}

// by is who listens.
func by(who *nip17.SecretSigner) ask { return ask{as: who} }

func since(who *nip17.SecretSigner, id string) ask { return by(who).with("Last-Event-ID", id) }

// block is what comes up to an empty line; nil at the end.
func (l *listener) block() map[string]string {
	l.t.Helper()
	e := map[string]string{}
	for l.in.Scan() {
		if l.in.Text() == "" {
			if id, ok := e["id"]; ok {
				l.lastID = id
			}
			return e
		}
		name, value, _ := strings.Cut(l.in.Text(), ":")
		e[name] = strings.TrimPrefix(value, " ")
	}
	return nil
}

// next is the next event; "" at the end.
func (l *listener) next() (name string, c live.Change) {
	l.t.Helper()
	for e := l.block(); e != nil; e = l.block() {
		if e["event"] == "" {
			continue
		}
		if err := json.Unmarshal([]byte(e["data"]), &c); err != nil {
			l.t.Fatalf("got %v", e)
		}
		return e["event"], c
	}
	return "", c
}

// hears wants the next event to be of that order.
func (l *listener) hears(id string, status orders.Status, verbs ...orders.Verb) {
	l.t.Helper()
	name, c := l.next()
	if name != live.Order || c.IntentID != id || c.Status != status || !slices.Equal(c.Changed, verbs) || c.Version == 0 {
		l.t.Errorf("got %s %+v, want %s %s %v", name, c, id, status, verbs)
	}
}

func TestLive(t *testing.T) {
	m := newMarket(t)
	buyer, seller, admin, stranger := m.listen(by(m.buyer)), m.listen(by(m.seller)), m.listen(by(m.admin)), m.listen(by(m.stranger))
	m.begin("A-1")
	for _, l := range []*listener{buyer, seller} {
		l.hears("A-1", orders.StatusIntentSent, orders.Intent)
	}
	// One after the other: what is told is the order as it is by then.
	for _, step := range []struct {
		d    orders.Draft
		want orders.Status
	}{
		{orders.Draft{Verb: orders.Paid, Private: orders.Private{Proof: "secret proof"}}, orders.StatusPaid},
		{orders.Draft{Verb: orders.Dispute, Private: orders.Private{Reason: "secret reason"}}, orders.StatusDisputed},
	} {
		step.d.OrderID = "A-1"
		m.posted(m.say(m.buyer, step.d), 201)
		for _, l := range []*listener{buyer, seller} {
			l.hears("A-1", step.want, step.d.Verb)
		}
	}
	admin.hears("A-1", orders.StatusDisputed, orders.Dispute)
	// What the stranger hears is his own, and nothing before it.
	own := m.event(m.stranger, func() orders.Draft { d := intent("S-1"); d.To = m.seller.PublicKey(); return d }())
	m.posted(ask{method: "POST", path: "/api/v1/orders", as: m.stranger, body: own.String()}, 201)
	stranger.hears("S-1", orders.StatusIntentSent, orders.Intent)
	seller.hears("S-1", orders.StatusIntentSent, orders.Intent)
	m.refused(ask{method: "GET", path: eventsPath}, 401, "unauthenticated")
	// An order that is erased is gone.
	asOf, err := m.ledger.LastSeq(m.ctx)
	if err != nil {
		t.Fatal(err)
	}
	k, _, err := m.ledger.KeyOf(m.ctx, "S-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.ledger.Retire(m.ctx, k, time.Now().UnixMilli(), asOf); err != nil {
		t.Fatal(err)
	}
	if name, c := stranger.next(); name != live.Gone || c.IntentID != "S-1" || c.Status != "" {
		t.Errorf("got %s %+v", name, c)
	}
}

// told waits until everybody would have been told everything. Nobody may listen.
func (m *market) told() {
	m.t.Helper()
	last, err := m.ledger.LastSeq(m.ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.progress.Wait(m.ctx, last); err != nil {
		m.t.Fatal(err)
	}
}

func TestLiveReconnects(t *testing.T) {
	m := newMarket(t)
	l := m.listen(by(m.buyer))
	m.begin("A-1")
	l.hears("A-1", orders.StatusIntentSent, orders.Intent)
	l.cancel()
	m.posted(m.say(m.seller, orders.Draft{Verb: orders.Process, OrderID: "A-1"}), 201)
	m.posted(m.say(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: "A-1"}), 201)
	m.begin("A-2")
	m.told()
	again := m.listen(since(m.buyer, l.lastID))
	again.hears("A-1", orders.StatusShipped, orders.Process, orders.Shipped)
	again.hears("A-2", orders.StatusIntentSent, orders.Intent)
	m.begin("A-3")
	again.hears("A-3", orders.StatusIntentSent, orders.Intent)
	// The number alone will do; one that never was, or another ledger's, is told to begin anew.
	number, ledger, _ := strings.Cut(l.lastID, "-")
	m.listen(since(m.buyer, number)).hears("A-1", orders.StatusShipped, orders.Process, orders.Shipped)
	other := number + "-" + strings.Map(func(r rune) rune { return 'f' - r%2 }, ledger)
	for _, id := range []string{other, "0-" + ledger + ""} {
		name, _ := m.listen(since(m.buyer, id)).next()
		if want := map[bool]string{true: live.Reset, false: live.Order}[id == other]; name != want {
			t.Errorf("%s: got %s, want %s", id, name, want)
		}
	}
	for _, id := range []string{"x", "-1", "+1", "1-123456789", "99999999999999999999"} {
		m.refused(ask{method: "GET", path: eventsPath, as: m.buyer}.with("Last-Event-ID", id), 400, "malformed")
	}
}

// Whoever comes and goes all the time misses nothing.
func TestLiveWithoutAGap(t *testing.T) {
	m := newMarket(t)
	first := m.listen(by(m.buyer))
	first.block() // where it begins
	const n = 30
	var said sync.WaitGroup
	asks := make([]ask, n)
	for i := range asks {
		asks[i] = ask{method: "POST", path: "/api/v1/orders", as: m.buyer, body: m.event(m.buyer, intent(fmt.Sprintf("G-%02d", i))).String()}
	}
	said.Go(func() {
		for _, a := range asks {
			if resp, text := m.do(a); resp.StatusCode != 201 {
				t.Errorf("got %s %s", resp.Status, text)
			}
		}
	})
	heard := map[string]bool{}
	for l := first; len(heard) < n; {
		name, c := l.next()
		if name != live.Order {
			t.Fatalf("got %q after %d orders", name, len(heard))
		}
		heard[c.IntentID] = true
		if len(heard)%3 == 0 {
			l.cancel()
			l = m.listen(since(m.buyer, l.lastID))
		}
	}
	said.Wait()
}

func TestLiveHeartbeat(t *testing.T) {
	m := newMarket(t, func(c *Config) { c.Heartbeat = 10 * time.Millisecond })
	cookie := m.login(m.stranger)
	l := m.listen(ask{}.by(cookie))
	m.begin("A-1") // of others
	at, err := m.ledger.LastSeq(m.ctx)
	if err != nil {
		t.Fatal(err)
	}
	// A reader who hears nothing comes back as if he had.
	for want := fmt.Sprintf("%d-", at); !strings.HasPrefix(l.lastID, want); {
		if e := l.block(); e == nil {
			t.Fatal("the stream has ended")
		}
	}
	// With his session his stream ends.
	m.do(ask{method: "DELETE", path: sessionPath}.by(cookie))
	if name, c := l.next(); name != "" {
		t.Errorf("got %s %+v", name, c)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	m := newMarket(t)
	var last *listener
	for range 6 {
		last = m.listen(by(m.buyer))
	}
	m.refused(ask{method: "GET", path: eventsPath, as: m.buyer}, 429, "rate_limited")
	m.listen(by(m.seller))
	last.cancel()
	for { // until the relay has noticed
		resp, err := http.DefaultClient.Do(func() *http.Request {
			req, err := http.NewRequestWithContext(m.ctx, "GET", m.url+eventsPath, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", header(m.token(m.buyer, "GET", m.url+eventsPath, "")))
			return req
		}())
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == 200 {
			break
		}
	}
}

// The relay stops at once, however many listen.
func TestStopWhileListening(t *testing.T) {
	m := newMarket(t)
	l := m.listen(by(m.buyer))
	begun := time.Now()
	m.stop()
	err := <-m.stopped
	if took := time.Since(begun); err != nil || took > 3*time.Second {
		t.Errorf("stopped after %v, %v", took, err)
	}
	m.stopped <- err
	if name, c := l.next(); name != "" {
		t.Errorf("got %s %+v", name, c)
	}
}
