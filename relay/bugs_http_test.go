package relay

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// http asks over HTTP and returns the answer with its body read.
func (h *house) http(method, path, body string, header http.Header) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.ctx, method, strings.Replace(h.url, "ws", "http", 1)+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp, string(text)
}

// khatru compares the header with case; HTTP does not.
func TestUpgradeInAnyCase(t *testing.T) {
	h := newHouse(t)
	for _, word := range []string{"websocket", "WebSocket", "WEBSOCKET"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: %s\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n", word)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("Upgrade: %s: got %s", word, resp.Status)
		}
	}
}

// khatru's NIP-86 takes any kind and any date for an authorization, panics
// without a u tag, and asks nobody who calls: it is out of reach.
func TestNoManagementOverHTTP(t *testing.T) {
	h := newHouse(t)
	stranger := newSigner(t)
	const call = `{"method":"supportedmethods","params":[]}`
	hash := sha256.Sum256([]byte(call))
	u, payload := nostr.Tag{"u", h.url}, nostr.Tag{"payload", hex.EncodeToString(hash[:])}
	for name, auth := range map[string]nostr.Event{
		"a good authorization": {Kind: 27235, Tags: nostr.Tags{u, payload}},
		"a note of next year":  {Kind: 1, Tags: nostr.Tags{u, payload}, CreatedAt: nostr.Now() + 31_536_000},
		"without u":            {Kind: 27235, Tags: nostr.Tags{payload}},
	} {
		evt := signed(t, stranger, auth)
		resp, body := h.http(http.MethodPost, "/", call, http.Header{
			"Content-Type":  {"application/nostr+json+rpc"},
			"Authorization": {"Nostr " + base64.StdEncoding.EncodeToString([]byte(evt.String()))},
		})
		if strings.Contains(resp.Header.Get("Content-Type"), "rpc") || strings.Contains(body, "result") || strings.Contains(body, "error") {
			t.Errorf("%s: khatru answered %s", name, body)
		}
	}
}

// khatru allows every origin on every path. Only the NIP-11 document is for
// every page on the web: an API that answers with orders is not.
func TestCrossOriginRequests(t *testing.T) {
	h := newHouse(t)
	origin := http.Header{"Origin": {"https://elsewhere.example"}, "Access-Control-Request-Method": {"GET"}}
	document := origin.Clone()
	document.Set("Accept", "application/nostr+json")
	for name, tt := range map[string]struct {
		method, path string
		header       http.Header
		want         string
	}{
		"NIP-11":                 {http.MethodGet, "/", document, "*"},
		"its preflight":          {http.MethodOptions, "/", origin, "*"},
		"the page":               {http.MethodGet, "/", origin, ""},
		"the API":                {http.MethodGet, "/api/orders", origin, ""},
		"the API's preflight":    {http.MethodOptions, "/api/orders", origin, ""},
		"the document elsewhere": {http.MethodGet, "/api", document, ""},
	} {
		resp, _ := h.http(tt.method, tt.path, "", tt.header)
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != tt.want {
			t.Errorf("%s: Access-Control-Allow-Origin: %q, want %q", name, got, tt.want)
		}
		if got := resp.Header.Get("Access-Control-Allow-Credentials"); got != "" {
			t.Errorf("%s: Access-Control-Allow-Credentials: %s", name, got)
		}
	}
}

// khatru's own server ends every answer after two seconds, an export or a live
// page too, and its Shutdown panics: neither is used. A client that sends no
// request has its time all the same.
func TestTheServerIsOurs(t *testing.T) {
	h := newHouse(t)
	if s := h.relay.server; s.ReadTimeout != 0 || s.WriteTimeout != 0 || s.ReadHeaderTimeout == 0 || s.IdleTimeout == 0 {
		t.Errorf("timeouts: read %v, write %v, header %v, idle %v", s.ReadTimeout, s.WriteTimeout, s.ReadHeaderTimeout, s.IdleTimeout)
	}
	if h.relay.khatru.Addr != "" {
		t.Error("khatru listens by itself")
	}
}
