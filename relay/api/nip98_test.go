package api

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

const keysPath = "/api/v1/keys"

// TestSignInRefused has every part of a token wrong once.
func TestSignInRefused(t *testing.T) {
	h := newHouse(t)
	h.later(2 * time.Minute) // it has not just started
	who, other := newSigner(t), newSigner(t)
	const body = `{"bunker":"bunker://x"}`
	url := h.url + keysPath
	u, post, payload := nostr.Tag{"u", url}, nostr.Tag{"method", "POST"}, nostr.Tag{"payload", hash(body)}
	good := nostr.Event{Kind: 27235, Tags: nostr.Tags{u, post, payload}}
	tagged := func(tags ...nostr.Tag) func() string {
		return func() string { return header(h.signed(who, nostr.Event{Kind: 27235, Tags: tags})) }
	}
	// changed is a token that was changed after it was signed.
	changed := func(change func(*nostr.Event)) func() string {
		return func() string {
			evt := h.signed(who, good)
			change(&evt)
			return header(evt)
		}
	}
	dated := func(at func(now nostr.Timestamp) nostr.Timestamp) func() string {
		return func() string {
			evt := good
			evt.CreatedAt = at(nostr.Timestamp(h.now().Unix()))
			return header(h.signed(who, evt))
		}
	}
	raw := func(text string) func() string {
		return func() string { return "Nostr " + base64.StdEncoding.EncodeToString([]byte(text)) }
	}
	plain := func(auth string) func() string { return func() string { return auth } }
	text := h.signed(who, good).String() // what is made of it fails before its time is looked at
	for _, tt := range []struct {
		name   string
		auth   func() string
		reason string
	}{
		{"another scheme", plain("Bearer abc"), "scheme"},
		{"two in one", plain(tagged(u, post, payload)() + ", " + tagged(u, post, payload)()), "encoding"},
		{"no token", plain("Nostr "), "encoding"},
		{"no base64", plain("Nostr {}"), "encoding"},
		{"base64 for URLs", plain("Nostr " + base64.URLEncoding.EncodeToString([]byte(`{"content":"???>>>"}`))), "encoding"},
		{"no JSON", raw("hello"), "encoding"},
		{"a list", raw("[]"), "encoding"},
		{"more after it", raw(text + "{}"), "encoding"},
		{"kind as a text", raw(strings.Replace(text, "27235", `"27235"`, 1)), "encoding"},
		{"tags as texts", raw(strings.Replace(text, `"tags":[[`, `"tags":["x",[`, 1)), "encoding"},
		{"9 KiB", raw(text + strings.Repeat(" ", 9<<10)), "too-long"},
		{"another kind", changed(func(e *nostr.Event) { e.Kind = 22242 }), "kind"},
		{"no kind", raw(strings.Replace(text, `"kind":27235,`, "", 1)), "kind"},
		{"expired", dated(func(now nostr.Timestamp) nostr.Timestamp { return now - 63 }), "time"},
		{"of the future", dated(func(now nostr.Timestamp) nostr.Timestamp { return now + 63 }), "time"},
		{"of 1970", dated(func(nostr.Timestamp) nostr.Timestamp { return 1 }), "time"},
		{"of the last second there is", dated(func(nostr.Timestamp) nostr.Timestamp { return 1<<63 - 1 }), "time"},
		{"of the first", dated(func(nostr.Timestamp) nostr.Timestamp { return -1 << 63 }), "time"},
		{"without u", tagged(post, payload), "url"},
		{"two u", tagged(u, u, post, payload), "url"},
		{"an empty u", tagged(nostr.Tag{"u"}, post, payload), "url"},
		{"another path", tagged(nostr.Tag{"u", url + "/connect"}, post, payload), "url"},
		{"a slash more", tagged(nostr.Tag{"u", url + "/"}, post, payload), "url"},
		{"a query more", tagged(nostr.Tag{"u", url + "?limit=5"}, post, payload), "url"},
		{"a fragment", tagged(nostr.Tag{"u", url + "#x"}, post, payload), "url"},
		{"another site", tagged(nostr.Tag{"u", "https://evil.example" + keysPath}, post, payload), "url"},
		{"the WebSocket's scheme", tagged(nostr.Tag{"u", strings.Replace(url, "http", "ws", 1)}, post, payload), "url"},
		{"the other scheme", tagged(nostr.Tag{"u", strings.Replace(url, "http", "https", 1)}, post, payload), "url"},
		{"a path alone", tagged(nostr.Tag{"u", keysPath}, post, payload), "url"},
		{"without method", tagged(u, payload), "method"},
		{"two methods", tagged(u, post, post, payload), "method"},
		{"another method", tagged(u, nostr.Tag{"method", "GET"}, payload), "method"},
		{"id in upper case", changed(func(e *nostr.Event) { e.ID = strings.ToUpper(e.ID) }), "form"},
		{"pubkey in upper case", changed(func(e *nostr.Event) { e.PubKey = strings.ToUpper(e.PubKey) }), "form"},
		{"sig in upper case", changed(func(e *nostr.Event) { e.Sig = strings.ToUpper(e.Sig) }), "form"},
		{"a short id", changed(func(e *nostr.Event) { e.ID = e.ID[2:] }), "form"},
		{"no sig", changed(func(e *nostr.Event) { e.Sig = "" }), "form"},
		{"another id", changed(func(e *nostr.Event) { e.ID = strings.Repeat("0", 64) }), "id"},
		{"content added", changed(func(e *nostr.Event) { e.Content = "x" }), "id"},
		{"another key's name", changed(func(e *nostr.Event) { e.PubKey = other.PublicKey(); e.ID = e.GetID() }), "signature"},
		{"a key that is none", changed(func(e *nostr.Event) { e.PubKey = strings.Repeat("f", 64); e.ID = e.GetID() }), "signature"},
		{"another signature", changed(func(e *nostr.Event) { e.Sig = strings.Repeat("1", 128) }), "signature"},
		{"without payload", tagged(u, post), "payload"},
		{"two payloads", tagged(u, post, payload, payload), "payload"},
		{"another payload", tagged(u, post, nostr.Tag{"payload", hash(body + " ")}), "payload"},
		{"payload in upper case", tagged(u, post, nostr.Tag{"payload", strings.ToUpper(hash(body))}), "payload"},
		{"an empty payload", tagged(u, post, nostr.Tag{"payload", ""}), "payload"},
	} {
		h.later(3 * time.Second) // for another attempt
		p := h.refused(ask{method: "POST", path: keysPath, body: body, auth: tt.auth()}, 401, "unauthenticated")
		if p["reason"] != tt.reason {
			t.Errorf("%s: got %v: %v, want %s", tt.name, p["reason"], p["detail"], tt.reason)
		}
	}
	if p := h.refused(ask{method: "POST", path: keysPath, body: body}, 401, "unauthenticated"); p["reason"] != "missing" {
		t.Errorf("no header: got %v", p)
	}
	if h.desk.calls() != 0 {
		t.Error("the desk was asked")
	}
	resp, _ := h.do(ask{method: "GET", path: keysPath})
	if got := resp.Header.Get("WWW-Authenticate"); got != "Nostr" {
		t.Errorf("WWW-Authenticate: %q", got)
	}
}

