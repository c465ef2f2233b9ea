package wire

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// heldUp is a house whose events wait for the test.
func heldUp(h *house) { h.asked, h.hold = make(chan string, 10_000), make(chan struct{}) }

func TestUnansweredMessages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone(), heldUp)
	s := h.dial()
	heard := s.stream()
	events := make([]nostr.Event, 100)
	for i := range events {
		events[i] = made(t, 1, "x")
		s.say("EVENT", events[i])
	}
	for range 32 {
		<-h.asked
	}
	select {
	case <-h.asked:
		t.Error("a 33rd message is with khatru")
	case <-time.After(100 * time.Millisecond): // for what must not come
	}
	if got := h.wire.Stats().Messages; got != 32 {
		t.Errorf("%d are unanswered, want 32", got)
	}
	close(h.hold)
	answered := map[any]bool{}
	for len(answered) < len(events) {
		if m := <-heard; m[0] == "OK" {
			answered[m[1]] = true
		}
	}
}

// The flight is full of one client's messages; another's still gets its turn.
func TestTurnsInTheFlight(t *testing.T) {
	limits := everyone()
	limits.InFlight = 4 * (messageCost + 1000)
	h := newHouse(t, limits, func(h *house) { h.asked, h.hold = make(chan string), make(chan struct{}) })
	var floods sync.WaitGroup
	for range 3 {
		s := h.dial()
		s.stream()
		floods.Go(func() {
			for range 50 {
				s.say("EVENT", made(t, 1, "flood"))
			}
		})
	}
	polite := h.dial()
	close(h.hold)
	heard := polite.stream()
	evt := made(t, 1, "polite")
	for range 10 {
		<-h.asked // the flood is on its way
	}
	polite.say("EVENT", evt)
	eventually(t, "all four in the line", func() bool {
		h.wire.relief.mu.Lock()
		defer h.wire.relief.mu.Unlock()
		return h.wire.relief.waiting == 4
	})
	for n := 0; <-h.asked != "polite"; n++ {
		if n > 12 { // those in flight, those before it in the line, and some that are as quick as it
			t.Fatal("the flood goes first")
		}
		if got := h.wire.Stats().InFlight; got > limits.InFlight {
			t.Fatalf("%d bytes in flight, want at most %d", got, limits.InFlight)
		}
	}
	done := make(chan struct{})
	go func() { // let the rest through
		for {
			select {
			case <-h.asked:
			case <-done:
				return
			}
		}
	}()
	for m := range heard {
		if begins(m, []any{"OK", evt.ID, true}) {
			break
		}
	}
	floods.Wait()
	eventually(t, "the flood to end", func() bool { return len(h.stored()) == 151 })
	close(done)
}

// What a client sends beyond its share is read later: nothing is lost, and the
// time is not held against it.
func TestBytesPerSecond(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Limits{BytesPerSecond: 20_000, MessageTimeout: 500 * time.Millisecond})
	s := h.dial()
	if ok, _ := s.publish(made(t, 1, strings.Repeat("x", burstSeconds*20_000-5_000))); !ok {
		t.Error("the burst was not taken")
	}
	begun := time.Now()
	if ok, _ := s.publish(made(t, 1, strings.Repeat("x", 35_000))); !ok {
		t.Error("what came beyond it was not taken")
	}
	if took := time.Since(begun); took < time.Second {
		t.Errorf("took %s, want more than a second", took)
	}
}

func TestSetLimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone(), heldUp)
	s := h.dial()
	heard := s.stream()
	s.say("EVENT", made(t, 1, "first"))
	<-h.asked
	limits := everyone()
	limits.Unanswered, limits.Message, limits.InFlight = 2, 5_000, 1<<20
	h.wire.SetLimits(limits)
	s.say("EVENT", made(t, 1, strings.Repeat("x", 6_000)))
	if m := <-heard; m[0] != "OK" || m[2] != false || !strings.Contains(m[3].(string), "5000 bytes") {
		t.Errorf("got %v", m)
	}
	for i := range 5 {
		s.say("EVENT", made(t, 1, fmt.Sprint(i)))
	}
	<-h.asked
	select {
	case <-h.asked:
		t.Error("a third message is with khatru")
	case <-time.After(100 * time.Millisecond): // for what must not come
	}
	close(h.hold)
	for n := 0; n < 6; {
		if m := <-heard; m[0] == "OK" {
			n++
		}
	}
}

// Many come and go, in the middle of everything.
func TestNothingIsLeft(t *testing.T) {
	limits := everyone()
	limits.InFlight = 50_000
	h := newHouse(t, limits)
	evt := text("EVENT", made(t, 1, strings.Repeat("x", 10_000)))
	whole := masked(1, true, evt)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				frames := append(masked(1, true, `["REQ","s",{"kinds":[7]}]`), whole...)
				frames = append(frames, whole...)
				frames = append(frames, masked(1, true, `["CLOSE","s"]`)...)
				c := h.rawDial(append(frames, whole[:1+(i*25+j)*len(whole)/200]...))
				if j%2 == 0 {
					c.write(masked(8, true, "\x03\xe8"))
				}
				if j%3 == 0 {
					if _, _, err := c.frame(); err != nil {
						t.Error(err)
					}
				}
				c.conn.SetLinger(0)
				c.conn.Close()
			}
		})
	}
	wg.Wait()
	eventually(t, "accounts that balance", h.balanced)
	eventually(t, "the end of the subscriptions", func() bool { return h.open() == 0 })
}
