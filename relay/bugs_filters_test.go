package relay

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
)

// What khatru v0.19.1 does to filters, and what must not come of it. The other
// files bugs_*_test.go do the same for its other sides.

// count asks for a COUNT; notice is the reason of a refusal, which khatru sends
// beside a count of 0.
func (s *socket) count(filter any) (n int, notice string) {
	s.t.Helper()
	s.say("COUNT", "c", filter)
	for {
		switch m := s.read(); s.label(m) {
		case "NOTICE":
			notice = s.text(m[1])
		case "COUNT":
			var answer struct{ Count int }
			if err := json.Unmarshal(m[2], &answer); err != nil {
				s.t.Fatal(err)
			}
			return answer.Count, notice
		}
	}
}

// upTo returns everything that comes until the event has come so many times.
// Live events come in the order in which they were published: what was to come
// before it has.
func (s *socket) upTo(last nostr.Event, times int) (messages []string) {
	s.t.Helper()
	for times > 0 {
		m := s.read()
		if s.label(m) == "EVENT" && s.event(m).ID == last.ID {
			times--
		}
		whole, err := json.Marshal(m)
		if err != nil {
			s.t.Fatal(err)
		}
		messages = append(messages, string(whole))
	}
	return messages
}

// khatru's list of listeners knows no NIP-42, keeps the filters that limit:0
// smuggled past the policy, and is read without a lock. It must never be walked:
// every live event comes by our own index, and comes once.
func TestKhatruBroadcastsNothing(t *testing.T) {
	h := newHouse(t)
	var walked atomic.Int64
	h.relay.khatru.PreventBroadcast = append(h.relay.khatru.PreventBroadcast, func(*khatru.WebSocket, *nostr.Event) bool {
		walked.Add(1)
		return false
	})
	seller, who := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	for id, filter := range map[string]obj{"all": {}, "live": {"limit": 0}, "since": {"since": 1}} {
		s.subscribe(id, filter)
	}
	r := h.connect(nil)
	public := []nostr.Event{ // the last of them after the wraps
		signed(t, who, nostr.Event{Kind: 0, Content: "{}"}),
		signed(t, who, nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", "mug"}}}),
		signed(t, who, nostr.Event{Kind: 10050, Tags: nostr.Tags{{"relay", h.url}}}),
		signed(t, who, nostr.Event{Kind: 5, Tags: nostr.Tags{{"a", "30402:" + who.PublicKey() + ":cup"}}}),
	}
	last := public[len(public)-1]
	h.publish(r, public[:len(public)-1]...)
	h.publish(r, h.wraps(who, intent(seller.PublicKey(), "A-1"))[:1]...)
	for _, kind := range []int{20001, kindEphemeralGiftWrap, 22242} {
		if err := r.publish(signed(t, who, nostr.Event{Kind: kind, Tags: nostr.Tags{{"p", seller.PublicKey()}}})); err == nil {
			t.Errorf("kind %d was taken: khatru broadcasts what it does not store", kind)
		}
	}
	h.publish(r, last)
	if n := walked.Load(); n != 0 {
		t.Errorf("khatru asked %d times whether it may broadcast", n)
	}
	times := map[string]int{}
	for _, m := range s.upTo(last, 3) {
		for _, evt := range public {
			if strings.Contains(m, evt.ID) {
				times[evt.ID]++
			}
		}
		if strings.Contains(m, `"kind":1059`) {
			t.Errorf("a gift wrap was broadcast: %s", m)
		}
	}
	for _, evt := range public {
		if times[evt.ID] != 3 {
			t.Errorf("kind %d came %d times by three subscriptions", evt.Kind, times[evt.ID])
		}
	}
}

// COUNT does not pass khatru's RejectFilter: it must tell no more than REQ.
func TestCountTellsNoMoreThanReq(t *testing.T) {
	h := newHouse(t)
	buyer, seller, eve := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	h.publish(h.connect(nil), wrap, signed(t, buyer, nostr.Event{Kind: 0, Content: "{}"}))
	filters := map[string]obj{
		"kinds": {"kinds": []int{1059}}, "ids": {"ids": []string{wrap.ID}}, "everything": {}, "mixed": {"kinds": []int{0, 1059}},
		"p": {"#p": []string{seller.PublicKey()}}, "khatru's own": {"##e": []string{wrap.ID}}, "limit 0": {"kinds": []int{1059}, "limit": 0},
		"reactions": {"kinds": []int{7}, "#e": []string{wrap.ID}}, "followers": {"kinds": []int{3}, "#p": []string{seller.PublicKey()}},
	}
	want := map[string]map[string]int{
		"nobody": {"everything": 1, "mixed": 1},
		"eve":    {"everything": 1, "mixed": 1},
		"seller": {"everything": 2, "mixed": 2, "kinds": 1, "ids": 1, "p": 1, "limit 0": 1},
	}
	sockets := map[string]*socket{"nobody": h.connect(nil), "eve": h.connect(eve), "seller": h.connect(seller)}
	for who, s := range sockets {
		for name, filter := range filters {
			n, notice := s.count(filter)
			if n != want[who][name] {
				t.Errorf("%s by %s: got %d, want %d", name, who, n, want[who][name])
			}
			refused := who == "nobody" && (name == "kinds" || name == "limit 0")
			if refused != strings.HasPrefix(notice, "auth-required:") {
				t.Errorf("%s by %s: got notice %q", name, who, notice)
			}
		}
	}
}

// khatru adds the listener after the query: an event that comes between must
// reach the subscriber all the same.
func TestNothingFallsBetweenStoredAndLive(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	listing := func(d string) nostr.Event {
		return signed(t, who, nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", d}}})
	}
	stored, between := listing("stored"), listing("between")
	writer := h.connect(nil)
	h.publish(writer, stored)
	queried := make(chan struct{})
	h.relay.khatru.QueryEvents = append(h.relay.khatru.QueryEvents, func(ctx context.Context, f nostr.Filter) (chan *nostr.Event, error) {
		nothing := make(chan *nostr.Event)
		close(nothing)
		if slices.Equal(f.Kinds, []int{30402}) { // our own query has begun; khatru has no listener yet
			select {
			case <-queried:
			case <-ctx.Done():
			}
		}
		return nothing, nil
	})
	s := h.connect(nil)
	s.say("REQ", "s", obj{"kinds": []int{30402}})
	if got := s.next(); got.ID != stored.ID {
		t.Fatalf("got %s, want the stored one", got.ID)
	}
	h.publish(writer, between)
	close(queried)
	if got := s.next(); got.ID != between.ID {
		t.Errorf("got %s, want the one between", got.ID)
	}
}

// An empty list matches nothing, stored or live, where khatru and most stores
// take it for no condition; a negative limit is no limit of its own.
func TestOddFilters(t *testing.T) {
	h := newHouse(t)
	first := newSigner(t)
	second, last := signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"}), signed(t, newSigner(t), nostr.Event{Kind: 0, Content: "{}"})
	writer := h.connect(nil)
	h.publish(writer, signed(t, first, nostr.Event{Kind: 0, Content: "{}"}))
	tests := map[string]struct {
		filter string
		want   int
	}{
		"no kinds":          {`{"kinds":[]}`, 0},
		"no authors":        {`{"authors":[]}`, 0},
		"no ids":            {`{"ids":[]}`, 0},
		"no p":              {`{"#p":[]}`, 0},
		"an id's beginning": {`{"ids":["` + first.PublicKey()[:8] + `"]}`, 0},
		"khatru's own":      {`{"##e":["x"]}`, 0},
		"two letters":       {`{"#pp":["x"]}`, 0},
		"limit -5":          {`{"limit":-5}`, 1},
		"a huge limit":      {`{"limit":999999999}`, 1},
		"no such key":       {`{"kinds":[0],"whatever":1}`, 1},
		"null":              {`{"kinds":null,"authors":null}`, 1},
	}
	s := h.connect(nil)
	for name, tt := range tests {
		if stored, closed := s.subscribe(name, json.RawMessage(tt.filter)); len(stored) != tt.want || closed != "" {
			t.Errorf("%s: got %d stored events, closed %q; want %d", name, len(stored), closed, tt.want)
		}
	}
	h.publish(writer, second, last)
	live := map[string]int{}
	for _, m := range s.upTo(last, 4) {
		for name := range tests {
			if strings.HasPrefix(m, `["EVENT","`+name+`"`) && strings.Contains(m, second.ID) {
				live[name]++
			}
		}
	}
	for name, tt := range tests {
		if live[name] != tt.want {
			t.Errorf("%s: got %d live events, want %d", name, live[name], tt.want)
		}
	}
}

// NIP-77 asks per set and not per event: it is off, and says so.
func TestNegentropyIsOff(t *testing.T) {
	h := newHouse(t)
	seller := newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	h.publish(h.connect(nil), h.wraps(seller, intent(h.self.PublicKey(), "A-1"))...)
	for who, s := range map[string]*socket{"nobody": h.connect(nil), "the recipient": h.connect(seller)} {
		s.say("NEG-OPEN", "n", obj{"kinds": []int{1059}}, "6100000200")
		s.say("NEG-MSG", "n", "6100000200")
		s.say("NEG-CLOSE", "n")
		notices := 0
		for notices < 3 {
			m := s.read()
			if label := s.label(m); label != "NOTICE" {
				t.Fatalf("%s: got %s", who, label)
			}
			notices++
		}
	}
}
