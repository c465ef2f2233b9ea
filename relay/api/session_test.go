package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

const sessionPath = "/api/v1/session"

// login signs in for a while, and returns the cookie.
func (h *house) login(who *nip17.SecretSigner, change ...func(*ask)) *http.Cookie {
	h.t.Helper()
	a := ask{method: "POST", path: sessionPath, as: who}
	for _, c := range change {
		c(&a)
	}
	resp, text := h.do(a)
	cookies := resp.Cookies()
	if resp.StatusCode != 201 || len(cookies) != 1 {
		h.t.Fatalf("got %s %s, %v", resp.Status, text, cookies)
	}
	return cookies[0]
}

// by asks with a cookie in place of a token.
func (a ask) by(c *http.Cookie) ask {
	a.as = nil
	return a.with("Cookie", c.Name+"="+c.Value)
}

// fromPage is a browser's request for a page of that origin.
func (a ask) fromPage(origin, site string) ask {
	return a.with("Origin", origin).with("Sec-Fetch-Site", site)
}

func TestSession(t *testing.T) {
	m := newMarket(t)
	c := m.login(m.buyer)
	if c.Name != "waybill" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 30*86400 || c.Secure {
		t.Errorf("got %+v", c)
	}
	resp, text := m.do(ask{method: "GET", path: sessionPath}.by(c))
	if resp.StatusCode != 200 || !strings.Contains(text, m.buyer.PublicKey()) || !strings.Contains(text, "idleUntil") {
		t.Errorf("got %s %s", resp.Status, text)
	}
	if resp, text := m.do(ask{method: "GET", path: sessionPath, as: m.seller}); resp.StatusCode != 200 || strings.Contains(text, "idleUntil") {
		t.Errorf("by a token: got %s %s", resp.Status, text)
	}
	// It opens what a token does, and says who it is.
	m.posted(ask{method: "POST", path: "/api/v1/orders", body: m.event(m.buyer, intent("A-1")).String()}.by(c).fromPage(m.url, "same-origin"), 201)
	note := orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "x"}}
	m.refused(m.say(m.seller, note).by(c), 403, "forbidden") // the event is not the buyer's
	if resp, _ := m.do(ask{method: "GET", path: keysPath}.by(c)); resp.StatusCode != 200 {
		t.Errorf("keys: got %s", resp.Status)
	}
	// A session is begun by a token alone, and a token goes before the cookie.
	if p := m.refused(ask{method: "POST", path: sessionPath}.by(c), 401, "unauthenticated"); p["reason"] != "missing" {
		t.Errorf("got %v", p)
	}
	both := ask{method: "GET", path: sessionPath, as: m.seller}.with("Cookie", c.Name+"="+c.Value)
	if _, text := m.do(both); !strings.Contains(text, m.seller.PublicKey()) {
		t.Errorf("got %s", text)
	}
	m.nothingOf(c)

	// It ends.
	resp, _ = m.do(ask{method: "DELETE", path: sessionPath}.by(c))
	if cleared := resp.Cookies(); resp.StatusCode != 204 || len(cleared) != 1 || cleared[0].MaxAge >= 0 || cleared[0].Value != "" {
		t.Errorf("got %s %v", resp.Status, cleared)
	}
	if p := m.refused(ask{method: "GET", path: sessionPath}.by(c), 401, "unauthenticated"); p["reason"] != "session" {
		t.Errorf("got %v", p)
	}
}

// nothingOf looks for the secret of a cookie in the ledger's files and the log. (It
// was answered once, in Set-Cookie.)
func (m *market) nothingOf(c *http.Cookie) {
	m.t.Helper()
	if _, ok, err := m.ledger.Session(m.ctx, c.Value); ok || err != nil {
		m.t.Errorf("the secret itself is in the ledger, or %v", err)
	}
	if s, ok, err := m.ledger.Session(m.ctx, hashOf(c.Value)); !ok || err != nil || s.Token == c.Value {
		m.t.Errorf("got %+v, %v, %v", s, ok, err)
	}
}

