package wire

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// listeners is how many filters khatru listens for. A REQ before it goes through
// khatru's lock, and makes one.
func (h *house) listeners() int {
	h.t.Helper()
	s := h.dial()
	s.say("REQ", "marker", map[string]any{"kinds": []int{7}, "limit": 0})
	s.until("EOSE", "marker")
	n := len(h.khatru.GetListeningFilters()) - 1
	s.say("CLOSE", "marker")
	s.publish(made(h.t, 1, "the CLOSE has been done before this"))
	return n
}

func TestPipelinedREQAndCLOSE(t *testing.T) {
	h := newHouse(t, everyone())
	s := h.dial()
	const pairs = 2000
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range pairs {
			id := fmt.Sprint("sub", i)
			s.say("REQ", id, map[string]any{"kinds": []int{7}})
			s.say("CLOSE", id)
		}
	})
	for i := range pairs {
		s.until("EOSE", fmt.Sprint("sub", i))
	}
	wg.Wait()
	s.publish(made(t, 1, "behind them"))
	h.holds(0, 0)
}

func TestREQReplacesItsNamesake(t *testing.T) {
	h := newHouse(t, everyone())
	s := h.dial()
	for i := range 20 {
		s.say("REQ", "s", map[string]any{"kinds": []int{7 + i}}, map[string]any{"kinds": []int{100}, "limit": 0})
	}
	for range 20 {
		s.until("EOSE", "s")
	}
	h.holds(1, 2)
}

// khatru keeps the filters before the refused one; nobody would ever close them.
func TestRefusedREQLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone())
	s := h.dial()
	for range 10 {
		s.say("REQ", "half", map[string]any{"kinds": []int{7}}, map[string]any{"kinds": []int{7}, "limit": 0}, map[string]any{"kinds": []int{4}})
		s.until("CLOSED", "half")
		s.say("REQ", "whole", map[string]any{"kinds": []int{4}})
		s.until("CLOSED", "whole")
	}
	s.publish(made(t, 1, "behind them"))
	if listening := h.listeners(); listening != 0 {
		t.Errorf("khatru listens to %d filters", listening)
	}
	s.say("REQ", "half", map[string]any{"kinds": []int{7}})
	s.until("EOSE", "half")
	h.holds(1, 1)
}

func TestSubscriptionsPerConnection(t *testing.T) {
	limits := everyone()
	limits.Subscriptions = 2
	h := newHouse(t, limits)
	s := h.dial()
	for _, id := range []string{"not", "these", "ones"} { // they are refused, and not open
		s.say("REQ", id, map[string]any{"kinds": []int{4}})
		s.until("CLOSED", id)
	}
	for _, id := range []string{"a", "b"} {
		s.say("REQ", id, map[string]any{"limit": 0})
		s.until("EOSE", id)
	}
	s.say("REQ", "c", map[string]any{"limit": 0})
	if m := s.until("CLOSED", "c"); len(m) < 3 || m[2] != "rate-limited: at most 2 subscriptions may be open on one connection" {
		t.Errorf("got %v", m)
	}
	s.say("REQ", "a", map[string]any{"limit": 0})
	s.until("EOSE", "a")
	s.say("CLOSE", "b")
	s.say("REQ", "c", map[string]any{"limit": 0})
	s.until("EOSE", "c")
}

// AUTH waits for what came before it, and what comes after waits for AUTH.
func TestAUTHRunsAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone(), func(h *house) { h.asked, h.hold = make(chan string, 10), make(chan struct{}) })
	s := h.dial()
	first, second := s.authEvent(h.url), s.authEvent(h.url)
	before, after := made(t, 1, "before"), made(t, 1, "after", nostr.Tag{"-"})
	s.say("EVENT", before)
	s.say("AUTH", first)
	s.say("AUTH", second)
	s.say("EVENT", after) // khatru compares its author with the authenticated key
	if got := <-h.asked; got != "before" {
		t.Fatalf("got %s, want before", got)
	}
	heard := s.stream()
	select {
	case m := <-heard:
		t.Errorf("%v overtook the event", m)
	case <-time.After(100 * time.Millisecond): // for what must not come
	}
	if n := h.wire.Stats().Messages; n != 1 {
		t.Errorf("%d messages are with khatru, want the first", n)
	}
	close(h.hold)
	for _, want := range [][]any{{"OK", before.ID, true}, {"OK", first.ID, true}, {"OK", second.ID, false}, {"OK", after.ID, false}} {
		if got := <-heard; !begins(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// A CLOSE waits for its REQ, and what follows for the CLOSE: also where the
// stored events take their time.
func TestCLOSEWaitsForItsREQ(t *testing.T) {
	release := make(chan struct{})
	h := newHouse(t, everyone(), func(h *house) {
		h.slow = func() { <-release }
	})
	s := h.dial()
	s.say("REQ", "s", map[string]any{"kinds": []int{7}})
	s.say("CLOSE", "s")
	s.say("REQ", "s", map[string]any{"kinds": []int{8}})
	eventually(t, "the REQ", func() bool { return h.open() == 1 && h.wire.Stats().Messages == 1 })
	close(release)
	s.until("EOSE", "s")
	s.until("EOSE", "s")
	h.holds(1, 1)
}

// A COUNT of the same name must not take the REQ's answer, nor give it one.
func TestNamesakes(t *testing.T) {
	release := make(chan struct{})
	h := newHouse(t, everyone(), func(h *house) { h.slow = func() { <-release } })
	h.khatru.CountEvents = nil // a COUNT is answered with CLOSED
	s := h.dial()
	s.say("REQ", "s", map[string]any{"kinds": []int{7}})
	s.say("COUNT", "s", map[string]any{"kinds": []int{7}})
	heard := s.stream()
	select {
	case m := <-heard:
		t.Errorf("%v came before the EOSE", m)
	case <-time.After(100 * time.Millisecond): // for what must not come
	}
	close(release)
	for _, want := range []string{"EOSE", "CLOSED"} {
		if m := <-heard; !begins(m, []any{want, "s"}) {
			t.Errorf("got %v, want %s", m, want)
		}
	}
	s.say("CLOSE", "s")
	eventually(t, "the end of the subscription", func() bool { return h.open() == 0 })
}

// A CLOSE of which nobody tells the end is passed on all the same.
func TestCLOSEWithoutASignal(t *testing.T) {
	h := newHouse(t, everyone(), func(h *house) { h.wire.subscriptions = nil })
	s := h.dial()
	s.say("REQ", "s", map[string]any{"kinds": []int{7}})
	s.say("CLOSE", "s")
	s.publish(made(t, 1, "after it"))
	h.holds(0, 0)
}

// A signal that never comes holds nothing up for ever.
func TestCLOSEWhoseSignalNeverComes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone(), func(h *house) {
		h.wire.subscriptions = func(net.Conn, string) (<-chan struct{}, bool) { return make(chan struct{}), true }
	})
	s := h.dial()
	s.say("REQ", "s", map[string]any{"kinds": []int{7}})
	s.say("CLOSE", "s")
	begun := time.Now()
	s.publish(made(t, 1, "after it"))
	if took := time.Since(begun); took < closeWithin/2 {
		t.Errorf("it was not waited for: %s", took)
	}
}
