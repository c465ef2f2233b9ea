package notify

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// The body is thin and frozen, and says nothing of who and what.
func TestPayload(t *testing.T) {
	rec := newReceiver(t)
	h, buyer, seller, hook := hooked(t, rec.URL)
	if !strings.HasPrefix(hook.Secret, "whsec_") {
		t.Errorf("the secret is %q", hook.Secret)
	}
	h.say(buyer, seller, intent("A-1"))
	n := h.told()
	posts := rec.got()
	if len(posts) != 1 || len(n) != 1 {
		t.Fatalf("%d posts of %d notices", len(posts), len(n))
	}
	var body map[string]any
	if err := json.Unmarshal(posts[0].body, &body); err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, body["timestamp"].(string))
	if err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("timestamp %v, %v", body["timestamp"], err)
	}
	delete(body, "timestamp")
	want := map[string]any{"type": "order.created", "data": map[string]any{
		"order_id": "A-1", "seq": 1.0, "version": 1.0, "status": "intent-sent", "changed": []any{
			"buyerNpub", "buyerPubkey", "checkoutId", "createdTimestamp", "eventId", "grandTotal", "payment", "products", "sellerNpub", "sellerPubkey", "shippingAddress", "status", "totalSats",
		}}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, private := range []string{address, buyer.PublicKey(), seller.PublicKey(), orders.Npub(buyer.PublicKey()), "mug"} {
		if strings.Contains(string(posts[0].body), private) {
			t.Errorf("the body tells %q", private)
		}
	}
	if got := posts[0].header.Get("webhook-id"); got != h.notifier.messageID(&n[0]) {
		t.Errorf("webhook-id %q", got)
	}
	if list, err := h.notifier.Webhooks(t.Context(), seller.PublicKey()); err != nil || len(list) != 1 || list[0].Secret != "" || list[0].URL != rec.URL {
		t.Errorf("got %+v, %v", list, err)
	}
}

// What an answer means. In each case the second notice comes after the first.
func TestAnswers(t *testing.T) {
	both := make(chan struct{}) // closed once both notices are there
	for name, tt := range map[string]struct {
		answers  []func(http.ResponseWriter, *http.Request)
		posts    []string
		first    ledger.NoticeState
		code     string
		disabled string
	}{
		"taken":       {nil, []string{"created", "paid"}, ledger.NoticeSent, "", ""},
		"later":       {[]func(http.ResponseWriter, *http.Request){status(503), status(429)}, []string{"created", "created", "created", "paid"}, ledger.NoticeSent, "", ""},
		"timeout":     {[]func(http.ResponseWriter, *http.Request){status(408)}, []string{"created", "created", "paid"}, ledger.NoticeSent, "", ""},
		"never":       {[]func(http.ResponseWriter, *http.Request){status(500), status(500), status(500), status(500)}, []string{"created", "created", "created", "created", "paid"}, ledger.NoticeFailed, "http-500", ""},
		"not wanted":  {[]func(http.ResponseWriter, *http.Request){status(404)}, []string{"created", "paid"}, ledger.NoticeFailed, "http-404", ""},
		"redirected":  {[]func(http.ResponseWriter, *http.Request){status(302, "Location", "/elsewhere"), status(302, "Location", "/elsewhere"), status(308, "Location", "/"), status(301)}, []string{"created", "created", "created", "created", "paid"}, ledger.NoticeFailed, "http-301", ""},
		"gone":        {[]func(http.ResponseWriter, *http.Request){func(w http.ResponseWriter, _ *http.Request) { <-both; w.WriteHeader(410) }}, []string{"created"}, ledger.NoticeFailed, "http-410", "gone"},
		"cut off":     {[]func(http.ResponseWriter, *http.Request){func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}, []string{"created", "created", "paid"}, ledger.NoticeSent, "", ""},
		"without end": {[]func(http.ResponseWriter, *http.Request){endless}, []string{"created", "paid"}, ledger.NoticeSent, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			rec := newReceiver(t, tt.answers...)
			h, buyer, seller, hook := hooked(t, rec.URL)
			h.say(buyer, seller, intent("A-1"))
			h.say(buyer, seller, verb(orders.Paid, "A-1"))
			h.decided()
			if tt.disabled != "" {
				close(both)
			}
			got := h.told()
			if diff := cmp.Diff(tt.posts, rec.types(t)); diff != "" {
				t.Errorf("posts (-want +got):\n%s", diff)
			}
			if got[0].State != tt.first || got[0].LastError != tt.code {
				t.Errorf("the first: %+v", got[0])
			}
			ids := map[string]bool{}
			for _, p := range rec.got() {
				ids[p.header.Get("webhook-id")] = true
			}
			if want := len(slices.Compact(slices.Clone(tt.posts))); len(ids) != want {
				t.Errorf("%d message ids, want %d", len(ids), want)
			}
			list, err := h.notifier.Webhooks(t.Context(), seller.PublicKey())
			if err != nil || list[0].Disabled != tt.disabled {
				t.Errorf("got %+v, %v", list, err)
			}
			tries, err := h.notifier.Deliveries(t.Context(), seller.PublicKey(), hook.ID, 0, 100)
			if err != nil || len(tries) != len(tt.posts) {
				t.Errorf("%d tries are written down, %v; want %d", len(tries), err, len(tt.posts))
			}
			if _, err := h.notifier.Deliveries(t.Context(), buyer.PublicKey(), hook.ID, 0, 100); orders.ErrorCode(err) != orders.ENOTFOUND {
				t.Errorf("somebody else's: %v", err)
			}
			if tt.disabled == "" {
				return
			}
			if got[1].State != ledger.NoticeDropped {
				t.Errorf("the second: %+v", got[1])
			}
			h.say(seller, buyer, verb(orders.Confirm, "A-1"))
			h.say(buyer, seller, orders.Draft{Verb: orders.Address, OrderID: "A-1", Private: orders.Private{ShippingAddress: "2 Side St"}})
			if got := h.told(); len(got) != 2 {
				t.Errorf("a disabled webhook: got %+v", got)
			}
			if err := h.notifier.EnableWebhook(t.Context(), seller.PublicKey(), hook.ID); err != nil {
				t.Fatal(err)
			}
			if err := h.notifier.Again(t.Context(), seller.PublicKey(), got[1].ID); err != nil {
				t.Fatal(err)
			}
			h.told()
			if got := rec.types(t); !slices.Equal(got, []string{"created", "paid"}) {
				t.Errorf("sent again: %v", got)
			}
		})
	}
}