func TestSessionExpires(t *testing.T) {
	m := newMarket(t)
	get := func(c *http.Cookie) ask { return ask{method: "GET", path: sessionPath}.by(c) }
	idle, used := m.login(m.buyer), m.login(m.buyer)
	for range 3 {
		m.later(5 * time.Hour)
		if resp, text := m.do(get(used)); resp.StatusCode != 200 {
			t.Fatalf("got %s %s", resp.Status, text)
		}
	}
	resp, _ := m.do(get(idle))
	if cleared := resp.Cookies(); resp.StatusCode != 401 || len(cleared) != 1 || cleared[0].MaxAge >= 0 {
		t.Errorf("after 15 idle hours: got %s %v", resp.Status, cleared)
	}
	for range 70 {
		m.later(11 * time.Hour)
		if resp, _ = m.do(get(used)); resp.StatusCode != 200 {
			break
		}
	}
	if from, now := 29*24*time.Hour, time.Until(m.now()); resp.StatusCode != 401 || now < from || now > 31*24*time.Hour {
		t.Errorf("got %s after %v", resp.Status, now)
	}
}

func TestSessionsAreRevoked(t *testing.T) {
	m := newMarket(t)
	get := func(c *http.Cookie) ask { return ask{method: "GET", path: sessionPath}.by(c) }
	a, b, other := m.login(m.buyer), m.login(m.buyer), m.login(m.seller)
	m.do(ask{method: "DELETE", path: sessionPath}.by(a))
	if resp, _ := m.do(get(b)); resp.StatusCode != 200 {
		t.Errorf("another session ended too: %s", resp.Status)
	}
	a = m.login(m.buyer)
	m.do(ask{method: "DELETE", path: sessionPath + "?all=true"}.by(a))
	m.refused(get(a), 401, "unauthenticated")
	m.refused(get(b), 401, "unauthenticated")
	a = m.login(m.buyer)
	m.do(ask{method: "DELETE", path: sessionPath, as: m.buyer}) // from another device
	m.refused(get(a), 401, "unauthenticated")
	m.refused(ask{method: "DELETE", path: sessionPath + "?all=1", as: m.buyer}, 400, "malformed")
	// Who asks to be forgotten is signed out (NIP-62).
	a = m.login(m.buyer)
	vanish := m.sign(m.buyer, nostr.Event{Kind: 62, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"relay", "ALL_RELAYS"}}})
	if _, err := m.ledger.Vanish(m.ctx, &vanish, time.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}
	m.refused(get(a), 401, "unauthenticated")
	if resp, _ := m.do(get(other)); resp.StatusCode != 200 {
		t.Errorf("the seller: got %s", resp.Status)
	}
}

// Who signs in anew, as himself or as somebody else, leaves no session behind in the
// browser that he does it with, and elsewhere all stay.
func TestSigningInAnew(t *testing.T) {
	m := newMarket(t)
	get := func(c *http.Cookie) ask { return ask{method: "GET", path: sessionPath}.by(c) }
	stands := func(c *http.Cookie, want bool) {
		t.Helper()
		if resp, text := m.do(get(c)); (resp.StatusCode == 200) != want {
			t.Errorf("got %s %s", resp.Status, text)
		}
	}
	with := func(cookies ...string) func(*ask) {
		return func(a *ask) { *a = a.fromPage(m.url, "same-origin").with("Cookie", strings.Join(cookies, "; ")) }
	}
	elsewhere, first := m.login(m.buyer), m.login(m.buyer)
	again := m.login(m.buyer, with(first.Name+"="+first.Value))
	stands(first, false)
	stands(again, true)
	other := m.login(m.seller, with(again.Name+"="+again.Value))
	stands(again, false)
	stands(other, true)
	// What is no session of ours is in nobody's way.
	for _, cookies := range [][]string{{"waybill=x"}, {"waybill="}, {first.Name + "=" + first.Value}, {"waybill=x", other.Name + "=" + other.Value}} {
		m.login(m.buyer, with(cookies...))
	}
	stands(other, true)
	// A page of another site signs nobody out.
	m.login(m.buyer, func(a *ask) {
		*a = a.fromPage("https://evil.shop.example", "same-site").with("Cookie", other.Name+"="+other.Value)
	})
	stands(other, true)
	// Nor does who does not get in.
	m.refused(ask{method: "POST", path: sessionPath}.by(other), 401, "unauthenticated")
	for range 20 {
		m.do(ask{method: "POST", path: sessionPath, as: newSigner(t)})
	}
	m.refused(ask{method: "POST", path: sessionPath, as: m.buyer}.with("Cookie", other.Name+"="+other.Value), 429, "rate_limited")
	stands(other, true)
	stands(elsewhere, true)
}

