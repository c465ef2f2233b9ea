//go:build unix

package redisstore_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

func TestServerKeeps(t *testing.T) {
	noLeaks(t)
	dir := filepath.Join(t.TempDir(), `odd "name" # 100%`)
	h := startServer(t, dir)
	h.write(t, "a")
	pid := h.pid(t)
	if pgid, err := syscall.Getpgid(pid); err != nil || pgid != pid {
		t.Errorf("its process group is %d, %v: want its own, %d", pgid, err, pid)
	}
	if _, err := redisstore.StartServer(t.Context(), redisstore.ServerOptions{Dir: dir}); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("a second one in the folder: got %v", err)
	}
	for name, want := range map[string]fs.FileMode{
		"": fs.ModeDir | 0o700, "redis.conf": 0o600, "password": 0o600, "redis.log": 0o600, "redis.sock": fs.ModeSocket | 0o700,
	} {
		if info, err := os.Stat(filepath.Join(dir, "redis", name)); err != nil || info.Mode() != want {
			t.Errorf("mode of %q: got %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	same(t, "TCP ports", h.raw.ConfigGet(t.Context(), "*port").Val()["port"], "0")
	anybody := redis.NewClient(&redis.Options{Network: "unix", Addr: h.raw.Options().Addr, DisableIdentity: true})
	if err := anybody.Ping(t.Context()).Err(); !redis.HasErrorPrefix(err, "NOAUTH") {
		t.Errorf("without a password: got %v", err)
	}
	anybody.Close()

	url := h.URL()
	h.close(t)()
	if alive(pid) {
		t.Error("the server outlived Close")
	}
	if _, err := os.Stat(filepath.Join(dir, "redis", "redis.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket outlived Close: %v", err)
	}
	h = startServer(t, dir)
	if h.URL() != url || !h.has(t, "a") {
		t.Errorf("after a new start: URL %v, order %v", h.URL() == url, h.has(t, "a"))
	}
}

func TestServerRestarts(t *testing.T) {
	noLeaks(t)
	h := startServer(t, t.TempDir())
	for i := range 3 {
		id := fmt.Sprint("o", i)
		h.write(t, id)
		pid := h.pid(t)
		kill(t, pid, syscall.SIGKILL)
		eventually(t, "another process", func() bool { return h.pid(t) != pid })
		back(t, &engine{Store: h.store})
		if !h.has(t, id) {
			t.Errorf("order %s is gone after a crash", id)
		}
	}
	if n := strings.Count(h.log.String(), "signal: killed"); n != 3 {
		t.Errorf("the log tells of %d ends, want 3:\n%s", n, h.log)
	}
}

func TestServerSocketTaken(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "redis"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "redis", "redis.sock"))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// Whoever comes is welcome, as in a Redis without a password.
			for lines := bufio.NewScanner(c); lines.Scan(); {
				reply := "+OK"
				if lines.Text() == "PING" {
					reply = "+PONG"
				}
				fmt.Fprint(c, reply+"\r\n")
			}
			c.Close()
		}
	}()
	defer l.Close()
	_, err = redisstore.StartServer(t.Context(), redisstore.ServerOptions{Dir: dir})
	if orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "taken") {
		t.Errorf("got %v", err)
	}
}

func TestServerLongPath(t *testing.T) {
	noLeaks(t)
	runtime := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	h := startServer(t, dir)
	h.write(t, "a")
	socket := h.raw.Options().Addr
	if !strings.HasPrefix(socket, runtime) || !strings.Contains(h.log.String(), "too long") {
		t.Errorf("the socket is %s, the log says\n%s", socket, h.log)
	}
	if info, err := os.Stat(filepath.Dir(socket)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder: got %v, %v", info.Mode(), err)
	}
	kill(t, h.pid(t), syscall.SIGKILL)
	back(t, &engine{Store: h.store})
	if !h.has(t, "a") {
		t.Error("the order is gone")
	}
	h.close(t)()
	if left, err := os.ReadDir(runtime); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
