package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"pgregory.net/rapid"

	"github.com/waybill-relay/waybill/orders"
)

const queryNow = 1000 // s

// visible is the rule of Query, written down a second time.
func visible(evt *nostr.Event, reader string) bool {
	if x := evt.Tags.Find("expiration"); x != nil && x[1] != "1001" { // the first one counts
		return false
	}
	switch evt.Kind {
	case 4, 13, 14, 15, 1059, 21059:
		if evt.Kind == 4 && evt.PubKey == reader {
			return true
		}
		return reader != "" && evt.Tags.FindWithValue("p", reader) != nil
	}
	return true
}

func naiveQuery(events []*nostr.Event, f nostr.Filter, reader string, limit int) []string {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b *nostr.Event) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	if f.Limit > 0 {
		limit = min(limit, f.Limit)
	}
	got := []string{}
	for _, evt := range events {
		if len(got) < limit && !f.LimitZero && f.Matches(evt) && visible(evt, reader) {
			got = append(got, evt.ID)
		}
	}
	return got
}

// TestQueryProperty compares filters over random events with go-nostr's matcher
// and the rule of who may see what.
func TestQueryProperty(t *testing.T) {
	dir := t.TempDir()
	round := 0
	people := []string{alice, bob, carol}
	kinds := []int{1, 4, 5, 14, 16, 1059, 9000, 40001}
	values := []string{alice, bob, carol, "x", "y", ""}
	names := []string{"p", "e", "t", "A"}
	rapid.Check(t, func(rt *rapid.T) {
		round++
		l, err := Open(t.Context(), filepath.Join(dir, fmt.Sprint(round)), WithClock(func() time.Time { return time.Unix(queryNow, 0) }))
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		tags := rapid.Custom(func(rt *rapid.T) nostr.Tag {
			if rapid.IntRange(0, 9).Draw(rt, "special") == 0 {
				return rapid.SampledFrom([]nostr.Tag{{"p"}, {"expiration", "900"}, {"expiration", "1000"}, {"expiration", "1001"}, {"long", "x"}, {}}).Draw(rt, "tag")
			}
			return nostr.Tag{rapid.SampledFrom(names).Draw(rt, "name"), rapid.SampledFrom(values).Draw(rt, "value"), "more"}
		})
		var events []*nostr.Event
		for i := range rapid.IntRange(1, 30).Draw(rt, "n") {
			kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
			evt := event(fmt.Sprint(i), kind, rapid.SampledFrom(people).Draw(rt, "author"), int64(rapid.IntRange(0, 8).Draw(rt, "at")),
				rapid.SliceOfN(tags, 0, 4).Draw(rt, "tags")...)
			if kind == 5 { // with an address, it is public and deletes nothing
				evt.Tags = nostr.Tags{{"a", "30402:" + mallory + ":x"}}
			}
			events = append(events, evt)
		}
		storeAll(t, l, events)
		for range 12 {
			f := drawFilter(rt, events, people, kinds, names, values)
			reader := rapid.SampledFrom([]string{"", alice, bob, mallory}).Draw(rt, "reader")
			limit := rapid.SampledFrom([]int{500, 3, 1}).Draw(rt, "cap")
			want := naiveQuery(events, f, reader, limit)
			got := []string{}
			for evt, err := range l.Query(t.Context(), f, reader, limit) {
				if err != nil {
					rt.Fatal(err)
				}
				got = append(got, evt.ID)
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%v for %.4q, at most %d:\n got %v\nwant %v", f, reader, limit, got, want)
			}
			f.Limit, f.LimitZero = 0, false
			all := len(naiveQuery(events, f, reader, 500))
			if n, err := l.Count(t.Context(), f, reader); err != nil || n != int64(all) {
				rt.Fatalf("Count(%v) for %.4q = %d, %v; want %d", f, reader, n, err, all)
			}
		}
	})
}

