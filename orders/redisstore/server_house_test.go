//go:build unix

package redisstore_test

import (
	"bytes"
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
