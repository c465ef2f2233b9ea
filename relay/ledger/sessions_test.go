package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

func begin(t *testing.T, l *Ledger, token, pubkey string, at int64) {
	t.Helper()
	if err := l.BeginSession(t.Context(), Session{Token: key(token), Pubkey: pubkey, CreatedAt: at, ExpiresAt: at + 1000}, "", at-100); err != nil {
		t.Fatal(err)
	}
}

func signedIn(t *testing.T, l *Ledger, token string) bool {
	t.Helper()
	_, ok, err := l.Session(t.Context(), key(token))
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestSessions(t *testing.T) {
	l := open(t)
	begin(t, l, "a", alice, 1000)
	begin(t, l, "b", bob, 1050)
	s, ok, err := l.Session(t.Context(), key("a"))
	if want := (Session{Token: key("a"), Pubkey: alice, CreatedAt: 1000, UsedAt: 1000, ExpiresAt: 2000}); err != nil || !ok || s != want {
		t.Errorf("got %+v, %v, %v", s, ok, err)
	}
	for _, at := range []int64{1060, 1020} {
		if err := l.UseSession(t.Context(), key("a"), at); err != nil {
			t.Fatal(err)
		}
	}
	if s, _, _ := l.Session(t.Context(), key("a")); s.UsedAt != 1060 {
		t.Errorf("used at %d", s.UsedAt)
	}
	// b was not used for 100.
	for _, c := range []struct{ now, idleSince, want int64 }{{1150, 1050, 1}, {1150, 0, 2}, {1 << 50, 0, 0}} {
		if n, err := l.CountSessions(t.Context(), c.now, c.idleSince); err != nil || n != c.want {
			t.Errorf("%+v: %d, %v", c, n, err)
		}
	}
	if n, err := l.SweepSessions(t.Context(), 1150, 1050); err != nil || n != 1 || signedIn(t, l, "b") || !signedIn(t, l, "a") {
		t.Errorf("swept %d, %v", n, err)
	}
	// a is used on and on.
	if n, err := l.SweepSessions(t.Context(), 2000, 0); err != nil || n != 1 || signedIn(t, l, "a") {
		t.Errorf("swept %d, %v", n, err)
	}
	begin(t, l, "c", alice, 3000)
	begin(t, l, "d", alice, 3001)
	begin(t, l, "e", bob, 3002)
	if err := l.EndSession(t.Context(), key("c")); err != nil || signedIn(t, l, "c") || !signedIn(t, l, "d") {
		t.Errorf("EndSession: %v", err)
	}
	if err := l.UseSession(t.Context(), key("c"), 3003); err != nil || signedIn(t, l, "c") {
		t.Errorf("used after its end: %v", err)
	}
	if err := l.EndSessions(t.Context(), alice); err != nil || signedIn(t, l, "d") || !signedIn(t, l, "e") {
		t.Errorf("EndSessions: %v", err)
	}
}

// One key has so many sessions: the one that was not used for longest goes.
func TestSessionsOfOneKey(t *testing.T) {
	l := open(t)
	for i := range maxSessionsOfKey {
		begin(t, l, fmt.Sprint("s", i), alice, 1000+int64(i))
	}
	if err := l.UseSession(t.Context(), key("s0"), 1050); err != nil {
		t.Fatal(err)
	}
	begin(t, l, "more", alice, 1060)
	if signedIn(t, l, "s1") || !signedIn(t, l, "s0") || !signedIn(t, l, "s2") || !signedIn(t, l, "more") {
		t.Error("another one went")
	}
	// One that takes the place of another needs no further one.
	last := Session{Token: key("last"), Pubkey: alice, CreatedAt: 1070, ExpiresAt: 2070}
	if err := l.BeginSession(t.Context(), last, key("s0"), 970); err != nil {
		t.Fatal(err)
	}
	if signedIn(t, l, "s0") || !signedIn(t, l, "s2") || !signedIn(t, l, "more") || !signedIn(t, l, "last") {
		t.Error("not the one that was replaced went")
	}
}

// A request to vanish signs out, and an ended session does not come back with a backup.
func TestSessionsEndWithTheirOwner(t *testing.T) {
	l := open(t)
	begin(t, l, "a", alice, 1000)
	begin(t, l, "b", bob, 1000)
	if out, err := l.Vanish(t.Context(), event("vanish", KindVanish, alice, 1_700_000_000, nostr.Tag{"relay", "ALL_RELAYS"}), 1_700_000_000_000); err != nil || out != Stored {
		t.Fatal(out, err)
	}
	if signedIn(t, l, "a") || !signedIn(t, l, "b") {
		t.Error("who vanished is signed in, or somebody else is not")
	}
	dir := t.TempDir()
	if err := l.Backup(t.Context(), filepath.Join(dir, "backup.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), filepath.Join(dir, "backup.db"), filepath.Join(dir, "new.db")); err != nil {
		t.Fatal(err)
	}
	if signedIn(t, openAt(t, filepath.Join(dir, "new.db")), "b") {
		t.Error("a session was restored")
	}
}

func TestTooManySessions(t *testing.T) {
	l := open(t)
	if _, err := write(t.Context(), l, "filling", func(t *tx) (int64, error) {
		return t.exec(`
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO sessions SELECT 't' || i, 'k' || i, 1000, 1000, 2000 FROM n`, maxSessions)
	}); err != nil {
		t.Fatal(err)
	}
	full := Session{Token: key("a"), Pubkey: alice, CreatedAt: 1001, ExpiresAt: 2001}
	if err := l.BeginSession(t.Context(), full, "", 0); !errors.Is(err, ErrTooManySessions) {
		t.Errorf("got %v", err)
	}
	if err := l.BeginSession(t.Context(), full, "t1", 0); err != nil || !signedIn(t, l, "a") {
		t.Errorf("in the place of another: %v", err)
	}
	full.Token, full.CreatedAt = key("b"), 2000
	if err := l.BeginSession(t.Context(), full, "", 0); err != nil {
		t.Errorf("when they are over: %v", err)
	}
}
