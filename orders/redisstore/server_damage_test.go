//go:build unix

package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// install puts a redis-server of the test's own first, and alone, on PATH. The
// script finds the real one as $REAL.
func install(t *testing.T, name, script string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := "#!/bin/sh\nREAL='" + program + "'\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func TestNoServer(t *testing.T) {
	start := func() error {
		s, err := redisstore.StartServer(t.Context(), redisstore.ServerOptions{Dir: t.TempDir()})
		if err == nil {
			t.Error("it started")
			s.Close()
		}
		return err
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", "")
	if err := start(); !errors.Is(err, redisstore.ErrNoServer) {
		t.Errorf("without PATH: got %v", err)
	}
	for script, word := range map[string]string{
		`echo "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=0"`: "6.2.14",
		`echo "a program of that name"`: "does not tell",
		`exit 1`:                        "does not tell",
	} {
		t.Setenv("PATH", path)
		install(t, "redis-server", script)
		if err := start(); !errors.Is(err, redisstore.ErrNoServer) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: got %v, want %q", script, err, word)
		}
	}
	t.Setenv("PATH", path)
	install(t, "valkey-server", `[ "$1" = --version ] && echo "Valkey server v=8.0.1 sha=0" || exec "$REAL" "$@"`)
	startServer(t, t.TempDir())
}

// TestServerDamage starts on what a fault of the disk or another version leaves.
func TestServerDamage(t *testing.T) {
	t.Parallel()
	base := func(saved string) string { return only(t, filepath.Join(saved, "*.base.*")) }
	incr := func(saved string) string { return only(t, filepath.Join(saved, "*.incr.*")) }
	whole := t.TempDir()
	h := startServer(t, whole)
	h.write(t, "a")
	if err := h.raw.BgRewriteAOF(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a snapshot", func() bool {
		info := h.raw.Info(t.Context(), "persistence").Val()
		return strings.Contains(info, "aof_rewrites:1") && strings.Contains(info, "aof_rewrite_in_progress:0")
	})
	h.write(t, "b")
	h.raw.Set(t.Context(), "last", "x", 0)
	h.close(t)()
	for _, c := range []struct {
		name   string
		damage func(saved string) error
		keeps  bool
	}{
		{"the end is cut off", func(d string) error { return cut(incr(d), -3) }, true},
		{"rubbish in the middle", func(d string) error { return overwrite(incr(d), 60, "rubbish rubbish") }, false},
		{"snapshot cut off", func(d string) error { return cut(base(d), -9) }, false},
		{"rubbish in the snapshot", func(d string) error { return overwrite(base(d), 60, "rubbish rubbish") }, false},
		{"a later version's snapshot", func(d string) error { return overwrite(base(d), 0, "REDIS0099") }, false},
		{"no snapshot", func(d string) error { return os.Remove(base(d)) }, false},
		{"no manifest", func(d string) error {
			return os.WriteFile(only(t, filepath.Join(d, "*.manifest")), []byte("rubbish\n"), 0o600)
		}, false},
		{"a file for the folder", func(d string) error { return errors.Join(os.RemoveAll(d), os.WriteFile(d, nil, 0o600)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			saved := filepath.Join(dir, "redis", "appendonlydir")
			if err := c.damage(saved); err != nil {
				t.Fatal(err)
			}
			h := startServer(t, dir)
			if got := h.has(t, "a") && h.has(t, "b"); got != c.keeps {
				t.Errorf("keeps its orders: %v, want %v", got, c.keeps)
			}
			_, err := os.Stat(saved + ".damaged")
			if aside := err == nil; aside == c.keeps || aside != strings.Contains(h.log.String(), "starts empty") {
				t.Errorf("put aside: %v; the log says\n%s", aside, h.log)
			}
			h.write(t, "c")
			kill(t, h.pid(t), syscall.SIGKILL)
			back(t, &engine{Store: h.store})
			if !h.has(t, "c") {
				t.Error("what came after is gone")
			}
		})
	}
}

func only(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: got %v, %v, want one", pattern, found, err)
	}
	return found[0]
}

func cut(path string, by int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, info.Size()+by)
}

func overwrite(path string, at int64, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text), at)
	return errors.Join(err, f.Close())
}

// TestServerCrashLoop: data on which the server itself breaks down is put aside
// too, at a start and while it runs.
func TestServerCrashLoop(t *testing.T) {
	noLeaks(t)
	install(t, "redis-server", `[ "$1" = --version ] || [ ! -e "${1%/*}/appendonlydir/poison" ] || kill -SEGV $$; exec "$REAL" "$@"`)
	dir := t.TempDir()
	h := startServer(t, dir)
	h.write(t, "a")
	poison := func() {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "redis", "appendonlydir", "poison"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	poison()
	kill(t, h.pid(t), syscall.SIGKILL)
	back(t, &engine{Store: h.store})
	if h.has(t, "a") || !strings.Contains(h.log.String(), "starts empty") {
		t.Errorf("it did not start empty:\n%s", h.log)
	}
	h.close(t)()
	poison()
	h = startServer(t, dir)
	if !strings.Contains(h.log.String(), "starts empty") {
		t.Errorf("it did not start empty:\n%s", h.log)
	}
}

// TestServerNeverReady: whoever starts it does not wait for ever, and leaves
// nothing behind.
func TestServerNeverReady(t *testing.T) {
	noLeaks(t)
	install(t, "redis-server", `PATH=/bin:/usr/bin; [ "$1" = --version ] && exec "$REAL" "$1"; echo $$ >"${1%/*}/pid"; exec sleep 600`)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := redisstore.StartServer(ctx, redisstore.ServerOptions{Dir: dir})
		failed <- err
	}()
	var text []byte
	eventually(t, "it runs", func() bool {
		text, _ = os.ReadFile(filepath.Join(dir, "redis", "pid"))
		return bytes.HasSuffix(text, []byte("\n"))
	})
	cancel()
	err := <-failed
	if orders.ErrorCode(err) != orders.EUNAVAILABLE || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if pid, err := strconv.Atoi(string(bytes.TrimSpace(text))); err != nil || alive(pid) {
		t.Errorf("process %d is left, %v", pid, err)
	}
	install(t, "redis-server", `[ "$1" = --version ] && exec "$REAL" "$1"; exit 3`)
	_, err = redisstore.StartServer(t.Context(), redisstore.ServerOptions{Dir: dir})
	if orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a server that ends: got %v", err)
	}
}
