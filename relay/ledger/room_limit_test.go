//go:build linux || darwin

package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// limitedVariable names the file that the test binary, started again as its own
// child, writes to under limits to the size of files (RLIMIT_FSIZE).
const limitedVariable = "LEDGER_TEST_LIMITED"

// limitFiles sets how large this process may make a file. The limit is the soft
// one, so that it can be lifted again. Go ignores the signal that comes with it.
func limitFiles(size int64) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
	limit.Cur = limit.Max
	if size > 0 {
		limit.Cur = min(limit.Max, uint64(size))
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}

// runAsLimited opens a file without the room for it, then with, and fills it up
// to several limits. It prints the number of each message that is acknowledged,
// and what is not as it should be.
func runAsLimited() bool {
	path := os.Getenv(limitedVariable)
	if path == "" {
		return false
	}
	ctx := context.Background()
	limitFiles(8 << 10)
	if l, err := Open(ctx, path); !errors.Is(err, ErrFull) {
		fmt.Printf("Open without room = %v, %v; want ErrFull\n", l, err)
	}
	limitFiles(0)
	l, err := Open(ctx, path)
	if err != nil {
		panic(err)
	}
	size := func(name string) int64 {
		info, err := os.Stat(name)
		if err != nil {
			panic(err)
		}
		return info.Size()
	}
	i := 0
	store := func() error {
		_, err := l.Arrive(ctx, crashArrival(i))
		if err == nil {
			fmt.Println(i)
			i++
		}
		return err
	}
	// Some room, none at all, and less than the files have already.
	for _, more := range []int64{200 << 10, 0, -50 << 10} {
		limitFiles(max(size(path), size(path+"-wal")) + more)
		for err = nil; err == nil && i < 2000; {
			err = store()
		}
		if !errors.Is(err, ErrFull) || orders.ErrorCode(err) != orders.EUNAVAILABLE {
			fmt.Printf("Arrive with %d bytes of room = %v, want ErrFull\n", more, err)
		}
		if has, err := l.Has(ctx, crashArrival(i).Event.ID); err != nil || has {
			fmt.Printf("Has(refused) = %v, %v\n", has, err)
		}
		if n, err := l.OrderCount(ctx); err != nil || n != int64(i) {
			fmt.Printf("%d orders, %v; want %d\n", n, err, i)
		}
		limitFiles(0)
		if err := store(); err != nil {
			fmt.Printf("Arrive with room again = %v\n", err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".room-*")); err != nil || len(left) > 0 {
		fmt.Printf("left over: %v, %v\n", left, err)
	}
	if err := l.Close(); err != nil {
		panic(err)
	}
	return true
}

// TestNoRoomForLargerFiles: SQLite calls this an I/O error; it is no room.
func TestNoRoomForLargerFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), limitedVariable+"="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the child ended with %v:\n%s", err, out)
	}
	lines := strings.Fields(string(out))
	for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if line != fmt.Sprint(i) {
			t.Fatalf("the child printed %q, want %d", line, i)
		}
	}
	l := openAt(t, path)
	if rows := checkWhole(t, l); rows != len(lines) {
		t.Errorf("%d rows for %d acknowledged", rows, len(lines))
	}
	for i := range lines {
		if !serves(t, l, crashArrival(i).Event, bob) {
			t.Errorf("message %d was acknowledged and is not served", i)
		}
	}
}

// TestBrokenDisk: an I/O error that is not for want of room is not called so.
func TestBrokenDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.Mkdir(path+"-wal", 0o700); err != nil { // SQLite cannot open it
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path)
	if err == nil || errors.Is(err, ErrFull) || orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("Open = %v, want another error than ErrFull", err)
	}
}
