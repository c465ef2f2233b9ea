package ledger

import (
	"errors"
	"fmt"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// TestFull fills the file to its limit: what does not fit is refused with
// ErrFull and leaves no trace, what was acknowledged stays, and with more room
// the same message is taken.
func TestFull(t *testing.T) {
	l := open(t, func(o *options) { o.maxPages = 80 })
	message := func(i int) Arrival {
		evt := wrap(fmt.Sprint(i), bob, int64(i))
		evt.Content = string(make([]byte, 5000))
		return arrival(evt, bob, fact(fmt.Sprint(i), orders.Intent, alice, bob, fmt.Sprint("o", i), int64(i)))
	}
	stored := 0
	var err error
	for ; stored < 1000; stored++ {
		if _, err = l.Arrive(t.Context(), message(stored)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrFull) || orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Fatalf("after %d messages: %v, want ErrFull", stored, err)
	}
	check := func(want int) {
		t.Helper()
		if n, err := l.OrderCount(t.Context()); err != nil || n != int64(want) {
			t.Errorf("%d orders, %v; want %d", n, err, want)
		}
		facts, err := l.FactsAfter(t.Context(), 0, 10_000)
		if err != nil || len(facts) != want {
			t.Errorf("%d facts, %v; want %d", len(facts), err, want)
		}
		if n, err := l.InboxCount(t.Context(), bob, 10_000); err != nil || n != want {
			t.Errorf("%d wraps, %v; want %d", n, err, want)
		}
	}
	check(stored)
	if has, err := l.Has(t.Context(), message(stored).Event.ID); err != nil || has {
		t.Errorf("Has(refused) = %v, %v; want false", has, err)
	}
	err = l.writes.submit(t.Context(), func(x *tx) error {
		_, err := x.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 10000")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	arrive(t, l, message(stored), Stored)
	check(stored + 1)
}
