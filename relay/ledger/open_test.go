package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ledger?%41 #1.db") // not a URL
	l := openAt(t, path)
	id := l.ID()
	if len(id) != 32 {
		t.Fatalf("ID = %q, want 32 hex digits", id)
	}
	arrive(t, l, arrival(wrap("w", bob, 10), bob, fact("r", orders.Intent, alice, bob, "o-1", 1000)), Stored)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the file's mode is %v, want 0600", got)
	}

	l = openAt(t, path)
	if l.ID() != id {
		t.Errorf("ID after reopening = %q, want %q", l.ID(), id)
	}
	arrive(t, l, arrival(wrap("w", bob, 10), bob), Duplicate)
	facts, err := l.FactsAfter(t.Context(), 0, 10)
	if err != nil || len(facts) != 1 || facts[0].ID != key("r") {
		t.Errorf("FactsAfter = %v, %v; want the one fact", facts, err)
	}
	k, ok, err := l.KeyOf(t.Context(), "o-1")
	if want := (orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"}); err != nil || !ok || k != want {
		t.Errorf("KeyOf = %v, %v, %v; want %v", k, ok, err, want)
	}
}

func TestPragmas(t *testing.T) {
	l := open(t)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "busy_timeout": "5000", "temp_store": "2"} {
		var got string
		if err := l.writes.conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != want {
			t.Errorf("PRAGMA %s = %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := l.reads.db.ExecContext(t.Context(), "DELETE FROM meta"); err == nil {
		t.Error("a read connection wrote")
	}
}

func TestReadOnlyBesideTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if _, err := OpenReadOnly(t.Context(), path); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("OpenReadOnly of no file = %v", err)
	}
	l := openAt(t, path)
	for _, beside := range []bool{true, false} {
		if !beside {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := OpenReadOnly(t.Context(), path)
		if err != nil {
			t.Fatalf("OpenReadOnly, writer running %v: %v", beside, err)
		}
		if r.ID() != l.ID() {
			t.Errorf("ID = %q, want %q", r.ID(), l.ID())
		}
		if beside {
			arrive(t, l, arrival(wrap("w", bob, 1), bob), Stored)
		}
		if has, err := r.Has(t.Context(), key("w")); err != nil || !has {
			t.Errorf("Has = %v, %v; want what the writer wrote", has, err)
		}
		if _, err := r.Arrive(t.Context(), arrival(wrap("x", bob, 1), bob)); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Arrive = %v, want ErrReadOnly", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
