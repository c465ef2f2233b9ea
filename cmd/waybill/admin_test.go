package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// get asks the admin listener.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := frontDoor.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// readyWithin polls until /readyz is what is wanted.
func readyWithin(t *testing.T, base string, want bool) diagnosis {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, body := get(t, base+"/readyz")
		var d diagnosis
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			t.Fatalf("HTTP %d, %q: %v", status, body, err)
		}
		if d.Ready != (status == http.StatusOK) {
			t.Fatalf("HTTP %d says ready: %v", status, d.Ready)
		}
		if d.Ready == want {
			return d
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("ready is not %v: %s", want, body)
		}
	}
}

// A whole relay is ready, is not while Redis is away, and is again; alive always.
func TestReadiness(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	d := startDaemon(t, func(c *config) {
		c.Redis.URL, c.Admin.Listen, c.Admin.MaxLag = server.URL(), "127.0.0.1:0", duration(time.Nanosecond)
	})
	base := "http://" + d.admin.listener.Addr().String()
	now := readyWithin(t, base, true)
	for _, name := range []string{"ledger", "disk", "redis", "tracker", "relay"} {
		if s := now.Checks[name]; !s.OK || s.Detail == "" {
			t.Errorf("%s: got %+v", name, s)
		}
	}
	line, err := askHealth(t.Context(), d.admin.listener.Addr().String(), true)
	if err != nil || line != "ready: disk, ledger, redis, relay, tracker" {
		t.Errorf("healthcheck --ready: %q, %v", line, err)
	}

	server.Kill()
	now = readyWithin(t, base, false)
	if s := now.Checks["redis"]; s.OK || s.Detail == "" || strings.Contains(s.Detail, server.URL()) {
		t.Errorf("Redis is away: got %+v", s)
	}
	if s := now.Checks["ledger"]; !s.OK {
		t.Errorf("the ledger without Redis: got %+v", s)
	}
	if status, body := get(t, base+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz without Redis: HTTP %d, %q", status, body)
	}
	if _, err := askHealth(t.Context(), d.admin.listener.Addr().String(), true); err == nil || !strings.HasPrefix(err.Error(), "not ready: redis: ") {
		t.Errorf("healthcheck --ready without Redis: %v", err)
	}
	if line, err := askHealth(t.Context(), d.admin.listener.Addr().String(), false); err != nil || line != "alive" {
		t.Errorf("healthcheck without Redis: %q, %v", line, err)
	}
	server.Restart()
	readyWithin(t, base, true)

	if status, _ := get(t, base+"/"); status != http.StatusNotFound {
		t.Errorf("/: HTTP %d", status)
	}
	resp, err := frontDoor.Post(base+"/readyz", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: HTTP %d", resp.StatusCode)
	}
}

// A probe that hangs, even one that does not heed its context, holds nobody up and
// is not started again; many who ask are one who asks.
func TestAHangingProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var hung, asked atomic.Int32
		h := newHealth(probeWithin,
			&probe{name: "hangs", ask: func(context.Context) (string, error) { hung.Add(1); <-release; return "well", nil }},
			&probe{name: "well", ask: func(context.Context) (string, error) { asked.Add(1); return "fine", nil }},
			&probe{name: "ill", ask: func(context.Context) (string, error) {
				return "", &orders.Error{Code: orders.EUNAVAILABLE, Message: "away", Err: errors.New("secret")}
			}})
		for range 3 {
			start := time.Now()
			d := h.ask()
			if took := time.Since(start); took != probeWithin {
				t.Errorf("it took %v", took)
			}
			if d.Ready || d.Checks["hangs"].OK || !d.Checks["well"].OK || d.Checks["ill"].Detail != "away" {
				t.Errorf("got %+v", d)
			}
			h.ask() // the same answer
			time.Sleep(freshFor)
		}
		if hung.Load() != 1 || asked.Load() != 3 {
			t.Errorf("the hanging probe began %d times, the other %d times; want 1 and 3", hung.Load(), asked.Load())
		}
		close(release)
		synctest.Wait()
		if d := h.ask(); !d.Checks["hangs"].OK {
			t.Errorf("it hangs no more: got %+v", d)
		}
	})
}

func TestHealthcheckWords(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	elsewhere := strings.TrimPrefix(other.URL, "http://")
	for name, tt := range map[string]struct {
		listen string
		ready  bool
		want   string
	}{
		"not configured":      {"", false, "admin.listen is empty"},
		"no fixed port":       {"127.0.0.1:0", false, "names no port"},
		"something else":      {elsewhere, false, "something else than Waybill answers"},
		"something else, too": {elsewhere, true, "something else than Waybill answers"},
	} {
		_, err := askHealth(t.Context(), tt.listen, tt.ready)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
		if code := exitCode(err); code != 1 {
			t.Errorf("%s: exit code %d; Docker knows 1 only", name, code)
		}
	}
	other.Close()
	if _, err := askHealth(t.Context(), elsewhere, false); err == nil || !strings.Contains(err.Error(), "nothing answers") {
		t.Errorf("nobody there: got %v", err)
	}
	for listen, want := range map[string]string{":7448": "127.0.0.1:7448", "0.0.0.0:7448": "127.0.0.1:7448", "[::]:7448": "[::1]:7448", "127.0.0.2:1": "127.0.0.2:1"} {
		if got, err := adminAddress(listen); got != want || err != nil {
			t.Errorf("%s: asked at %s, %v; want %s", listen, got, err, want)
		}
	}
}
