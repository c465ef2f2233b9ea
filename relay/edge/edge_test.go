package edge

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   int
	}{
		"nothing":       {func(http.ResponseWriter) {}, 200},
		"a body":        {func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, 200},
		"a status":      {func(w http.ResponseWriter) { w.WriteHeader(404) }, 404},
		"an early hint": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(503) }, 503},
		"twice":         {func(w http.ResponseWriter) { w.WriteHeader(404); w.WriteHeader(500) }, 404},
		"too late":      {func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")); w.WriteHeader(500) }, 200},
	} {
		w := Watch(httptest.NewRecorder())
		tt.answer(w)
		if got := w.Status(); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

// What stands behind an answer that is watched can be reached as before.
func TestUnwrap(t *testing.T) {
	behind := httptest.NewRecorder()
	if err := http.NewResponseController(Watch(behind)).Flush(); err != nil || !behind.Flushed {
		t.Errorf("got %v, %v", err, behind.Flushed)
	}
}

func TestRecover(t *testing.T) {
	req := httptest.NewRequest("GET", "/orders/secret", nil)
	req.Pattern = "GET /orders/{id}"
	for name, tt := range map[string]struct {
		value   any
		refused int
		on      any // what goes on to the server
	}{
		"nothing":      {nil, 0, nil},
		"an error":     {errors.New("secret"), 1, nil},
		"a text":       {"secret", 1, nil},
		"being broken": {http.ErrAbortHandler, 0, http.ErrAbortHandler},
	} {
		var log strings.Builder
		refused := 0
		on := func() (on any) {
			defer func() { on = recover() }()
			defer Recover(zerolog.New(&log), req, func() { refused++ })
			if tt.value != nil {
				panic(tt.value)
			}
			return nil
		}()
		if refused != tt.refused || on != tt.on {
			t.Errorf("%s: refused %d times, and on went %v", name, refused, on)
		}
		text := log.String()
		if strings.Contains(text, "secret") || (tt.refused > 0) != (strings.Contains(text, req.Pattern) && strings.Contains(text, "stack")) {
			t.Errorf("%s: logged %s", name, text)
		}
	}
}

func TestAccount(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::", "2001:db8:1:2::": "2001:db8:1:2::", "::1": "::",
	} {
		if got := Account(netip.MustParseAddr(addr)); got.String() != want {
			t.Errorf("%s: got %v, want %s", addr, got, want)
		}
	}
	if got := Account(netip.Addr{}); got.IsValid() {
		t.Errorf("none: got %v", got)
	}
}