// getting is a token for GET of u.
func (h *house) getting(who *nip17.SecretSigner, u, method string, off nostr.Timestamp, more ...nostr.Tag) string {
	return header(h.signed(who, nostr.Event{Kind: 27235, CreatedAt: nostr.Timestamp(h.now().Unix()) + off,
		Tags: append(nostr.Tags{{"u", u}, {"method", method}}, more...)}))
}

// What a client may do otherwise, and does.
func TestSignInTaken(t *testing.T) {
	h := newHouse(t)
	h.later(2 * time.Minute)
	who := newSigner(t)
	url := h.url + keysPath
	for name, auth := range map[string]string{
		"plain":                  h.getting(who, url, "GET", 0),
		"58 s ago":               h.getting(who, url, "GET", -58),
		"58 s ahead":             h.getting(who, url, "GET", 58),
		"nostr-tools' method":    h.getting(who, url, "get", 0),
		"the other public URL":   h.getting(who, "https://relay.example"+keysPath, "GET", 0),
		"the scheme's own case":  strings.Replace(h.getting(who, url, "GET", 0), "Nostr", "nostr", 1),
		"the payload of no body": h.getting(who, url, "GET", 0, nostr.Tag{"payload", hash("")}),
	} {
		if resp, body := h.do(ask{method: "GET", path: keysPath, auth: auth}); resp.StatusCode != 200 || h.desk.caller.Pubkey != who.PublicKey() {
			t.Errorf("%s: got %s %s", name, resp.Status, body)
		}
	}
	if resp, _ := h.do(ask{method: "HEAD", path: keysPath, auth: h.getting(who, url, "HEAD", 0)}); resp.StatusCode != 200 {
		t.Errorf("HEAD: got %s", resp.Status)
	}
}

