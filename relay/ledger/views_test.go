package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// An order is looked at once; what goes with the order, and with its people, is
// that it was.
func TestViews(t *testing.T) {
	l := open(t)
	for i, id := range []string{"o-1", "o-2", "o-3"} {
		buyer := []string{alice, alice, carol}[i]
		arrive(t, l, arrival(wrap(id, bob, 1), bob, fact(id, orders.Intent, buyer, bob, id, int64(1000+i))), Stored)
	}
	look := func(seen map[string]int64, want ...string) {
		t.Helper()
		got, err := l.View(t.Context(), seen)
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("View(%v) = %v, %v; want %v", seen, got, err, want)
		}
	}
	views := func(since int64, want map[string]int64) {
		t.Helper()
		got, err := l.Views(t.Context(), since)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Views(%d): %v (-want +got):\n%s", since, err, diff)
		}
	}
	look(map[string]int64{"o-1": 5, "o-2": 6, "nobody's": 7}, "o-1", "o-2")
	look(map[string]int64{"o-1": 8, "o-3": 9}, "o-3")
	look(nil)
	views(0, map[string]int64{"o-1": 5, "o-2": 6, "o-3": 9})
	views(1001, map[string]int64{"o-2": 6, "o-3": 9})

	last, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Retire(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-2"}, 1, last); err != nil {
		t.Fatal(err)
	}
	look(map[string]int64{"o-2": 10})
	if n, err := l.StandingCount(t.Context(), 0); err != nil || n != 2 {
		t.Errorf("StandingCount = %d, %v; want 2", n, err)
	}
	if _, err := l.Vanish(t.Context(), event("v", KindVanish, carol, 2, nostr.Tag{"relay", "ALL_RELAYS"}), 3000); err != nil {
		t.Fatal(err)
	}
	views(0, map[string]int64{"o-1": 5})
}

// TestInboxCensus counts what is not opened, by state and reason.
func TestInboxCensus(t *testing.T) {
	l := open(t)
	for i, s := range []struct {
		state  State
		reason string
	}{{Waiting, "not-for-us"}, {Waiting, "key-unavailable"}, {Unreadable, "decrypt"}, {Unreadable, "decrypt"}, {Unreadable, "rumor-id"}, {Opened, ""}} {
		a := arrival(wrap(string(rune('a'+i)), bob, 1), bob)
		a.State, a.Reason = s.state, s.reason
		arrive(t, l, a, Stored)
	}
	got, err := l.InboxCensus(t.Context())
	slices.SortFunc(got, func(a, b InboxCount) int { return int(b.N - a.N) })
	want := []InboxCount{{Waiting, "", 2}, {Unreadable, "decrypt", 2}, {Unreadable, "rumor-id", 1}, {New, "", 0}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("InboxCensus: %v (-want +got):\n%s", err, diff)
	}
	for _, query := range []string{queryCountWaiting, queryCountUnreadable} {
		if plan := planOf(t, l, query); !strings.Contains(plan, "COVERING INDEX inbox_un") {
			t.Errorf("%s reads through the inbox:\n%s", query, plan)
		}
	}
}
