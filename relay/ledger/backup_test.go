package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/orders"
)

func backup(t *testing.T, l *Ledger) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := l.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

// onlyFile: there is nothing in the folder but the one file.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 || names[0].Name() != filepath.Base(path) {
		t.Errorf("beside %s there is %v, %v", filepath.Base(path), names, err)
	}
}

// A backup that is made while others write is of one moment: what was stored
// before it is in it, and every message in it is whole.
func TestBackupWhileWriting(t *testing.T) {
	l := open(t)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	stored := make(chan int, 4000)
	for w := range 4 {
		wg.Go(func() {
			for i := w; ctx.Err() == nil; i += 4 {
				if _, err := l.Arrive(context.WithoutCancel(ctx), crashArrival(i)); err != nil {
					t.Error(err)
					return
				}
				select {
				case stored <- i:
				default:
				}
			}
		})
	}
	for range 300 {
		<-stored
	}
	before, err := l.OrderCount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	path := backup(t, l)
	stop()
	wg.Wait()

	onlyFile(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode is %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil { // a read-only medium
		t.Fatal(err)
	}
	c, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n, err := c.OrderCount(t.Context())
	if err != nil || n < before || c.ID() != l.ID() {
		t.Errorf("%d orders in the backup, %v; at least %d were there", n, err, before)
	}
	for query, want := range map[string]int64{"events": n, "inbox": n, "facts": n} {
		var got int64
		if err := c.reads.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+query).Scan(&got); err != nil || got != want {
			t.Errorf("%d %s, %v; want %d", got, query, err, want)
		}
	}
	if faults, err := integrity(t.Context(), c.reads.db); err != nil || len(faults) > 0 {
		t.Errorf("integrity: %v, %v", faults, err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
}

// Beside another process's ledger, and of one that is closed.
func TestBackupReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openAt(t, path)
	arrive(t, l, crashArrival(1), Stored)
	copyOf := func() string {
		c, err := OpenReadOnly(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return backup(t, c)
	}
	first := copyOf()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	second := copyOf()
	if diff := cmp.Diff(dump(t, raw(t, first)), dump(t, raw(t, second))); diff != "" {
		t.Errorf("the two differ:\n%s", diff)
	}
}

// An older program's ledger is backed up before it is brought up to date.
func TestBackupFile(t *testing.T) {
	old := oldFile(t, 1)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := BackupFile(t.Context(), old, path); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(t, raw(t, old)), dump(t, raw(t, path))); diff != "" {
		t.Errorf("the copy differs:\n%s", diff)
	}
	foreign := filepath.Join(t.TempDir(), "foreign")
	if _, err := raw(t, foreign).Exec("CREATE TABLE theirs (x)"); err != nil {
		t.Fatal(err)
	}
	if err := BackupFile(t.Context(), foreign, path+"2"); !errors.Is(err, ErrSchema) {
		t.Errorf("another program's: %v", err)
	}
	if err := BackupFile(t.Context(), path+"no", path+"3"); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("nothing: %v", err)
	}
}

func TestBackupRefuses(t *testing.T) {
	l := open(t)
	arrive(t, l, crashArrival(1), Stored)
	path := filepath.Join(t.TempDir(), "there")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Backup(t.Context(), path); !errors.Is(err, ErrExists) || orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("over a file: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("the file now holds %q, %v", text, err)
	}
	onlyFile(t, path)
	if err := l.Backup(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder")); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("into no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := l.Backup(ctx, filepath.Join(dir, "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("a backup that was given up leaves %v, %v", names, err)
	}
}

func TestRestore(t *testing.T) {
	l := open(t)
	for i := range 20 {
		arrive(t, l, crashArrival(i), Stored)
	}
	retireOne := orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o3"}
	if _, err := l.Retire(t.Context(), retireOne, received, 1000); err != nil {
		t.Fatal(err)
	}
	from := backup(t, l)
	before, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "new.db")
	id, err := Restore(t.Context(), from, path)
	if err != nil || len(id) != 32 || id == l.ID() {
		t.Fatalf("Restore = %q, %v; the old id is %s", id, err, l.ID())
	}
	onlyFile(t, path)
	if after, err := os.ReadFile(from); err != nil || string(after) != string(before) {
		t.Errorf("the backup itself was changed, %v", err)
	}
	r := openAt(t, path)
	if r.ID() != id {
		t.Errorf("the ledger's id is %s, want %s", r.ID(), id)
	}
	want := strings.ReplaceAll(dumpOf(t, l), l.ID(), id)
	if diff := cmp.Diff(want, dumpOf(t, r)); diff != "" {
		t.Errorf("restored (-was +is):\n%s", diff)
	}
	last, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	arrive(t, r, crashArrival(99), Stored)
	if next, err := r.LastSeq(t.Context()); err != nil || next != last+1 {
		t.Errorf("the sequence goes on at %d, %v; want %d", next, err, last+1)
	}
	if b, _, err := r.Beginning(t.Context(), retireOne); err != nil || !b.Retired {
		t.Errorf("a tombstone stands again: %+v, %v", b, err)
	}
}

// dumpOf is everything in the tables, as text.
func dumpOf(t *testing.T, l *Ledger) string {
	t.Helper()
	if _, err := l.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(dump(t, l.reads.db))
}

func TestRestoreRefuses(t *testing.T) {
	l := open(t)
	for i := range 50 {
		arrive(t, l, crashArrival(i), Stored)
	}
	good := backup(t, l)
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	damaged := append([]byte{}, text...)
	for i := len(damaged) / 2; i < len(damaged)/2+5000; i++ {
		damaged[i] ^= 0x55
	}
	newer := file("newer", text)
	db := raw(t, newer)
	if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9001, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign")
	if _, err := raw(t, foreign).Exec("CREATE TABLE theirs (x)"); err != nil {
		t.Fatal(err)
	}
	inUse := filepath.Join(t.TempDir(), "in use")
	arrive(t, openAt(t, inUse), crashArrival(1), Stored)
	for name, from := range map[string]string{
		"empty": file("empty", nil), "no database": file("text", []byte("hello")), "cut off": file("cut", text[:len(text)/2]),
		"damaged": file("damaged", damaged), "newer": newer, "foreign": foreign, "in use": inUse, "not there": filepath.Join(t.TempDir(), "no"),
	} {
		dir := t.TempDir()
		if _, err := Restore(t.Context(), from, filepath.Join(dir, "new.db")); err == nil {
			t.Errorf("%s: it was restored", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
		if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
			t.Errorf("%s: it leaves %v, %v", name, names, err)
		}
	}
	if _, err := Restore(t.Context(), good, good); !errors.Is(err, ErrExists) {
		t.Errorf("over a file: %v", err)
	}
	// One of before is brought up to date.
	old := oldFile(t, 1)
	path := filepath.Join(t.TempDir(), "new.db")
	if _, err := Restore(t.Context(), old, path); err != nil {
		t.Errorf("an older schema: %v", err)
	}
}
