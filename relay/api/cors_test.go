package api

import (
	"net/http"
	"strings"
	"testing"
)

// A page of another site may ask with a token; a cookie never signs it in.
func TestOtherSites(t *testing.T) {
	m := newMarket(t)
	preflight := func(path string) *http.Response {
		t.Helper()
		r, err := http.NewRequest("OPTIONS", m.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://shop.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type, if-match")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	resp := preflight("/api/v1/orders/A-1/messages")
	h := resp.Header
	if resp.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") {
		t.Errorf("got %d, %v", resp.StatusCode, h)
	}
	for _, name := range []string{"Authorization", "Content-Type", "If-Match", "Last-Event-ID"} {
		if !strings.Contains(h.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("%s is not allowed", name)
		}
	}
	if resp := preflight("/api/v1/nowhere"); resp.StatusCode != 404 {
		t.Errorf("nowhere: got %d", resp.StatusCode)
	}
	for _, path := range []string{"/api/openapi.json", "/api/v1/orders", "/problems/malformed"} {
		resp, err := http.Get(m.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if h := resp.Header; h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "ETag") {
			t.Errorf("%s: %v", path, h)
		}
	}
}