// storeAll stores events that do not touch each other, in few commits.
func storeAll(t *testing.T, l *Ledger, events []*nostr.Event) {
	var wg sync.WaitGroup
	for _, evt := range events {
		wg.Go(func() {
			var err error
			if evt.Kind == 1059 {
				_, err = l.Arrive(t.Context(), arrival(evt, bob))
			} else {
				_, err = l.Publish(t.Context(), evt, 1)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func drawFilter(rt *rapid.T, events []*nostr.Event, people []string, kinds []int, names, values []string) (f nostr.Filter) {
	some := func(label string, from []string) []string {
		if rapid.IntRange(0, 2).Draw(rt, label+"?") > 0 {
			return nil
		}
		return append([]string{}, rapid.SliceOfN(rapid.SampledFrom(from), 0, 3).Draw(rt, label)...)
	}
	known := []string{"nonsense", key("unknown")}
	for _, evt := range events {
		known = append(known, evt.ID)
	}
	if rapid.IntRange(0, 4).Draw(rt, "ids?") == 0 {
		f.IDs = append([]string{}, rapid.SliceOfN(rapid.SampledFrom(known), 0, 5).Draw(rt, "ids")...)
	}
	f.Authors = some("authors", append([]string{"nonsense"}, people...))
	if rapid.Bool().Draw(rt, "kinds?") {
		f.Kinds = append([]int{}, rapid.SliceOfN(rapid.SampledFrom(append([]int{-1, 77}, kinds...)), 0, 4).Draw(rt, "kinds")...)
	}
	f.Tags = nostr.TagMap{}
	for _, name := range names {
		if vs := some("#"+name, append([]string{strings.Repeat("long", 1000)}, values...)); vs != nil {
			f.Tags[name] = vs
		}
	}
	at := func(label string) *nostr.Timestamp {
		if rapid.IntRange(0, 3).Draw(rt, label+"?") > 0 {
			return nil
		}
		return new(nostr.Timestamp(rapid.IntRange(-1, 9).Draw(rt, label)))
	}
	f.Since, f.Until = at("since"), at("until")
	f.Limit = rapid.SampledFrom([]int{0, 0, -5, 2, 100}).Draw(rt, "limit")
	f.LimitZero = rapid.IntRange(0, 9).Draw(rt, "zero") == 0
	return f
}

// TestPrivate: what is private is as if it were not there, whatever the filter.
func TestPrivate(t *testing.T) {
	l := open(t)
	mail := wrap("mail", bob, 3)
	mail.Tags = append(mail.Tags, nostr.Tag{"t", "x"})
	arrive(t, l, arrival(mail, bob), Stored)
	publish(t, l, event("both", 4, alice, 2, nostr.Tag{"p", bob}, nostr.Tag{"p", carol}), Stored)
	publish(t, l, event("note", 1, alice, 1, nostr.Tag{"p", bob}, nostr.Tag{"t", "x"}), Stored)
	publish(t, l, deletes("deletion", carol, 4, e("unknown")), Stored)
	p := func(keys ...string) nostr.TagMap { return nostr.TagMap{"p": keys} }
	for name, c := range map[string]struct {
		f    nostr.Filter
		want map[string][]string // reader: names, newest first
	}{
		"everything": {nostr.Filter{}, map[string][]string{
			"": {"note"}, alice: {"both", "note"}, bob: {"mail", "both", "note"}, carol: {"deletion", "both", "note"}, mallory: {"note"},
		}},
		"an inbox":                {nostr.Filter{Kinds: []int{1059}, Tags: p(bob)}, map[string][]string{"": nil, bob: {"mail"}, alice: nil, mallory: nil}},
		"another's tag":           {nostr.Filter{Tags: p(bob)}, map[string][]string{carol: {"both", "note"}, mallory: {"note"}}},
		"own tag among others":    {nostr.Filter{Tags: p(alice, carol)}, map[string][]string{carol: {"both"}, bob: {"both"}}},
		"own tag and one more":    {nostr.Filter{Tags: nostr.TagMap{"p": {bob}, "t": {"x"}}}, map[string][]string{bob: {"mail", "note"}}},
		"own tag and a wrong one": {nostr.Filter{Tags: nostr.TagMap{"p": {bob}, "t": {"y"}}}, map[string][]string{bob: nil}},
		"ids":                     {nostr.Filter{IDs: []string{mail.ID, key("both"), key("deletion")}}, map[string][]string{"": nil, bob: {"mail", "both"}, carol: {"deletion", "both"}}},
		"authors":                 {nostr.Filter{Authors: []string{alice, carol, mail.PubKey}}, map[string][]string{mail.PubKey: {"note"}, alice: {"both", "note"}, bob: {"mail", "both", "note"}}},
		"the kind of deletions":   {nostr.Filter{Kinds: []int{5}}, map[string][]string{"": nil, bob: nil, carol: {"deletion"}}},
	} {
		for reader, names := range c.want {
			want := []string{}
			for _, n := range names {
				want = append(want, key(n))
			}
			if got := ids(t, l, c.f, reader); !slices.Equal(got, want) {
				t.Errorf("%s for %.4q: %v, want %v", name, reader, got, names)
			}
			if n, err := l.Count(t.Context(), c.f, reader); err != nil || n != int64(len(want)) {
				t.Errorf("%s for %.4q: Count = %d, %v; want %d", name, reader, n, err, len(want))
			}
		}
	}
}

func TestQueryEdges(t *testing.T) {
	l := open(t)
	for i := range 2*fetchBatch + 10 { // several fetches, all of one second
		publish(t, l, event(fmt.Sprint(i), 1, bob, 5, nostr.Tag{"t", "x"}, nostr.Tag{"t", "y"}), Stored)
	}
	const all = 2*fetchBatch + 10
	many := make([]string, MaxFilterValues)
	for i := range many {
		many[i] = key(fmt.Sprint(i))
	}
	for name, c := range map[string]struct {
		f    nostr.Filter
		want int
	}{
		"everything":         {nostr.Filter{}, all},
		"both values, once":  {nostr.Filter{Tags: nostr.TagMap{"t": {"x", "y", "x"}}}, all},
		"a thousand ids":     {nostr.Filter{IDs: many}, all},
		"nil tag values":     {nostr.Filter{Tags: nostr.TagMap{"t": nil}}, all},
		"empty tag values":   {nostr.Filter{Tags: nostr.TagMap{"t": {}}}, 0},
		"empty kinds":        {nostr.Filter{Kinds: []int{}}, 0},
		"long tag name":      {nostr.Filter{Tags: nostr.TagMap{"#e": {"x"}}}, 0},
		"since after until":  {nostr.Filter{Since: new(nostr.Timestamp(6)), Until: new(nostr.Timestamp(4))}, 0},
		"limit zero":         {nostr.Filter{LimitZero: true}, 0},
		"seventeen kinds":    {nostr.Filter{Kinds: []int{1, 2, 6, 7, 8, 9, 11, 12, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25}}, all},
		"quotes and a zero":  {nostr.Filter{Authors: []string{"' OR 1=1 --", "\x00"}}, 0},
		"unknown reader tag": {nostr.Filter{Tags: nostr.TagMap{"p": {bob}}}, 0},
	} {
		got := ids(t, l, c.f, "")
		if len(got) != c.want || !slices.IsSorted(got) {
			t.Errorf("%s: %d events, sorted by id %v; want %d", name, len(got), slices.IsSorted(got), c.want)
		}
	}
	for _, limit := range []int{0, -1} {
		for range l.Query(t.Context(), nostr.Filter{}, "", limit) {
			t.Errorf("Query with a cap of %d yields", limit)
		}
	}
	tooMany := nostr.Filter{Authors: many, Tags: nostr.TagMap{"t": {"x"}}}
	for _, err := range l.Query(t.Context(), tooMany, "", 10) {
		if !errors.Is(err, ErrFilterTooLarge) || orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("Query = %v, want ErrFilterTooLarge", err)
		}
	}
	if _, err := l.Count(t.Context(), tooMany, ""); !errors.Is(err, ErrFilterTooLarge) {
		t.Errorf("Count = %v, want ErrFilterTooLarge", err)
	}
}

// TestQueryWhileDeleted: the caller holds an event while later ones go; the
// ledger stays writable, and what went is left out.
func TestQueryWhileDeleted(t *testing.T) {
	l := open(t)
	for i := range 3 * fetchBatch {
		publish(t, l, event(fmt.Sprint(i), 1, bob, int64(1000-i)), Stored)
	}
	n := 0
	for _, err := range l.Query(t.Context(), nostr.Filter{}, "", 500) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			last := fmt.Sprint(3*fetchBatch - 1)
			publish(t, l, deletes("del", bob, 2000, nostr.Tag{"e", key(last)}), Stored)
		}
	}
	if want := 3*fetchBatch - 1; n != want {
		t.Errorf("%d events, want %d", n, want)
	}
}
