package wire

import (
	"strings"
	"testing"
	"time"
)

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
