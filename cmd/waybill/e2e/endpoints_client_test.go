//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// A httpWorld is one daemon, and people who ask its API over real sockets.
type httpWorld struct {
	t                               *testing.T
	daemon                          *daemon
	url                             string // http://…
	self                            string // the relay's public key
	from                            string // where requests come from, as a proxy says it; "": from here
	buyer, seller, admin, stranger  *caller
	expired, unused, ended, unknown string // cookies of the buyer's that are good no more, or never were
}

// A caller signs in by NIP-98, or by the cookie of a session that is good.
type caller struct {
	*speaker
	name, cookie string
}

// newHTTPWorld has the seller's key delegated, and everybody signed in for a while.
func newHTTPWorld(t *testing.T) *httpWorld {
	t.Helper()
	w := &httpWorld{t: t}
	for name, who := range map[string]**caller{"buyer": &w.buyer, "seller": &w.seller, "admin": &w.admin, "stranger": &w.stranger} {
		*who = &caller{speaker: newSpeaker(t), name: name}
	}
	w.daemon = newDaemon(t, "[[keys.delegated]]\nsecret = \""+w.seller.secret+"\"\n",
		map[string]string{"REDIS_EMBEDDED": "memory", "ADMINS": w.admin.pubkey, "RELAY_TRUSTED_PROXIES": "127.0.0.1"})
	w.daemon.start()
	w.url = strings.Replace(w.daemon.url, "ws://", "http://", 1)
	for _, who := range w.callers() {
		who.cookie = w.signIn(who)
	}
	var about struct{ Pubkey string }
	w.do(ask{method: "GET", path: "/api/v1/relay"}).into(t, &about)
	w.self = about.Pubkey
	w.expired, w.unused, w.ended, w.unknown = w.signIn(w.buyer), w.signIn(w.buyer), w.signIn(w.buyer), "waybill=AAAA"
	w.do(ask{method: "DELETE", path: "/api/v1/session", cookie: w.ended})
	w.age("expires_at", w.expired)
	w.age("used_at", w.unused)
	return w
}

func (w *httpWorld) callers() []*caller { return []*caller{w.buyer, w.seller, w.admin, w.stranger} }

// signIn begins a session, and returns its cookie.
func (w *httpWorld) signIn(who *caller) string {
	w.t.Helper()
	got := w.do(ask{method: "POST", path: "/api/v1/session", as: who})
	cookie, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	if got.status != http.StatusCreated || cookie == "" {
		w.t.Fatalf("%s signs in: %v", who.name, got)
	}
	return cookie
}

// age makes a session look as it does when its time has gone by: a time of its row is
// set back by 31 days.
func (w *httpWorld) age(column, cookie string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.daemon.ledgerFile()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	_, secret, _ := strings.Cut(cookie, "=")
	sum := sha256.Sum256([]byte(secret))
	done, err := db.Exec("UPDATE sessions SET "+column+" = "+column+" - ? WHERE token = ?", (31 * 24 * time.Hour).Milliseconds(), hex.EncodeToString(sum[:]))
	if err != nil {
		w.t.Fatal(err)
	}
	if n, err := done.RowsAffected(); n != 1 || err != nil {
		w.t.Fatalf("%d sessions are aged, %v", n, err)
	}
}

// An ask is one request, by nobody where neither as, token nor cookie say by whom.
type ask struct {
	method, path string // with its query
	body         string
	as           *caller      // signs it
	token        *nostr.Event // in place of as's own
	cookie       string
	header       http.Header
}

// token is a good one (NIP-98) for r by who.
func (w *httpWorld) token(who *caller, r ask) *nostr.Event {
	evt := nostr.Event{Kind: 27235, CreatedAt: nostr.Now(), Tags: nostr.Tags{
		{"u", w.url + r.path}, {"method", r.method}, {"nonce", nostr.GeneratePrivateKey()[:16]},
	}}
	if r.body != "" {
		sum := sha256.Sum256([]byte(r.body))
		evt.Tags = append(evt.Tags, nostr.Tag{"payload", hex.EncodeToString(sum[:])})
	}
	who.sign(&evt)
	return &evt
}

// A reply is an answer; of a stream its beginning.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (w *httpWorld) do(r ask) reply {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, w.url+r.path, strings.NewReader(r.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	if r.token == nil && r.as != nil {
		r.token = w.token(r.as, r)
	}
	if r.token != nil {
		req.Header.Set("Authorization", "Nostr "+base64.StdEncoding.EncodeToString([]byte(r.token.String())))
	}
	if w.from != "" {
		req.Header.Set("X-Forwarded-For", w.from)
	}
	if r.cookie != "" {
		req.Header.Set("Cookie", r.cookie)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer resp.Body.Close()
	got := reply{status: resp.StatusCode, header: resp.Header}
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return got
	}
	if got.body, err = io.ReadAll(resp.Body); err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	return got
}

func (r reply) String() string {
	return http.StatusText(r.status) + " " + string(bytes.TrimSpace(r.body))
}

func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%v: %v", r, err)
	}
}

// order is the order that an answer holds.
func (r reply) order(t *testing.T) (o orders.Order) {
	t.Helper()
	r.into(t, &o)
	return o
}

// message is a signed order message of who's to the other party, as clients post it.
func (w *httpWorld) message(who *caller, d orders.Draft) string {
	w.t.Helper()
	if d.To == "" {
		if d.To = w.seller.pubkey; who == w.seller {
			d.To = w.buyer.pubkey
		}
	}
	evt, err := client.Posted(w.t.Context(), who.signer, d, w.self)
	if err != nil {
		w.t.Fatal(err)
	}
	return evt.String()
}

func (w *httpWorld) intent(who *caller, id string) string {
	w.t.Helper()
	return w.message(who, orders.Draft{Verb: orders.Intent, OrderID: id,
		Public: orders.Public{Products: []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 1}}}, Private: orders.Private{ShippingAddress: "1 Main St, Porto"}})
}

func (w *httpWorld) note(who *caller, id string) string {
	w.t.Helper()
	return w.message(who, orders.Draft{Verb: orders.Note, OrderID: id, Private: orders.Private{Note: "hello"}})
}

// post has it taken.
func (w *httpWorld) post(who *caller, path, body string) reply {
	w.t.Helper()
	got := w.do(ask{method: "POST", path: path, as: who, body: body})
	if got.status != http.StatusCreated {
		w.t.Fatalf("%s posts to %s: %v", who.name, path, got)
	}
	return got
}
