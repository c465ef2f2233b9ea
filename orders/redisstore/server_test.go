//go:build unix

package redisstore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// TestMain is also the daemon of startDaemon.
func TestMain(m *testing.M) {
	if dir := os.Getenv("WAYBILL_TEST_SERVER"); dir != "" {
		os.Exit(runDaemon(dir))
	}
	os.Exit(m.Run())
}

// runDaemon starts a server, says where it is, and does nothing until it is killed.
func runDaemon(dir string) int {
	s, err := redisstore.StartServer(context.Background(), redisstore.ServerOptions{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.URL())
	select {}
}

// logBuffer is a log that a test reads while others write.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// house is a server of our own, and a client of it.
type house struct {
	*redisstore.Server
	store *redisstore.Store
	raw   *redis.Client
	log   *logBuffer
}

func startServer(t *testing.T, dir string) *house {
	t.Helper()
	h := &house{log: &logBuffer{}}
	var err error
	if h.Server, err = redisstore.StartServer(t.Context(), redisstore.ServerOptions{Dir: dir, Log: zerolog.New(h.log)}); err != nil {
		t.Fatal(err)
	}
	opt, err := redis.ParseURL(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	opt.DisableIdentity = true
	h.raw = redis.NewClient(opt)
	if h.store, err = redisstore.Dial(t.Context(), h.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close(t))
	return h
}

func (h *house) close(t *testing.T) func() {
	return func() {
		t.Helper()
		h.raw.Close()
		h.store.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(h.log.String(), h.raw.Options().Password) {
			t.Error("the log tells the password")
		}
	}
}

// pid is that of the server that answers, which it waits for.
func (h *house) pid(t *testing.T) (pid int) {
	t.Helper()
	eventually(t, "the server answers", func() bool {
		text, err := h.raw.Info(t.Context(), "server").Result()
		_, rest, _ := strings.Cut(text, "process_id:")
		pid, _ = strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
		return err == nil && pid > 0
	})
	return pid
}

func (h *house) has(t *testing.T, id string) bool {
	t.Helper()
	var err error
	eventually(t, "the store answers", func() bool {
		_, err = h.store.Order(t.Context(), id)
		return orders.ErrorCode(err) != orders.EUNAVAILABLE
	})
	if err != nil && orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Fatal(err)
	}
	return err == nil
}

func (h *house) write(t *testing.T, id string) {
	t.Helper()
	if err := h.store.Write(t.Context(), []*orders.Order{order(id, 1, boxes("f0"))}); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func kill(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}

// noLeaks fails where the test leaves a goroutine behind that it found none of.
func noLeaks(t *testing.T) {
	already := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, already) })
}

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

// startDaemon starts a daemon that StartServer has been called in, and returns
// its URL and what kills it.
func startDaemon(t *testing.T, dir string) (url string, end func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "WAYBILL_TEST_SERVER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(end)
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "unix://") {
		t.Fatal(url, err)
	}
	return strings.TrimSpace(url), end
}

// TestServerAfterDaemon kills the daemon and starts another at once: whether the
// child is still there or about to end, nothing is lost.
func TestServerAfterDaemon(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		url, end := startDaemon(t, dir)
		store, err := redisstore.Dial(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		err = store.Write(t.Context(), []*orders.Order{order(fmt.Sprint("o", i), 1)})
		store.Close()
		if err != nil {
			t.Fatal(err)
		}
		end()
	}
	h := startServer(t, dir)
	for i := range 3 {
		if !h.has(t, fmt.Sprint("o", i)) {
			t.Errorf("order %d is gone", i)
		}
	}
}

// TestServerAdopts leaves a server behind as a killed daemon does where nothing
// ends a child with its parent.
func TestServerAdopts(t *testing.T) {
	noLeaks(t)
	dir := t.TempDir()
	h := startServer(t, dir)
	h.write(t, "a")
	h.close(t)()
	orphan := func() int {
		cmd := exec.Command("redis-server", filepath.Join(dir, "redis", "redis.conf"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); _ = cmd.Wait() }()
		t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
		eventually(t, "the orphan listens", func() bool {
			c, err := net.Dial("unix", filepath.Join(dir, "redis", "redis.sock"))
			if err == nil {
				c.Close()
			}
			return err == nil
		})
		return cmd.Process.Pid
	}
	pid := orphan()
	h = startServer(t, dir)
	if got := h.pid(t); got != pid || !h.has(t, "a") {
		t.Errorf("process %d answers, want %d; order %v", got, pid, h.has(t, "a"))
	}
	kill(t, pid, syscall.SIGKILL)
	eventually(t, "a child of its own", func() bool { return h.pid(t) != pid })
	back(t, &engine{Store: h.store})
	if !h.has(t, "a") {
		t.Error("the order is gone")
	}
	h.close(t)()

	pid = orphan()
	h = startServer(t, dir)
	h.close(t)()
	eventually(t, "Close ends what was adopted", func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
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
