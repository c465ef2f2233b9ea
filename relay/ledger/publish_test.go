package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

func TestReplaceable(t *testing.T) {
	low, high := "low", "high" // names of ids in ascending order
	if key(low) > key(high) {
		low, high = high, low
	}
	d := func(v string) nostr.Tag { return nostr.Tag{"d", v} }
	type step struct {
		evt  *nostr.Event
		want Outcome
	}
	for _, c := range []struct {
		name  string
		steps []step
		left  []string // names of the events still served
	}{
		{"newer replaces", []step{{event("a", 10002, bob, 1), Stored}, {event("b", 10002, bob, 2), Stored}}, []string{"b"}},
		{"older is superseded", []step{{event("b", 0, bob, 2), Stored}, {event("a", 0, bob, 1), Superseded}}, []string{"b"}},
		{"of equals the lowest id", []step{{event(high, 3, bob, 1), Stored}, {event(low, 3, bob, 1), Stored}}, []string{low}},
		{"of equals the highest id not", []step{{event(low, 3, bob, 1), Stored}, {event(high, 3, bob, 1), Superseded}}, []string{low}},
		{"twice", []step{{event("a", 0, bob, 2), Stored}, {event("a", 0, bob, 2), Duplicate}}, []string{"a"}},
		{"other author, other kind", []step{{event("a", 0, bob, 1), Stored}, {event("b", 0, alice, 1), Stored}, {event("c", 3, bob, 1), Stored}}, []string{"a", "b", "c"}},
		{"a d tag means nothing to a replaceable", []step{{event("a", 10002, bob, 1, d("x")), Stored}, {event("b", 10002, bob, 2, d("y")), Stored}}, []string{"b"}},
		{"addressable by d", []step{
			{event("a", 30402, bob, 1, d("mug")), Stored}, {event("b", 30402, bob, 2, d("cup")), Stored}, {event("c", 30402, bob, 3, d("mug")), Stored},
		}, []string{"b", "c"}},
		{"addressable without d", []step{{event("a", 30402, bob, 1), Stored}, {event("b", 30402, bob, 2, nostr.Tag{"d"}), Stored}, {event("c", 30402, bob, 3, d("")), Stored}}, []string{"c"}},
		{"regular ones stay", []step{{event("a", 1, bob, 1), Stored}, {event("b", 1, bob, 2), Stored}, {event("a", 1, bob, 1), Duplicate}}, []string{"a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := open(t)
			for _, s := range c.steps {
				publish(t, l, s.evt, s.want)
			}
			wantServed(t, l, c.left...)
		})
	}
}

// wantServed compares what everybody sees with the events of these names.
func wantServed(t *testing.T, l *Ledger, names ...string) {
	t.Helper()
	want := []string{}
	for _, name := range names {
		want = append(want, key(name))
	}
	got := ids(t, l, nostr.Filter{}, "")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("served: %v, want %v (%v)", got, want, names)
	}
}

func TestExpire(t *testing.T) {
	now := time.Unix(1000, 0)
	l := open(t, WithClock(func() time.Time { return now }))
	expires := func(at string) nostr.Tag { return nostr.Tag{"expiration", at} }
	publish(t, l, event("soon", 1, bob, 1, expires("1010")), Stored)
	publish(t, l, event("later", 1, bob, 1, expires("2000")), Stored)
	publish(t, l, event("never", 1, bob, 1, expires("whenever")), Stored)
	w := wrap("wrap", bob, 1)
	w.Tags = append(w.Tags, expires("1010"))
	arrive(t, l, arrival(w, bob), Stored)
	wantServed(t, l, "soon", "later", "never")

	now = time.Unix(1010, 0)
	wantServed(t, l, "later", "never")
	if n, err := l.Count(t.Context(), nostr.Filter{}, bob); err != nil || n != 2 {
		t.Errorf("Count = %d, %v; want 2", n, err)
	}
	for _, want := range []int{2, 0} {
		if n, err := l.Expire(t.Context(), now); err != nil || n != want {
			t.Errorf("Expire = %d, %v; want %d", n, err, want)
		}
	}
	if rows, err := l.Unopened(t.Context(), bob, 0, 10); err != nil || len(rows) != 0 {
		t.Errorf("Unopened = %v, %v after the wrap expired", rows, err)
	}
	if n, err := l.CountUnopened(t.Context(), []string{bob}, 10); err != nil || n != 0 {
		t.Errorf("CountUnopened = %v, %v after the wrap expired", n, err)
	}
	arrive(t, l, arrival(w, bob), Duplicate)
}

func TestExpireManyInTurns(t *testing.T) {
	l := open(t)
	const n = 2*expireBatch + 1
	err := l.writes.submit(t.Context(), func(x *tx) error {
		for i := range n {
			r, err := newRecord(event(string(rune(i)), 1, bob, 1, nostr.Tag{"expiration", "5"}, nostr.Tag{"t", "x"}), 1)
			if err != nil {
				return err
			}
			if _, err := x.insertEvent(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.Expire(t.Context(), time.Unix(5, 0)); err != nil || got != n {
		t.Errorf("Expire = %d, %v; want %d", got, err, n)
	}
	var tags int
	if err := l.reads.db.QueryRowContext(t.Context(), "SELECT count(*) FROM event_tags").Scan(&tags); err != nil || tags != 0 {
		t.Errorf("%d tags left, %v", tags, err)
	}
}

func TestRelaysOf(t *testing.T) {
	l := open(t)
	relays := func(at int64, urls ...string) *nostr.Event {
		evt := event(time.Unix(at, 0).String(), 10050, bob, at)
		for _, u := range urls {
			evt.Tags = append(evt.Tags, nostr.Tag{"relay", u})
		}
		return evt
	}
	for _, c := range []struct {
		evt  *nostr.Event
		want []string
	}{
		{relays(2, "wss://a", "wss://b"), []string{"wss://a", "wss://b"}},
		{relays(1, "wss://old"), []string{"wss://a", "wss://b"}},
		{relays(3, "wss://c"), []string{"wss://c"}},
		{relays(4), nil},
	} {
		if _, err := l.Publish(t.Context(), c.evt, 1); err != nil {
			t.Fatal(err)
		}
		if got, err := l.RelaysOf(t.Context(), bob); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("RelaysOf = %v, %v; want %v", got, err, c.want)
		}
	}
	if got, err := l.RelaysOf(t.Context(), alice); err != nil || got != nil {
		t.Errorf("RelaysOf(nobody's) = %v, %v", got, err)
	}
}