// endless answers 200 and a body that never ends.
func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			return
		}
	}
}

// After so many failures in a row nothing more is posted.
func TestDisabledAfterFailures(t *testing.T) {
	var answers []func(http.ResponseWriter, *http.Request)
	for range 100 {
		answers = append(answers, status(500))
	}
	rec := newReceiver(t, answers...)
	h, buyer, seller, _ := hooked(t, rec.URL)
	for i := range 6 {
		h.say(buyer, seller, intent("A-"+strconv.Itoa(i)))
	}
	h.told()
	if n := len(rec.got()); n != mostFailures {
		t.Errorf("%d posts, want %d", n, mostFailures)
	}
	if list, err := h.notifier.Webhooks(t.Context(), seller.PublicKey()); err != nil || list[0].Disabled != "failures" {
		t.Errorf("got %+v, %v", list, err)
	}
}

// One that takes its time delays no other, and no direct message.
func TestSlowWebhook(t *testing.T) {
	held := make(chan struct{})
	slow := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { <-held; w.WriteHeader(204) })
	quick := newReceiver(t)
	h := newHouse(t, nil)
	buyer, seller := h.person(true), h.person(true)
	for _, rec := range []*receiver{slow, quick} {
		if _, err := h.notifier.AddWebhook(t.Context(), seller.PublicKey(), rec.URL, nil); err != nil {
			t.Fatal(err)
		}
	}
	h.say(buyer, seller, intent("A-1"))
	h.say(buyer, seller, verb(orders.Paid, "A-1"))
	eventually(t, "the others", func() bool { return len(quick.got()) == 2 && len(h.inbox(seller)) == 2 })
	if n := len(slow.got()); n != 1 {
		t.Errorf("%d posts to the slow one, want 1", n)
	}
	close(held)
	h.told()
	if got := slow.types(t); !slices.Equal(got, []string{"created", "paid"}) {
		t.Errorf("got %v", got)
	}
}

