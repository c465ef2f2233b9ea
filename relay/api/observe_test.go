package api

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Every answer is told of once, by its route and never by its path.
func TestObserve(t *testing.T) {
	type seen struct {
		route string
		code  int
	}
	var mu sync.Mutex
	var got []seen
	h := newHouse(t, func(c *Config) {
		c.Observe = func(route string, code int, took time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			if took < 0 {
				t.Errorf("%s took %v", route, took)
			}
			got = append(got, seen{route, code})
		}
	})
	var want []seen
	for _, tt := range []struct {
		method, path string
		want         seen
	}{
		{"GET", "/api/v1/relay", seen{"GET /api/v1/relay", 200}},
		{"GET", "/api/v1/relay?x=1", seen{"GET /api/v1/relay", 400}},
		{"GET", "/api/v1/keys", seen{"GET /api/v1/keys", 401}},
		{"DELETE", "/api/v1/keys/npub1secret", seen{"DELETE /api/v1/keys/{pubkey}", 401}},
		{"GET", "/api/v1/nothing/npub1secret", seen{"", 404}},
		{"PUT", "/api/v1/relay", seen{"", 405}},
	} {
		req, err := http.NewRequest(tt.method, h.url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.want.code {
			t.Errorf("%s %s: HTTP %d, want %d", tt.method, tt.path, resp.StatusCode, tt.want.code)
		}
		want = append(want, tt.want)
	}
	deadline := time.Now().Add(30 * time.Second) // the answer goes out before it is told of
	for time.Now().Before(deadline) {
		mu.Lock()
		done := len(got) == len(want)
		mu.Unlock()
		if done {
			break
		}
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
}
