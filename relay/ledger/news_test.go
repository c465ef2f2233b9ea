package ledger

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// markOrder marks the order as erasing would.
func markOrder(t *testing.T, l *Ledger, intentID string) (seq int64) {
	t.Helper()
	err := l.writes.submit(t.Context(), func(x *tx) (err error) { seq, err = x.mark(intentID); return err })
	if err != nil {
		t.Error(err)
	}
	return seq
}

func TestNews(t *testing.T) {
	l := open(t)
	ask := func(after int64, limit int) (string, int64) {
		t.Helper()
		facts, marked, last, err := l.News(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		var seqs []int64
		for _, f := range facts {
			if f.Box != nil {
				t.Error("News reads boxes that nobody asked for")
			}
			seqs = append(seqs, f.Seq)
		}
		var ids []string
		for _, k := range marked {
			if k.Pair != orders.PairOf(alice, bob) {
				t.Errorf("marked %v, want the pair of alice and bob", k)
			}
			ids = append(ids, k.OrderID)
		}
		return fmt.Sprint(seqs, ids), last
	}
	if got, last := ask(0, 10); got != "[] []" || last != 0 {
		t.Errorf("News of an empty ledger = %s, %d", got, last)
	}
	for i := range 3 { // facts 1 to 3
		id := fmt.Sprint("o", i)
		arrive(t, l, arrival(wrap(id, bob, 1), bob, fact(id, orders.Intent, alice, bob, id, 1)), Stored)
	}
	markOrder(t, l, "o1") // 4
	markOrder(t, l, "o2") // 5
	l.SetLimits(Limits{FactsPerOrder: 1})
	arrive(t, l, arrival(wrap("n", bob, 1), bob, fact("n", orders.Note, alice, bob, "o0", 1)), Stored) // 6
	markOrder(t, l, "o1")                                                                              // 7: 4 is forgotten
	for _, c := range []struct {
		after int64
		limit int
		want  string
		last  int64
	}{
		{0, 10, "[1 2 3 6] [o2 o1]", 7},
		{-5, 10, "[1 2 3 6] [o2 o1]", 7},
		{0, 2, "[1 2] []", 2},
		{2, 2, "[3] [o2]", 5},
		{3, 1, "[] [o2]", 5},
		{5, 1, "[6] []", 6},
		{6, 1, "[] [o1]", 7},
		{7, 9, "[] []", 7},
		{99, 9, "[] []", 99},
		{0, 0, "[] []", 0},
		{0, -1, "[] []", 0},
		{math.MaxInt64, 1, "[] []", math.MaxInt64},
	} {
		if got, last := ask(c.after, c.limit); got != c.want || last != c.last {
			t.Errorf("News(%d, %d) = %s, %d; want %s, %d", c.after, c.limit, got, last, c.want, c.last)
		}
	}
	if facts, _, _, err := l.News(t.Context(), 5, 1); err != nil || !facts[0].Held {
		t.Errorf("News = %v, %v; want the stamp of a held fact", facts, err)
	}
}

// TestNewsBesideWriters follows facts and marks while they are written, in small
// steps: none may be left out.
func TestNewsBesideWriters(t *testing.T) {
	l := open(t)
	const writers, each = 4, 15
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		marks = map[string]int64{}
	)
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprint(w, "-", i)
				if _, err := l.Arrive(t.Context(), arrival(wrap(id, bob, 1), bob, fact(id, orders.Intent, alice, bob, id, 1))); err != nil {
					t.Error(err)
				}
				seq := markOrder(t, l, id)
				mu.Lock()
				marks[id] = seq
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var (
		seen  []int64
		at    int64
		order = map[string]int64{}
	)
	for ended := false; ; {
		changed := l.Changed()
		facts, marked, last, err := l.News(t.Context(), at, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			seen = append(seen, f.Seq)
		}
		for _, k := range marked {
			order[k.OrderID] = last
		}
		if last > at {
			at = last
			continue
		}
		if ended {
			break
		}
		select {
		case <-changed:
		case <-done:
			ended = true
		}
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != writers*each {
		t.Errorf("%d facts followed, want %d", len(seen), writers*each)
	}
	for id, seq := range marks {
		if order[id] < seq {
			t.Errorf("order %s was marked at %d and followed up to %d", id, seq, order[id])
		}
	}
	if last, err := l.LastSeq(t.Context()); err != nil || last != at {
		t.Errorf("followed to %d of %d, %v", at, last, err)
	}
}
