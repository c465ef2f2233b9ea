package relay

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"

	"github.com/waybill-relay/waybill/nip17"
)

// What the connection wrapper cures: khatru starts a goroutine for each message,
// without a bound and without an order, and writes without a deadline.

// unanswered is the most messages of one socket that khatru may be at work on.
const unanswered = 32

// deaf is a subscriber to everything public that does not read.
func (h *house) deaf() *websocket.Conn {
	h.t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		return conn, err
	}}
	conn, _, err := dialer.Dial(h.url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	if err := conn.WriteJSON([]any{"REQ", "all", obj{}}); err != nil {
		h.t.Fatal(err)
	}
	eventually(h.t, "the deaf one's subscription", func() bool { return h.relay.fanout.len() > 0 })
	return conn
}

// A subscriber that does not read any more, be it that he sends pongs all the
// time, delays neither a publisher's OK nor what others are sent, and is closed.
// (khatru broadcasts in the publisher's goroutine, under the mutex of a socket that
// is stuck: each OK would wait for 53 seconds, with the pongs for ever.)
func TestASubscriberThatStopsReading(t *testing.T) {
	for name, ponging := range map[string]bool{"silent": false, "ponging": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			deaf := h.deaf()
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				tick := time.NewTicker(20 * time.Millisecond)
				defer tick.Stop()
				for ponging {
					select {
					case <-stop:
						return
					case <-tick.C:
						if deaf.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second)) != nil {
							return // closed by the relay
						}
					}
				}
			}()
			defer func() { close(stop); <-stopped }()

			listener, writer, who := h.connect(nil), h.connect(nil), newSigner(t)
			listener.subscribe("s", obj{"kinds": []int{30402}, "limit": 0})
			var oks, deliveries []time.Duration
			ballast := strings.Repeat("x", 200_000) // together more than the kernel keeps for a socket
			for i := range 40 {
				evt := signed(t, who, nostr.Event{Kind: 30402, Content: ballast, Tags: nostr.Tags{{"d", fmt.Sprint(i)}}})
				begun := time.Now()
				h.publish(writer, evt) // fails after ten seconds
				oks = append(oks, time.Since(begun))
				if got := listener.next(); got.ID != evt.ID {
					t.Fatalf("got %s, want event %d", got.ID, i)
				}
				deliveries = append(deliveries, time.Since(begun))
			}
			t.Logf("OK: p50 %v, p99 %v; another's delivery: p50 %v, p99 %v", quantile(oks, 50), quantile(oks, 99), quantile(deliveries, 50), quantile(deliveries, 99))

			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for deadline := time.After(30 * time.Second); h.sockets() > 2; {
				select {
				case <-tick.C:
				case <-deadline:
					t.Fatal("his socket is open after thirty seconds")
				}
			}
		})
	}
}

func quantile(took []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[(len(sorted)-1)*percent/100].Round(10 * time.Microsecond)
}

func (h *house) sockets() (n int) {
	h.relay.sessions.bySocket.Range(func(any, any) bool { n++; return true })
	return n
}

