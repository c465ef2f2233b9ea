package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// house is the API on a real socket, in front of a desk that takes everything.
type house struct {
	t    testing.TB
	url  string // http://…
	desk *desk
	api  *http.ServeMux
	doc  *openapi3.T
	log  *safeBuffer // what was logged, and what was answered

	mu      sync.Mutex
	advance time.Duration // of the API's clock
	frozen  time.Time     // what it is stopped at
}

func newHouse(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	h := &house{t: t, desk: &desk{}, log: &safeBuffer{}, doc: document(t)}
	srv := httptest.NewUnstartedServer(nil)
	addr := srv.Listener.Addr().String()
	h.url = "http://" + addr
	cfg := Config{
		PublicURLs: []string{"ws://" + addr, "wss://Relay.Example:443/"}, Self: strings.Repeat("5", 64), Policy: "open",
		Ways: []map[string]string{{"id": "copy", "title": "Copy the relay in"}},
		Now:  h.now, Log: zerolog.New(h.log).Level(zerolog.TraceLevel),
	}
	for _, c := range change {
		c(&cfg)
	}
	handler := New(cfg, h.desk)
	h.api, _ = handler.(*http.ServeMux) // unless it is observed
	srv.Config.Handler = handler
	srv.Start()
	t.Cleanup(srv.Close)
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.frozen.IsZero() {
		return h.frozen.Add(h.advance)
	}
	return time.Now().Add(h.advance)
}

// freeze stops the API's clock, but for later.
func (h *house) freeze() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = time.Now()
}

// later moves the API's clock.
func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.advance += d
}

// An ask is one request; the zero fields are what is right.
type ask struct {
	method, path, body string
	as                 *nip17.SecretSigner // nil: not signed in
	header             http.Header
	auth               string // in place of the right token
}

// do asks, and holds the answer against the OpenAPI document.
func (h *house) do(a ask) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequest(a.method, h.url+a.path, strings.NewReader(a.body))
	if err != nil {
		h.t.Fatal(err)
	}
	if a.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.as != nil {
		req.Header.Set("Authorization", header(h.token(a.as, a.method, h.url+a.path, a.body)))
	}
	maps.Copy(req.Header, a.header)
	if a.auth != "" {
		req.Header.Set("Authorization", a.auth)
	}
	if host := a.header.Get("Host"); host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	h.log.Write(text)
	for name, values := range resp.Header {
		h.log.Write([]byte(name + ": " + strings.Join(values, ",") + "\n"))
	}
	h.conforms(req, resp, text)
	return resp, string(text)
}

// refused asks, and wants a problem of that status and code; it returns it.
func (h *house) refused(a ask, status int, code string) map[string]any {
	h.t.Helper()
	resp, text := h.do(a)
	var p map[string]any
	if err := json.Unmarshal([]byte(text), &p); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
		h.t.Errorf("%s %s: no problem: %s %s", a.method, a.path, resp.Status, text)
		return nil
	}
	if resp.StatusCode != status || p["status"] != float64(status) || p["code"] != code || p["type"] != "/problems/"+code {
		h.t.Errorf("%s %s: got %d %s, want %d %s", a.method, a.path, resp.StatusCode, text, status, code)
	}
	return p
}

// token is a token (NIP-98) for one request.
func (h *house) token(who *nip17.SecretSigner, method, url, body string) nostr.Event {
	h.t.Helper()
	tags := nostr.Tags{{"u", url}, {"method", method}}
	if body != "" {
		tags = append(tags, nostr.Tag{"payload", hash(body)})
	}
	return h.signed(who, nostr.Event{Kind: 27235, Tags: tags})
}

// serial makes no two events alike, as those of one second else are.
var serial struct {
	sync.Mutex
	n int
}

func (h *house) signed(who *nip17.SecretSigner, evt nostr.Event) nostr.Event {
	h.t.Helper()
	serial.Lock()
	serial.n++
	evt.Tags = append(evt.Tags, nostr.Tag{"n", strings.Repeat("n", serial.n%977)})
	serial.Unlock()
	if evt.CreatedAt == 0 {
		evt.CreatedAt = nostr.Timestamp(h.now().Unix())
	}
	if err := who.Sign(context.Background(), &evt); err != nil {
		h.t.Fatal(err)
	}
	return evt
}

func header(evt nostr.Event) string {
	return "Nostr " + base64.StdEncoding.EncodeToString([]byte(evt.String()))
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

var newSigner = nip17test.Signer

// desk takes everything, and writes down what it was given.
type desk struct {
	mu     sync.Mutex
	caller enrol.Caller
	offer  enrol.Offer
	secret string // the public key of what was offered
	asked  int
	err    error
	hold   chan struct{} // answers once it is closed, if not nil
}

func (d *desk) note(ctx context.Context, caller enrol.Caller, offer enrol.Offer) error {
	if d.hold != nil {
		select {
		case <-d.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.caller, d.offer, d.secret = caller, offer, offer.Secret.PublicKey()
	d.asked++
	return d.err
}

func (d *desk) Enrol(ctx context.Context, caller enrol.Caller, offer enrol.Offer) (enrol.Delegation, error) {
	err := d.note(ctx, caller, offer)
	return enrol.Delegation{Pubkey: caller.Pubkey, Owner: caller.Pubkey, Way: nip17.WayIdentity, State: "open", Since: offer.Since}, err
}

func (d *desk) Revoke(ctx context.Context, caller enrol.Caller, pubkey string) error {
	return d.note(ctx, caller, enrol.Offer{Bunker: pubkey})
}

func (d *desk) List(ctx context.Context, caller enrol.Caller) ([]enrol.Delegation, error) {
	return nil, d.note(ctx, caller, enrol.Offer{})
}

func (d *desk) Connect(ctx context.Context, caller enrol.Caller, offer enrol.Offer) (string, error) {
	return "nostrconnect://" + caller.Pubkey, d.note(ctx, caller, offer)
}

// calls is how often the desk was asked.
func (d *desk) calls() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
