package api

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

func TestPostAgain(t *testing.T) {
	var replays atomic.Int32
	m := newMarket(t, func(c *Config) { c.Replayed = func() { replays.Add(1) } })
	begin := ask{method: "POST", path: "/api/v1/orders", as: m.buyer, body: m.event(m.buyer, intent("A-1")).String()}
	first := m.posted(begin, 201)
	ship := m.say(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: "A-1", Public: orders.Public{Tracking: "1Z9"}}).with("If-Match", etag(first))
	shipped := m.posted(ship, 201)
	for _, again := range []ask{begin, ship, begin.at(messagesOf("A-1"))} {
		resp, _ := m.do(again)
		if resp.StatusCode != 200 || resp.Header.Get("Idempotent-Replayed") != "true" || resp.Header.Get("ETag") != etag(shipped) {
			t.Errorf("%s: got %s %v", again.path, resp.Status, resp.Header)
		}
	}
	m.do(ask{method: "POST", path: "/api/v1/orders/bulk", as: m.seller, body: "[" + ship.body + "]"})
	if got := replays.Load(); got != 4 {
		t.Errorf("%d replays were counted, want 4", got)
	}
	o := m.posted(m.say(m.seller, orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "x"}}), 201)
	if len(o.Timeline) != 3 || len(o.Shipments) != 1 {
		t.Errorf("got %+v", o)
	}
	// By another way it is the same message, and stays hidden.
	if got := m.overSocket(`["EVENT",`+ship.body+`]`, `["OK"`); len(got) != 1 || !strings.Contains(got[0], "true") {
		t.Errorf("published: %v", got)
	}
	var evt nostr.Event
	if err := evt.UnmarshalJSON([]byte(ship.body)); err != nil {
		t.Fatal(err)
	}
	if got := m.overSocket(`["REQ","q",{"ids":["`+evt.ID+`"]}]`, `["EOSE"`, `["EVENT"`); len(got) != 1 || !strings.HasPrefix(got[0], `["EOSE"`) {
		t.Errorf("served: %v", got)
	}
	if resp, _ := m.do(ask{method: "POST", path: messagesOf("A-1"), as: m.buyer, body: ship.body}); resp.StatusCode != 403 {
		t.Errorf("somebody else's: got %s", resp.Status)
	}
}

// overSocket says one thing to the relay, and returns what begins with one of heard, up
// to the first of them.
func (m *market) overSocket(message string, heard ...string) (got []string) {
	m.t.Helper()
	conn, err := nostr.NewConnection(m.ctx, strings.Replace(m.url, "http", "ws", 1), nil, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteMessage(m.ctx, []byte(message)); err != nil {
		m.t.Fatal(err)
	}
	for {
		var text bytes.Buffer
		if err := conn.ReadMessage(m.ctx, &text); err != nil {
			m.t.Fatal(err)
		}
		for i, prefix := range heard {
			if !strings.HasPrefix(text.String(), prefix) {
				continue
			}
			if got = append(got, text.String()); i == 0 {
				return got
			}
		}
	}
}

// Of two who cannot both be right the first is, and each is told the truth.
func TestRaceOnOneOrder(t *testing.T) {
	m := newMarket(t)
	for range 8 {
		id := "R-" + nip17Random(t)
		o := m.begin(id)
		asks := []ask{
			m.say(m.buyer, orders.Draft{Verb: orders.Cancel, OrderID: id}).with("If-Match", etag(o)),
			m.say(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: id}).with("If-Match", etag(o)),
		}
		asks[0].header.Set("Authorization", header(m.token(m.buyer, "POST", m.url+asks[0].path, asks[0].body)))
		asks[1].header.Set("Authorization", header(m.token(m.seller, "POST", m.url+asks[1].path, asks[1].body)))
		got := make([]int, len(asks))
		var wg sync.WaitGroup
		for i, a := range asks {
			req, err := http.NewRequest(a.method, m.url+a.path, strings.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = a.header
			req.Header.Set("Content-Type", "application/json")
			wg.Go(func() {
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				got[i] = resp.StatusCode
			})
		}
		wg.Wait()
		if slices.Sort(got); !slices.Equal(got, []int{201, 412}) {
			t.Errorf("got %v", got)
		}
		if o, err := m.store.Order(m.ctx, id); err != nil || len(o.Timeline) != 2 || !o.Timeline[1].OK {
			t.Errorf("got %+v, %v", o, err)
		}
	}
}

// The same message, many times at once, is one.
func TestRaceWithOneself(t *testing.T) {
	m := newMarket(t)
	evt := m.event(m.buyer, intent("A-1")).String()
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for range 6 {
		a := ask{method: "POST", path: "/api/v1/orders", as: m.buyer, body: evt}
		token := header(m.token(m.buyer, "POST", m.url+a.path, a.body))
		wg.Go(func() {
			req, err := http.NewRequest(a.method, m.url+a.path, strings.NewReader(a.body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header = http.Header{"Authorization": {token}, "Content-Type": {"application/json"}}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			mu.Lock()
			got[resp.StatusCode]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if got[201] != 1 || got[200] != 5 {
		t.Errorf("got %v", got)
	}
}
