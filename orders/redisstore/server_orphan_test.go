//go:build unix

package redisstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// TestMain is also the processes of startDaemon and startNewcomer.
func TestMain(m *testing.M) {
	if url := os.Getenv("WAYBILL_TEST_NEWCOMER"); url != "" {
		os.Exit(runNewcomer(url, os.Getenv("WAYBILL_TEST_LEDGER")))
	}
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

// startDaemon starts a daemon that StartServer has been called in, and returns
// its URL and what kills it.
func startDaemon(t *testing.T, dir string) (url string, end func()) {
	t.Helper()
	url, end = startProcess(t, "WAYBILL_TEST_SERVER="+dir)
	if !strings.HasPrefix(url, "unix://") {
		t.Fatal(url)
	}
	return url, end
}

// startProcess starts this program again with env added, and returns the first
// line that it prints and what kills it.
func startProcess(t *testing.T, env ...string) (line string, end func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(end)
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(line, err)
	}
	return strings.TrimSpace(line), end
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
