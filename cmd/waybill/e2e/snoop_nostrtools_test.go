//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// TestSnoopNostrTools is TestSnoop in short with nostr-tools as the spy: nobody
// but its recipient gets to see a gift wrap through a client that people use, be
// he anonymous or authenticated as somebody else.
func TestSnoopNostrTools(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "mallory"}, delegated: []string{"seller"}})
	seller := w.person("seller")
	w.node.must("nobody", "connect", map[string]any{"url": w.daemon.url}, nil)

	wrapped := func(content string) (toSeller nostr.Event) {
		t.Helper()
		var made struct{ Wraps []nostr.Event }
		w.node.must("buyer", "wrap", map[string]any{"rumor": intent(seller, "S-1", content, 100), "to": []string{seller.pubkey}}, &made)
		return made.Wraps[0]
	}
	publish := func(who string, evt nostr.Event) {
		t.Helper()
		var reply copyOf
		if w.node.must(who, "publish", map[string]any{"event": evt}, &reply); !reply.OK {
			t.Fatalf("%s's event was refused: %s", who, reply.Reason)
		}
	}
	stored, coming := wrapped("the one that is there"), wrapped("the one that comes")
	publish("buyer", stored)

	filters := map[string]func(e nostr.Event) map[string]any{
		"its id":        func(e nostr.Event) map[string]any { return map[string]any{"ids": []string{e.ID}} },
		"its author":    func(e nostr.Event) map[string]any { return map[string]any{"authors": []string{e.PubKey}} },
		"its recipient": func(nostr.Event) map[string]any { return map[string]any{"#p": []string{seller.pubkey}} },
		"its kind":      func(nostr.Event) map[string]any { return map[string]any{"kinds": []int{1059}} },
		"kind, recipient": func(nostr.Event) map[string]any {
			return map[string]any{"kinds": []int{1059}, "#p": []string{seller.pubkey}}
		},
		"its kind and more": func(nostr.Event) map[string]any { return map[string]any{"kinds": []int{1059, 0, 10050}} },
		"nothing":           func(nostr.Event) map[string]any { return map[string]any{} },
		"no kinds":          func(nostr.Event) map[string]any { return map[string]any{"kinds": []int{}} },
	}
	spies := []string{"nobody", "mallory"}
	for name, filter := range filters {
		for _, spy := range spies {
			var got heard
			w.node.must(spy, "req", map[string]any{"filters": []any{filter(stored)}}, &got)
			unseen(t, fmt.Sprintf("%s, stored, by %s", spy, name), got)

			live := filter(coming)
			live["limit"] = 0
			w.node.must(spy, "listen", map[string]any{"name": name, "filters": []any{live}}, &got)

			var n counted
			w.node.must(spy, "count", map[string]any{"filters": []any{filter(stored)}}, &n)
			if n.Refused == "" && n.Count != seenBy(t, w, spy, filter(stored)) {
				t.Errorf("%s, COUNT by %s: got %d, more than he may read", spy, name, n.Count)
			}
		}
	}

	publish("buyer", coming)
	var got received
	w.node.must("seller", "wait", map[string]any{"wrap": coming.ID}, &got)
	if got.Error != "" || !got.Live {
		t.Fatalf("the recipient himself received %+v", got)
	}
	// A socket's live events come in order: who has this one had been passed the wrap over.
	var reply struct {
		copyOf
		Event nostr.Event
	}
	w.node.must("buyer", "post", map[string]any{"kind": 30402, "content": "a public thing", "tags": [][]string{{"d", "x"}, {"p", seller.pubkey}}}, &reply)
	for _, spy := range spies {
		eventually(t, spy+" hears the public event", func() error {
			var heardAll heard
			w.node.must(spy, "heard", map[string]any{"name": "nothing"}, &heardAll)
			for _, e := range heardAll.Events {
				if e.ID == reply.Event.ID {
					return nil
				}
			}
			return fmt.Errorf("he heard %d events", len(heardAll.Events))
		})
		for name := range filters {
			var got heard
			w.node.must(spy, "heard", map[string]any{"name": name}, &got)
			unseen(t, fmt.Sprintf("%s, live, by %s", spy, name), got)
		}
	}

	for _, filter := range []map[string]any{{"kinds": []int{1059}}, {"ids": []string{stored.ID}}, {"#p": []string{seller.pubkey}}} {
		var got heard
		w.node.must("seller", "req", map[string]any{"filters": []any{filter}}, &got)
		if !strings.Contains(ids(got.Events), stored.ID) {
			t.Errorf("the recipient does not find the wrap by %v", filter)
		}
	}
	for _, spy := range spies {
		if n := seenBy(t, w, spy, map[string]any{"kinds": []int{1059}}); n != 0 {
			t.Errorf("%s reads %d gift wraps", spy, n)
		}
	}
	w.nothingLeaked()
}

// unseen fails the test where a gift wrap is among the events.
func unseen(t *testing.T, how string, got heard) {
	t.Helper()
	for _, e := range got.Events {
		if e.Kind == nostr.KindGiftWrap {
			t.Errorf("%s: a gift wrap was shown", how)
		}
	}
}

// seenBy is how many events the filter gives to somebody.
func seenBy(t *testing.T, w *world, who string, filter map[string]any) int {
	t.Helper()
	var got heard
	w.node.must(who, "req", map[string]any{"filters": []any{filter}}, &got)
	return len(got.Events)
}

func ids(events []nostr.Event) (all string) {
	for _, e := range events {
		all += e.ID + " "
	}
	return all
}
