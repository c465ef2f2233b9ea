package redisstore_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sys/unix"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// TestServerSecrets: what other users of the machine may read of a process, and
// what the program inherits, holds nothing of ours.
func TestServerSecrets(t *testing.T) {
	t.Setenv("WAYBILL_KEYS_SECRET", "hunter2")
	// Redis overwrites its environment, so the script tells what it was given.
	install(t, "redis-server", `[ "$1" = --version ] || export -p >"${1%/*}/environ"; exec "$REAL" "$@"`)
	dir := t.TempDir()
	h := startServer(t, dir)
	for _, path := range []string{fmt.Sprintf("/proc/%d/cmdline", h.pid(t)), filepath.Join(dir, "redis", "environ")} {
		text, err := os.ReadFile(path)
		if err != nil || len(text) == 0 {
			t.Fatal(path, err)
		}
		for _, secret := range []string{h.raw.Options().Password, "hunter2"} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s tells a secret: %q", path, text)
			}
		}
	}
}

// TestServerDiskFull limits the size of the child's files, which fails its
// writes as a full disk does: nothing is half written, and with more room it
// goes on by itself.
func TestServerDiskFull(t *testing.T) {
	install(t, "redis-server", `trap '' XFSZ; exec "$REAL" "$@"`) // by default that signal kills
	h := startServer(t, t.TempDir())
	pid := h.pid(t)
	room := func(bytes uint64) {
		t.Helper()
		if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
			t.Fatal(err)
		}
	}
	room(64 << 10)
	written, full := 0, false
	eventually(t, "the disk is full", func() bool {
		err := h.store.Write(t.Context(), []*orders.Order{order(fmt.Sprint("o", written), 1, boxes("f0"))})
		if err == nil {
			written++
			return false
		}
		full = strings.Contains(err.Error(), "disk may be full")
		code(t, "write to a full disk", err, orders.EUNAVAILABLE)
		return true
	})
	if !full || written == 0 {
		t.Errorf("after %d orders the error does not tell", written)
	}
	if n, err := h.raw.ZCard(t.Context(), "orders_index").Result(); err != nil || n != int64(written) {
		t.Errorf("%d orders are listed, %v; want %d", n, err, written)
	}
	if err := h.store.CheckServer(t.Context()); orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "disk") {
		t.Errorf("check: got %v", err)
	}
	room(unix.RLIM_INFINITY)
	eventually(t, "it goes on", func() bool {
		return h.store.Write(t.Context(), []*orders.Order{order("after", 1)}) == nil
	})
	kill(t, pid, syscall.SIGKILL)
	back(t, &engine{Store: h.store})
	if !h.has(t, "after") || !h.has(t, fmt.Sprint("o", written-1)) {
		t.Error("orders are gone")
	}
}

// TestServerHangs: a server that does not end when told to is killed.
func TestServerHangs(t *testing.T) {
	t.Parallel() // it takes its 5 s
	s, err := redisstore.StartServer(t.Context(), redisstore.ServerOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	opt, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{raw: redis.NewClient(opt)}
	defer h.raw.Close()
	pid := h.pid(t)
	kill(t, pid, syscall.SIGSTOP)
	for range 2 { // the second time it says the same
		if err := s.Close(); orders.ErrorCode(err) != orders.EUNAVAILABLE {
			t.Errorf("got %v", err)
		}
	}
	if alive(pid) {
		t.Error("it is still there")
	}
}

// TestServerEndsWithDaemon: a daemon that is killed leaves no process behind.
func TestServerEndsWithDaemon(t *testing.T) {
	dir := t.TempDir()
	url, end := startDaemon(t, dir)
	opt, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	listens := func() bool {
		c, err := net.Dial("unix", opt.Addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	if !listens() {
		t.Fatal("nobody listens")
	}
	end()
	eventually(t, "the child ends", func() bool { return !listens() })
}
