package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/waybill-relay/waybill/orders"
)

func TestMain(m *testing.M) {
	if runAsVictim() || runAsOpener() || runAsLimited() {
		return
	}
	goleak.VerifyTestMain(m)
}

// hold keeps the writer busy until the returned function is called, so that
// what is submitted meanwhile is waiting together.
func hold(l *Ledger) (letGo func()) {
	held, free := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- l.writes.submit(context.Background(), func(*tx) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() {
		close(free)
		<-done
	}
}

func TestGroupCommit(t *testing.T) {
	l := open(t)
	const writers = 64
	before := l.Stats()
	letGo := hold(l)
	var started, finished sync.WaitGroup
	for i := range writers {
		started.Add(1)
		finished.Go(func() {
			started.Done()
			a := arrival(wrap(fmt.Sprint(i), bob, 1), bob, fact(fmt.Sprint(i), orders.Intent, alice, bob, "o", 1))
			if got, err := l.Arrive(t.Context(), a); err != nil || got != Stored {
				t.Errorf("Arrive = %q, %v", got, err)
			}
		})
	}
	started.Wait()
	letGo()
	finished.Wait()
	s := l.Stats()
	if got := s.Entries - before.Entries; got != writers+1 {
		t.Errorf("%d entries, want %d", got, writers+1)
	}
	if commits := s.Commits - before.Commits; commits >= writers {
		t.Errorf("%d commits for %d entries", commits, writers)
	}
	if facts, err := l.FactsAfter(t.Context(), 0, 1000); err != nil || len(facts) != writers {
		t.Errorf("%d facts, %v; want %d", len(facts), err, writers)
	}
}

func TestOneFailsAlone(t *testing.T) {
	l := open(t)
	boom := errors.New("boom")
	changed := l.Changed()
	good := prepared(t, arrival(wrap("good", bob, 1), bob, fact("r", orders.Intent, alice, bob, "o", 1)))
	bad := prepared(t, arrival(wrap("bad", bob, 1), bob, fact("bad", orders.Intent, alice, bob, "o", 1)))
	batch := []*entry{
		{ctx: t.Context(), apply: good, done: make(chan error, 1)},
		{ctx: t.Context(), apply: func(x *tx) error { return errors.Join(bad(x), boom) }, done: make(chan error, 1)},
		{ctx: t.Context(), apply: func(x *tx) error {
			_, err := x.exec("INSERT INTO inbox (event_id, recipient, received_at, state) VALUES ('x', 'y', 1, 'nonsense')")
			return err
		}, done: make(chan error, 1)},
		{ctx: canceled(), apply: bad, done: make(chan error, 1)},
		{ctx: t.Context(), apply: prepared(t, arrival(wrap("last", bob, 1), bob)), done: make(chan error, 1)},
	}
	stopWriter(t, l)
	l.writes.commit(batch)
	got := make([]error, len(batch))
	for i, e := range batch {
		got[i] = <-e.done
	}
	if got[0] != nil || got[4] != nil {
		t.Errorf("the good ones failed: %v, %v", got[0], got[4])
	}
	if !errors.Is(got[1], boom) || got[2] == nil || !errors.Is(got[3], context.Canceled) {
		t.Errorf("the bad ones: %v, %v, %v", got[1], got[2], got[3])
	}
	for name, want := range map[string]bool{"good": true, "bad": false, "last": true} {
		if has, err := l.Has(t.Context(), key(name)); err != nil || has != want {
			t.Errorf("Has(%s) = %v, %v; want %v", name, has, err, want)
		}
	}
	if facts, err := l.FactsAfter(t.Context(), 0, 10); err != nil || len(facts) != 1 || facts[0].ID != key("r") {
		t.Errorf("facts = %v, %v; want the good one", facts, err)
	}
	select {
	case <-changed:
	default:
		t.Error("Changed did not wake")
	}
}

// prepared is what Arrive would submit.
func prepared(t *testing.T, a Arrival) func(*tx) error {
	t.Helper()
	r, err := newRecord(a.Event, a.ReceivedAt)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := checkDecoded(a.State, a.Facts)
	if err != nil {
		t.Fatal(err)
	}
	return func(x *tx) error {
		row, _, err := x.insertRow(r, &a)
		if err != nil {
			return err
		}
		if _, err := x.insertEvent(r); err != nil {
			return err
		}
		return x.insertFacts(row, facts, false)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// stopWriter ends the goroutine and leaves the connection to the test.
func stopWriter(t *testing.T, l *Ledger) {
	t.Helper()
	l.writes.once.Do(func() {
		close(l.writes.stop)
		<-l.writes.done
	})
	t.Cleanup(func() {
		if err := l.writes.closeConn(); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitingCallerGivesUp(t *testing.T) {
	l := open(t)
	letGo := hold(l)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := l.Arrive(ctx, arrival(wrap("w", bob, 1), bob))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Arrive = %v, want DeadlineExceeded", err)
	}
	letGo()
	arrive(t, l, arrival(wrap("next", bob, 1), bob), Stored)
}

func TestClosed(t *testing.T) {
	l := open(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for i := range 16 {
		wg.Go(func() {
			for j := 0; ; j++ {
				id := fmt.Sprint(i, "-", j)
				_, err := l.Arrive(context.Background(), arrival(wrap(id, bob, 1), bob))
				if err != nil {
					if !errors.Is(err, ErrClosed) || orders.ErrorCode(err) != orders.EUNAVAILABLE {
						t.Errorf("Arrive = %v, want ErrClosed", err)
					}
					return
				}
				mu.Lock()
				acknowledged[id] = true
				mu.Unlock()
			}
		})
	}
	arrive(t, l, arrival(wrap("one", bob, 1), bob), Stored)
	path := pathOf(t, l)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	again := openAt(t, path)
	for id := range acknowledged {
		if has, err := again.Has(t.Context(), key(id)); err != nil || !has {
			t.Errorf("Has(%s) = %v, %v after it was acknowledged", id, has, err)
		}
	}
}

func pathOf(t *testing.T, l *Ledger) (path string) {
	t.Helper()
	if err := l.reads.db.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestChangedWakesForFactsOnly(t *testing.T) {
	l := open(t)
	woken := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	for _, c := range []struct {
		name string
		a    Arrival
		want bool
	}{
		{"no facts", arrival(wrap("1", bob, 1), bob), false},
		{"a fact", arrival(wrap("2", bob, 1), bob, fact("r", orders.Note, alice, bob, "", 1)), true},
		{"a copy of it", arrival(wrap("3", bob, 1), bob, fact("r", orders.Note, alice, bob, "", 1)), false},
	} {
		changed := l.Changed()
		arrive(t, l, c.a, Stored)
		// The answer may come before the wake: one more write comes after both.
		arrive(t, l, arrival(wrap("after "+c.name, bob, 1), bob), Stored)
		if got := woken(changed); got != c.want {
			t.Errorf("%s: woken = %v, want %v", c.name, got, c.want)
		}
	}
}
