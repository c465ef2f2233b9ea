package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// TestDeskErrors: what the desk says is told, but not what lies behind it.
func TestDeskErrors(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	cause := errors.New("dial tcp 10.0.0.7: the hidden cause")
	for _, tt := range []struct {
		err    error
		status int
		code   string
		detail string // "": none of the error's own
	}{
		{orders.Errorf(orders.EINVALID, "the key is not yours"), 422, "invalid", "the key is not yours"},
		{orders.Errorf(orders.ENOTFOUND, "no such key"), 404, "not_found", "no such key"},
		{orders.Errorf(orders.EFORBIDDEN, "an invitation is needed"), 403, "forbidden", "an invitation is needed"},
		{orders.Errorf(orders.ECONFLICT, "the key stands in the configuration"), 409, "conflict", "the key stands in the configuration"},
		{orders.Errorf(orders.EUNAVAILABLE, "your signer is offline"), 503, "unavailable", "your signer is offline"},
		{orders.Errorf(orders.EUNAVAILABLE, "signer: %w", cause), 503, "unavailable", ""},
		{orders.Errorf(orders.EINTERNAL, "keys.json: the hidden cause"), 500, "internal", ""},
		{orders.Errorf("made-up", "the hidden cause"), 500, "internal", ""},
		{cause, 500, "internal", ""},
		{context.DeadlineExceeded, 503, "unavailable", ""},
	} {
		h.desk.err = tt.err
		p := h.refused(ask{method: "POST", path: keysPath, body: `{"bunker":"bunker://x"}`, as: who}, tt.status, tt.code)
		detail, _ := p["detail"].(string)
		if tt.detail != "" && detail != tt.detail || strings.Contains(detail, "hidden") || detail == "" {
			t.Errorf("%v: told %q", tt.err, detail)
		}
		if p["instance"] != keysPath {
			t.Errorf("instance: %v", p["instance"])
		}
	}
	if log := h.log.String(); strings.Count(log, `"error":"dial tcp 10.0.0.7: the hidden cause"`) != 1 || strings.Contains(log, "not yours\"}\n{") {
		t.Errorf("logged:\n%s", log)
	}
	h.desk.err = orders.Errorf(orders.EUNAVAILABLE, "x")
	if resp, _ := h.do(ask{method: "GET", path: keysPath, as: who}); resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// Invitations cannot be guessed with ever new keys.
func TestRefusedEnrolmentsAreLimited(t *testing.T) {
	h := newHouse(t)
	h.desk.err = orders.Errorf(orders.EFORBIDDEN, "an invitation is needed")
	for range 20 {
		h.refused(ask{method: "POST", path: keysPath, body: `{"bunker":"bunker://x","invite":"1"}`, as: newSigner(t)}, 403, "forbidden")
	}
	h.refused(ask{method: "POST", path: keysPath, body: `{"bunker":"bunker://x","invite":"2"}`, as: newSigner(t)}, 429, "rate_limited")
}

// One passphrase costs up to 256 MiB.
func TestPassphrasesAreLimited(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		h.costless(t)
	}
	body := `{"secret":"` + ncryptsec + `","passphrase":"` + passphrase + `"}`
	h.refused(ask{method: "POST", path: keysPath, body: body, as: newSigner(t)}, 429, "rate_limited")
	h.later(31 * time.Second)
	if resp, text := h.do(ask{method: "POST", path: keysPath, body: body, as: newSigner(t)}); resp.StatusCode != 201 {
		t.Errorf("later: %s %s", resp.Status, text)
	}
}

// costless tries a passphrase on what is no ncryptsec, which counts.
func (h *house) costless(t *testing.T) {
	h.refused(ask{method: "POST", path: keysPath, body: `{"secret":"ncryptsec1x","passphrase":"x"}`, as: newSigner(t)}, 422, "invalid")
}

func TestElsewhere(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/api/", 404, ""},
		{"GET", "/api/v1/keys/", 404, ""},
		{"POST", "/api/v2/keys", 404, ""},
		{"GET", "/problems/nothing", 404, ""},
		{"GET", "/", 404, ""},
		{"PUT", "/api/v1/keys", 405, "GET, HEAD, POST"},
		{"OPTIONS", "/api/v1/keys", 405, "GET, HEAD, POST"},
		{"GET", "/api/v1/keys/connect", 405, "POST, DELETE"},
		{"GET", "/api/v1/keys/abc", 405, "DELETE"},
		{"DELETE", "/api/openapi.json", 405, "GET, HEAD"},
	} {
		resp, _ := h.do(ask{method: tt.method, path: tt.path})
		if resp.StatusCode != tt.status || resp.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: got %s, Allow %q", tt.method, tt.path, resp.Status, resp.Header.Get("Allow"))
		}
	}
	h.refused(ask{method: "GET", path: "/api/v1/relay?a=1"}, 400, "malformed")
	h.refused(ask{method: "GET", path: "/api/v1/relay?%zz"}, 400, "malformed")
	h.refused(ask{method: "GET", path: "/api/v1/relay", body: "{}"}, 400, "malformed")
}

// Every code has a page, and the same status wherever it comes up.
func TestProblemPages(t *testing.T) {
	h := newHouse(t)
	_, all := h.do(ask{method: "GET", path: "/problems/"})
	seen := map[orders.Code]bool{}
	for _, k := range kinds {
		if seen[k.code] || http.StatusText(k.status) == "" || k.title == "" || k.meaning == "" {
			t.Errorf("%+v", k)
		}
		seen[k.code] = true
		resp, text := h.do(ask{method: "GET", path: "/problems/" + string(k.code)})
		if resp.StatusCode != 200 || !strings.Contains(text, k.meaning) || !strings.Contains(text, strconv.Itoa(k.status)) || !strings.Contains(all, text) {
			t.Errorf("%s: %s %s", k.code, resp.Status, text)
		}
	}
	for _, code := range []orders.Code{orders.EINVALID, orders.ENOTFOUND, orders.EFORBIDDEN, orders.ECONFLICT, orders.EUNAVAILABLE, orders.EINTERNAL} {
		if !seen[code] {
			t.Errorf("%s has no page", code)
		}
	}
}

func TestPanic(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	h.desk.err = explodes{}
	h.refused(ask{method: "GET", path: keysPath, as: who}, 500, "internal")
	if log := h.log.String(); !strings.Contains(log, "a request failed") || strings.Contains(log, "secret of the panic") {
		t.Errorf("logged:\n%s", log)
	}
}

// explodes is an error that panics when it is looked at.
type explodes struct{}

func (explodes) Error() string { panic("secret of the panic") }
func (explodes) As(any) bool   { panic("secret of the panic") }
func (explodes) Is(error) bool { panic("secret of the panic") }
