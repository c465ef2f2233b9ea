package ledger

import (
	"fmt"
	"testing"
)

// While somebody reads for long, a backup for one, what was erased cannot leave
// the log; but nobody who writes waits for that.
func TestScrubBesideReader(t *testing.T) {
	l := open(t)
	publish(t, l, event("first", 1, alice, 1), Stored)
	reading, err := l.reads.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	publish(t, l, event("second", 1, alice, 1), Stored)
	type result struct {
		done bool
		err  error
	}
	scrubbed := make(chan result, 1)
	go func() {
		done, err := l.Scrub(t.Context())
		scrubbed <- result{done, err}
	}()
	for i := range 50 {
		publish(t, l, event(fmt.Sprint("meanwhile", i), 1, alice, 1), Stored)
	}
	select {
	case got := <-scrubbed:
		t.Errorf("Scrub = %v, %v before anybody could write", got.done, got.err)
		scrubbed <- got
	default:
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := <-scrubbed; !got.done || got.err != nil {
		t.Errorf("Scrub = %v, %v; want it done once nobody reads", got.done, got.err)
	}
	// The connection waits for locks as the others do.
	for range l.reads.db.Stats().OpenConnections {
		conn, err := l.reads.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var ms int
		if err := conn.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&ms); err != nil || ms != busyTimeout {
			t.Errorf("a reader waits for %d ms, %v; want %d", ms, err, busyTimeout)
		}
	}
}