// A token that somebody signed for another site comes with the headers that make
// it fit there.
func TestHeadersSayNothingOfWhereWeAre(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	forged := http.Header{
		"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"},
		"X-Forwarded-Port": {"443"}, "Forwarded": {"host=evil.example;proto=https"}, "X-Original-Url": {"https://evil.example" + keysPath},
	}
	evil := h.getting(who, "https://evil.example"+keysPath, "GET", 0)
	if p := h.refused(ask{method: "GET", path: keysPath, auth: evil, header: forged}, 401, "unauthenticated"); p["reason"] != "url" {
		t.Errorf("got %v", p)
	}
	if resp, body := h.do(ask{method: "GET", path: keysPath, as: who, header: forged}); resp.StatusCode != 200 {
		t.Errorf("a token for us: got %s %s", resp.Status, body)
	}
}

// The u tag is the URL to the letter: its keys in their order, escaped as sent.
func TestQueryIsSigned(t *testing.T) {
	s := newSignIn([]string{"wss://relay.example"}, time.Now)
	for _, tt := range []struct {
		path, signed string
		want         bool
	}{
		{"/api/v1/list?a=1&b=2", "/api/v1/list?a=1&b=2", true},
		{"/api/v1/list?a=1&b=2", "/api/v1/list?b=2&a=1", false},
		{"/api/v1/list?a=1&b=2", "/api/v1/list", false},
		{"/api/v1/list", "/api/v1/list?a=1", false},
		{"/api/v1/list?a=%7e", "/api/v1/list?a=%7e", true},
		{"/api/v1/list?a=%7e", "/api/v1/list?a=~", false},
		{"/api/v1/list?", "/api/v1/list?", true},
		{"/api/v1/a%2fb", "/api/v1/a%2fb", true},
		{"/api/v1/a%2fb", "/api/v1/a/b", false},
		{"https://evil.example/api/v1/list", "/api/v1/list", true}, // a request's absolute form is no address of ours either
	} {
		req, err := http.NewRequest("GET", tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.addressed("https://relay.example"+tt.signed, req); got != tt.want {
			t.Errorf("%s signed as %s: got %v", tt.path, tt.signed, got)
		}
	}
}

func TestPublicURLs(t *testing.T) {
	for text, want := range map[string]string{
		"ws://127.0.0.1:7447":       "http://127.0.0.1:7447",
		"wss://relay.example":       "https://relay.example",
		"WSS://Relay.Example:443/":  "https://relay.example",
		"ws://relay.example:80":     "http://relay.example",
		"wss://relay.example:80":    "https://relay.example:80",
		"wss://[::1]:4443":          "https://[::1]:4443",
		"wss://relay.example/Shop/": "https://relay.example/Shop",
	} {
		if got := newSignIn([]string{text}, time.Now).bases; len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
}

// A body is signed for, whatever the method.
func TestDeleteWithBody(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	path := keysPath + "/" + who.PublicKey()
	unsigned := header(h.token(who, "DELETE", h.url+path, ""))
	if p := h.refused(ask{method: "DELETE", path: path, body: "{}", auth: unsigned}, 401, "unauthenticated"); p["reason"] != "payload" {
		t.Errorf("got %v", p)
	}
	h.refused(ask{method: "DELETE", path: path, body: "{}", as: who}, 400, "malformed") // signed, but takes none
}

func TestTwoAuthorizations(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	auth := []string{h.getting(who, h.url+keysPath, "GET", 0), h.getting(who, h.url+keysPath, "GET", 0)}
	if p := h.refused(ask{method: "GET", path: keysPath, header: http.Header{"Authorization": auth}}, 401, "unauthenticated"); p["reason"] != "scheme" {
		t.Errorf("got %v", p)
	}
}

// An event of a megabyte ends at a limit, before anything decodes it.
func TestHugeToken(t *testing.T) {
	h := newHouse(t)
	for size, want := range map[int]int{900 << 10: http.StatusRequestHeaderFieldsTooLarge, 500 << 10: http.StatusUnauthorized} {
		req, err := http.NewRequest("GET", h.url+keysPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header(h.signed(newSigner(t), nostr.Event{Kind: 27235, Content: strings.Repeat("x", size)})))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			if want == http.StatusRequestHeaderFieldsTooLarge {
				continue // the server has closed while it was being sent
			}
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes: got %s", size, resp.Status)
		}
	}
}