// However much is sent at once, khatru is at work on so many messages of a socket
// and no more.
func TestUnansweredMessagesAreBounded(t *testing.T) {
	h := newHouse(t)
	var inside, most atomic.Int64
	release := make(chan struct{})
	h.relay.khatru.RejectEvent = append(h.relay.khatru.RejectEvent, func(context.Context, *nostr.Event) (bool, string) {
		n := inside.Add(1)
		defer inside.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		<-release
		return false, ""
	})
	s := h.connect(nil)
	const all = 500
	answers := map[string]bool{}
	who := newSigner(t)
	for i := range all {
		evt := signed(t, who, nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", fmt.Sprint(i)}}})
		answers[evt.ID] = false
		s.say("EVENT", evt)
	}
	eventually(t, "work", func() bool { return inside.Load() >= unanswered })
	close(release)
	for range all {
		m := s.read()
		if s.label(m) != "OK" || string(m[2]) != "true" || answers[s.text(m[1])] {
			t.Fatalf("got %s", m)
		}
		answers[s.text(m[1])] = true
	}
	if n := most.Load(); n > unanswered {
		t.Errorf("khatru was at work on %d messages at a time, want at most %d", n, unanswered)
	}
}

// CLOSE does not overtake the REQ that it closes, nor the next REQ with the same
// id: of a thousand that were closed none is alive, and the one that was not is.
func TestCloseStaysBehindItsReq(t *testing.T) {
	h := newHouse(t)
	s := h.connect(nil)
	const pairs = 500
	for i := range pairs {
		for _, id := range []string{fmt.Sprint(i), "again"} {
			s.say("REQ", id, obj{"kinds": []int{0}, "limit": i % 2})
			s.say("CLOSE", id)
		}
	}
	s.say("REQ", "again", obj{"kinds": []int{0}})
	for eose := 0; eose < 2*pairs+1; {
		if s.label(s.read()) == "EOSE" {
			eose++
		}
	}
	eventually(t, "the end of what was closed", func() bool { return h.relay.fanout.len() == 1 })
	evt := signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"})
	h.publish(h.connect(nil), evt)
	if got := s.next(); got.ID != evt.ID {
		t.Errorf("got %s", got.ID)
	}
}

// A subscription id sent again replaces the former also in khatru's own list,
// which would grow for as long as the socket lives.
func TestTheSameIDDoesNotPileUp(t *testing.T) {
	h := newHouse(t)
	s := h.connect(nil)
	for range 300 {
		s.subscribe("s", obj{"kinds": []int{0}, "limit": 0})
	}
	n := len(h.relay.khatru.GetListeningFilters())
	// khatru reads its list without a lock: what this socket writes now comes before
	// what khatru does to the list when the socket closes.
	s.subscribe("s", obj{"kinds": []int{0}, "limit": 0})
	if n > 1 {
		t.Errorf("khatru keeps %d listeners for one subscription", n)
	}
}

// What is sent before an AUTH is answered as before it, what is sent behind it as
// after it, though the client waits for no OK.
func TestAuthStaysInItsPlace(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	h.publish(h.connect(nil), wrap)
	for round := range 20 {
		s := h.connect(nil)
		s.say("REQ", "before", obj{"kinds": []int{1059}})
		s.say("AUTH", signed(t, seller, nip42.CreateUnsignedAuthEvent(s.challenge, seller.PublicKey(), h.url)))
		s.say("REQ", "after", obj{"kinds": []int{1059}})
		got := map[string]string{}
		for got["before"] == "" || got["after"] == "" {
			switch m := s.read(); s.label(m) {
			case "EVENT", "CLOSED", "EOSE":
				if id := s.text(m[1]); got[id] == "" {
					got[id] = s.label(m)
				}
			}
		}
		if got["before"] != "CLOSED" || got["after"] != "EVENT" {
			t.Fatalf("round %d: before the AUTH %s, after it %s", round, got["before"], got["after"])
		}
		s.conn.Close()
	}
}

// Two AUTHs at once: the first counts, and khatru's write of the second key meets
// nobody who reads (run it with -race).
func TestTwoAuthenticationsAtOnce(t *testing.T) {
	h := newHouse(t)
	buyer, seller, spy := newSigner(t), newSigner(t), newSigner(t)
	for _, who := range []*nip17.SecretSigner{seller, spy} {
		if err := h.keyring.Add(readingKey(t, who)); err != nil {
			t.Fatal(err)
		}
	}
	wraps := map[*nip17.SecretSigner]nostr.Event{
		seller: h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0], spy: h.wraps(buyer, intent(spy.PublicKey(), "A-2"))[0],
	}
	h.publish(h.connect(nil), wraps[seller], wraps[spy])
	for round := range 20 {
		first, second := seller, spy
		if round%2 == 0 {
			first, second = spy, seller
		}
		s := h.connect(nil)
		login := map[*nip17.SecretSigner]nostr.Event{}
		for _, who := range []*nip17.SecretSigner{first, second} {
			login[who] = signed(t, who, nip42.CreateUnsignedAuthEvent(s.challenge, who.PublicKey(), h.url))
			s.say("AUTH", login[who])
		}
		if ok, reason := s.answer(login[first].ID); !ok {
			t.Fatalf("the first AUTH: %s", reason)
		}
		got := s.query(obj{"kinds": []int{1059}, "limit": 1})
		if len(got) != 1 || got[0].ID != wraps[first].ID {
			t.Fatalf("round %d: the socket is served as the second key's, or as nobody's (%d wraps)", round, len(got))
		}
		s.conn.Close()
	}
}