// What a stopped relay was posting is posted again, with the same id and body.
func TestRestartWhilePosting(t *testing.T) {
	var rec *receiver
	begun := make(chan struct{})
	rec = newReceiver(t, func(w http.ResponseWriter, r *http.Request) { close(begun); <-r.Context().Done() })
	h, buyer, seller, _ := hooked(t, rec.URL)
	h.say(buyer, seller, intent("A-1"))
	<-begun
	h.restart()
	got := h.told()
	posts := rec.got()
	if len(posts) != 2 || got[0].State != ledger.NoticeSent || got[0].Attempts != 1 {
		t.Fatalf("%d posts, %+v", len(posts), got)
	}
	if posts[0].header.Get("webhook-id") != posts[1].header.Get("webhook-id") || string(posts[0].body) != string(posts[1].body) {
		t.Errorf("the second post is another: %s, %s", posts[0].body, posts[1].body)
	}
}

func TestRetryAfter(t *testing.T) {
	rec := newReceiver(t, status(429, "Retry-After", "3600"))
	h, buyer, seller, _ := hooked(t, rec.URL)
	h.say(buyer, seller, intent("A-1"))
	eventually(t, "a try", func() bool { ns := h.notices(); return len(ns) == 1 && ns[0].Attempts == 1 })
	if n := h.notices()[0]; n.NextAt < time.Now().Add(59*time.Minute).UnixMilli() {
		t.Errorf("got %+v", n)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:03:05 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// A participant's webhook leads to nobody's own network, whatever its name is; the
// operator's does.
func TestWebhookAddresses(t *testing.T) {
	rec := newReceiver(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(rec.URL, "http://"), ":")
	h := newHouse(t, func(c *Config) {
		c.DM, c.Private = false, false
		c.Hooks = []Hook{{URL: rec.URL, Secrets: []string{NewSecret()}, Events: Choice{"order.created"}}}
	})
	buyer, seller := h.person(true), h.person(true)
	for _, bad := range []string{rec.URL, "https://127.0.0.1:" + port, "https://[::1]/", "https://169.254.169.254/", "https://", "https://u:p@example.com", "https://example.com/#x", "ftp://example.com", "example.com", "https://" + strings.Repeat("x", maxURL)} {
		if _, err := h.notifier.AddWebhook(t.Context(), seller.PublicKey(), bad, nil); orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
	if _, err := h.notifier.AddWebhook(t.Context(), seller.PublicKey(), "https://localhost:"+port+"/", nil); err != nil {
		t.Fatal(err)
	}
	h.say(buyer, seller, intent("A-1"))
	h.say(buyer, seller, verb(orders.Paid, "A-1"))
	got := h.told()
	if len(got) != 3 {
		t.Fatalf("got %+v", got)
	}
	for _, n := range got {
		want := "forbidden-address"
		if n.Reader == "" {
			want = ""
		}
		if n.LastError != want {
			t.Errorf("got %+v", n)
		}
	}
	if got := rec.types(t); !slices.Equal(got, []string{"created"}) {
		t.Errorf("the operator's: %v", got)
	}
}

// A webhook's URL and secrets do not lie in the ledger in clear; it is its owner's.
func TestWebhookIsItsOwners(t *testing.T) {
	h, buyer, seller, hook := hooked(t, "https://shop.example/hook?token=hidden", "order.shipped")
	row, _, err := h.ledger.Webhook(t.Context(), hook.ID)
	if err != nil || strings.Contains(row.Sealed, "hidden") || strings.Contains(row.Sealed, hook.Secret) {
		t.Errorf("got %+v, %v", row, err)
	}
	stranger := buyer.PublicKey()
	for name, err := range map[string]error{
		"rotate": func() error { _, err := h.notifier.RotateWebhook(t.Context(), stranger, hook.ID); return err }(),
		"enable": h.notifier.EnableWebhook(t.Context(), stranger, hook.ID),
		"remove": h.notifier.RemoveWebhook(t.Context(), stranger, hook.ID),
	} {
		if orders.ErrorCode(err) != orders.ENOTFOUND {
			t.Errorf("%s by a stranger: %v", name, err)
		}
	}
	another, err := h.notifier.RotateWebhook(t.Context(), seller.PublicKey(), hook.ID)
	if err != nil || another.Secret == hook.Secret || another.Secret == "" {
		t.Errorf("got %+v, %v", another, err)
	}
	if row, _, err = h.ledger.Webhook(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	to, err := h.notifier.openTarget(row)
	if err != nil || !slices.Equal(to.secrets(time.Now()), []string{another.Secret, hook.Secret}) || !slices.Equal(to.secrets(time.Now().Add(25*time.Hour)), []string{another.Secret}) {
		t.Errorf("the secrets are not as they should, %v", err)
	}
	if err := h.notifier.RemoveWebhook(t.Context(), seller.PublicKey(), hook.ID); err != nil {
		t.Error(err)
	}
}
