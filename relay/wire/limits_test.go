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
	for n := 0; <-h.asked != "polite"; n++ {
		if n > 40 {
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

func TestLargeMessages(t *testing.T) {
	limits := everyone()
	limits.Message = 10_000
	h := newHouse(t, limits)
	s := h.dial()
	small := made(t, 1, "small")
	large := made(t, 1, strings.Repeat(`"id":"`+strings.Repeat("0", 64)+`" `, 1000))
	tail := `["EVENT",{"content":"` + strings.Repeat("x", 20_000) + `","id": "` + small.ID + `"}]`
	for _, tt := range []struct{ say, want string }{
		{text("EVENT", large), `["OK","` + large.ID + `",false,"invalid:`},
		{tail, `["OK","` + small.ID + `",false,"invalid:`},
		{`["EVENT",{"content":"` + strings.Repeat("x", 20_000) + `"}]`, `["NOTICE","invalid:`},
		{text("REQ", "s", map[string]any{"ids": []string{strings.Repeat("0", 20_000)}}), `["NOTICE","invalid:`},
		{strings.Repeat("x", 20_000), `["NOTICE","invalid:`},
	} {
		s.send(tt.say)
		if got := text(s.read()...); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%.30s: got %s, want %s", tt.say, got, tt.want)
		}
	}
	if ok, reason := s.publish(small); !ok {
		t.Error(reason)
	}
	s.say("EVENT", small)
	s.send(strings.Repeat("x", tooLarge*limits.Message+1))
	s.until("OK", small.ID, true)
	if code, reason := s.closedWith(); code != 1009 || !strings.HasPrefix(reason, "invalid:") {
		t.Errorf("got %d %s, want 1009", code, reason)
	}
	if got := h.wire.Stats().Refused["large-message"]; got != 6 {
		t.Errorf("%d refused, want 6", got)
	}
}

// A message that stays incomplete costs its own connection, at the latest when
// its time is up; meanwhile others go on.
func TestSlowMessages(t *testing.T) {
	t.Parallel()
	limits := everyone()
	limits.MessageTimeout = 200 * time.Millisecond
	h := newHouse(t, limits)
	evt := text("EVENT", made(t, 1, strings.Repeat("x", 20_000)))
	whole := masked(1, true, evt)
	for name, begin := range map[string][]byte{
		"in a frame": whole[:len(whole)-1], "between frames": masked(1, false, evt[:100]), "in a header": append(masked(1, false, "x"), 0x80),
	} {
		c := h.rawDial(begin)
		if got := c.closedWith(); !strings.HasPrefix(got, "1008 rate-limited:") {
			t.Errorf("%s: got %s", name, got)
		}
	}
	idle := h.dial()
	s := h.dial()
	if ok, _ := s.publish(made(t, 1, "quick")); !ok {
		t.Error("others are held up")
	}
	if ok, _ := idle.publish(made(t, 1, "after a rest")); !ok {
		t.Error("who sends nothing is not slow")
	}
}

// There is room for some partial messages; the oldest makes room for the newest.
func TestPartialMessagesMakeRoom(t *testing.T) {
	limits := everyone()
	limits.Message, limits.Partial = 60_000, 100_000
	h := newHouse(t, limits)
	whole := masked(1, true, text("EVENT", made(t, 1, strings.Repeat("x", 30_000))))
	begin := whole[:30_000]
	oldest := h.rawDial(begin)
	for n := range 6 {
		eventually(t, "another", func() bool {
			s := h.wire.Stats()
			return s.Partial >= int64(min(n+1, 3))*30_000 && s.Refused["partial-messages"] == uint64(max(n-2, 0))
		})
		if got := h.wire.Stats().Partial; got > limits.Partial {
			t.Errorf("%d bytes are partial, want at most %d", got, limits.Partial)
		}
		if n < 5 {
			h.rawDial(begin)
		}
	}
	if got := oldest.closedWith(); !strings.HasPrefix(got, "1008 rate-limited:") {
		t.Errorf("the oldest: got %s", got)
	}
	s := h.dial()
	if ok, _ := s.publish(made(t, 1, strings.Repeat("y", 30_000))); !ok {
		t.Error("others are held up")
	}
}

func TestFragments(t *testing.T) {
	h := newHouse(t, everyone())
	evt := made(t, 1, strings.Repeat("fragmented ", 1000))
	whole := text("EVENT", evt)
	var all []byte
	all = append(all, masked(1, false, whole[:1])...)
	for i := 1; i < 3000; i++ {
		all = append(all, masked(0, false, whole[i:i+1])...)
	}
	all = append(all, masked(9, true, "are you there?")...)
	all = append(all, masked(0, false, "")...)
	all = append(all, masked(0, true, whole[3000:])...)
	c := h.rawDial(all) // right behind the request, before the 101
	pong, ok := false, false
	for !pong || !ok {
		op, p, err := c.frame()
		if err != nil {
			t.Fatal(err)
		}
		pong = pong || op == 10 && string(p) == "are you there?"
		ok = ok || strings.HasPrefix(string(p), `["OK","`+evt.ID+`",true`)
		if ok && !pong {
			t.Fatal("the ping had to wait for the message around it")
		}
	}
}

func TestMalformedFrames(t *testing.T) {
	h := newHouse(t, everyone())
	unmasked := []byte{0x81, 1, 'x'}
	for name, frames := range map[string][]byte{
		"not masked": unmasked, "reserved bit": {0xC1, 0x80, 0, 0, 0, 0}, "reserved opcode": masked(3, true, "x"),
		"a fragmented ping": masked(9, false, "x"), "a long ping": masked(9, true, strings.Repeat("x", 126)),
		"a continuation of nothing": masked(0, true, "x"), "a message within a message": append(masked(1, false, "x"), masked(1, true, "y")...),
		"a negative length": {0x81, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if got := h.rawDial(frames).closedWith(); !strings.HasPrefix(got, "1002 ") {
			t.Errorf("%s: got %s, want 1002", name, got)
		}
	}
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