// What another site has a browser send changes nothing.
func TestCrossSiteRequests(t *testing.T) {
	m := newMarket(t)
	c := m.login(m.buyer)
	begin := ask{method: "POST", path: "/api/v1/orders", body: m.event(m.buyer, intent("A-1")).String()}.by(c)
	for name, a := range map[string]ask{
		"another site":             begin.fromPage("https://evil.example", "cross-site"),
		"a sibling":                begin.fromPage("https://evil.shop.example", "same-site"),
		"an old browser":           begin.with("Origin", "https://evil.example"),
		"a page without an origin": begin.fromPage("null", "cross-site"),
		"a sign-out":               ask{method: "DELETE", path: sessionPath}.by(c).fromPage("https://evil.example", "cross-site"),
	} {
		t.Run(name, func(t *testing.T) { m.refused(a, 403, "cross_site") })
	}
	// With a token there is nothing to abuse, and reading changes nothing. What the cookie
	// opened, a browser shows to no page: an answer to any origin is not for credentials.
	if resp, _ := m.do(ask{method: "GET", path: sessionPath}.by(c).fromPage("https://evil.example", "cross-site")); resp.StatusCode != 200 ||
		resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("got %s, %v", resp.Status, resp.Header)
	}
	// Behind a proxy that changes Host a page of one of the public URLs is its own.
	m.posted(begin.fromPage("https://shop.example", "same-site"), 201)
}

func TestSessionCookies(t *testing.T) {
	m := newMarket(t)
	secure := func(a *ask) { a.header = http.Header{"Host": {"shop.example"}} }
	c := m.login(m.buyer, secure)
	if c.Name != "__Host-waybill" || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("got %+v", c)
	}
	there := func(cookie string) ask {
		return ask{method: "GET", path: sessionPath, header: http.Header{"Host": {"shop.example"}}}.with("Cookie", cookie)
	}
	if resp, _ := m.do(there(c.Name + "=" + c.Value)); resp.StatusCode != 200 {
		t.Errorf("got %s", resp.Status)
	}
	// By the name without a prefix any site beneath the same domain could plant one.
	for _, cookie := range []string{"waybill=" + c.Value, c.Name + "=" + c.Value + "x", c.Name + "=", "x=y", c.Name + "=" + c.Value + "; " + c.Name + "=x"} {
		m.refused(there(cookie), 401, "unauthenticated")
	}
	// A cookie that is none does not lock anybody out.
	for range 50 {
		m.refused(there(c.Name+"=x"), 401, "unauthenticated")
	}
	if resp, _ := m.do(there(c.Name + "=" + c.Value)); resp.StatusCode != 200 {
		t.Errorf("got %s", resp.Status)
	}
	s := NewCookies([]string{"wss://shop.example", "ws://localhost:7447"}, nil, time.Now)
	for host, want := range map[string]bool{"shop.example": true, "SHOP.example": true, "localhost:7447": false, "10.0.0.1:7447": true} {
		if got := s.secureHost(host); got != want {
			t.Errorf("%s: got %v", host, got)
		}
	}
}

// Keys cost nothing, so sessions are counted for the address.
func TestLoginsAreLimited(t *testing.T) {
	m := newMarket(t)
	for range 20 {
		m.login(newSigner(t))
	}
	m.refused(ask{method: "POST", path: sessionPath, as: newSigner(t)}, 429, "rate_limited")
	m.later(31 * time.Second)
	m.login(newSigner(t))
}

func TestNoSessions(t *testing.T) {
	h := newHouse(t)
	h.refused(ask{method: "POST", path: sessionPath, as: newSigner(t)}, 503, "unavailable")
	h.refused(ask{method: "DELETE", path: sessionPath, as: newSigner(t)}, 503, "unavailable")
	h.refused(ask{method: "GET", path: sessionPath}.with("Cookie", "waybill=x"), 401, "unauthenticated")
	h.refused(ask{method: "POST", path: "/api/v1/orders", as: newSigner(t), body: "{}"}, 503, "unavailable")
}
