package api

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/relay/wire"
)

// behindTheWrapper serves the API as the relay does: through its listener, with a
// proxy on loopback that is trusted.
func (h *house) behindTheWrapper() (url string) {
	h.t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	l := wire.Listen(inner, wire.Limits{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	url = "http://" + inner.Addr().String()
	api := New(Config{PublicURLs: []string{url}, ClientIP: wire.ClientIP, Now: h.now}, h.desk)
	server := &http.Server{Handler: l.Handler(api), ConnContext: wire.ConnContext, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	h.t.Cleanup(func() {
		server.Close()
		<-done
	})
	return url
}

func TestBehindTheWrapper(t *testing.T) {
	h := newHouse(t)
	h.freeze()
	url := h.behindTheWrapper()
	who := newSigner(t)
	ask := func(from, method, path, body, auth string) int {
		t.Helper()
		req, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {auth}, "Content-Type": {"application/json"}, "X-Forwarded-For": {from}}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	const empty = `{"bunker":"bunker://"}`
	large := strings.Replace(empty, "//", "//"+strings.Repeat("x", 64<<10-len(empty)), 1)
	for range 3 {
		if status := ask("203.0.113.1", "POST", keysPath, large, header(h.token(who, "POST", url+keysPath, large))); status != 201 {
			t.Errorf("64 KiB: got %d", status)
		}
	}
	if status := ask("203.0.113.1", "POST", keysPath, large+" ", header(h.token(who, "POST", url+keysPath, large+" "))); status != 413 {
		t.Errorf("more: got %d", status)
	}
	// Who fails is known by what the proxy says, to the /64.
	for range 100 {
		evt := h.token(who, "GET", url+keysPath, "")
		evt.Sig = strings.Repeat("1", 128)
		if status := ask("2001:db8:1:2::1", "GET", keysPath, "", header(evt)); status != 401 {
			t.Errorf("forged: got %d", status)
		}
	}
	for from, want := range map[string]int{"2001:db8:1:2::99": 429, "2001:db8:1:3::1": 200, "203.0.113.1": 200} {
		if status := ask(from, "GET", keysPath, "", header(h.token(who, "GET", url+keysPath, ""))); status != want {
			t.Errorf("%s: got %d, want %d", from, status, want)
		}
	}
}
