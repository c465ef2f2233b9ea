package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/notify"
)

// asks sends the relay a direct message, and returns the answer to it: the first
// message of the relay's own that begins like that.
func (m *market) asks(who *nip17.SecretSigner, text, begins string) string {
	m.t.Helper()
	m.writes(who, text, time.Now())
	return m.hears(who, begins)
}

// writes sends the relay a direct message that says that it was written at that time.
func (m *market) writes(who *nip17.SecretSigner, text string, at time.Time) {
	m.t.Helper()
	rumor := nostr.Event{Kind: nostr.KindDirectMessage, CreatedAt: nostr.Timestamp(at.Unix()), Content: text, Tags: nostr.Tags{{"p", m.identity.PublicKey()}}}
	if _, err := m.client.Publish(m.t.Context(), who, rumor, ""); err != nil {
		m.t.Fatal(err)
	}
}

// hears waits for a message of the relay's own that begins like that, and returns it.
func (m *market) hears(who *nip17.SecretSigner, begins string) string {
	m.t.Helper()
	self := m.identity.PublicKey()
	keyring, err := nip17.NewKeyring(nip17test.ReadingKey(m.t, who))
	if err != nil {
		m.t.Fatal(err)
	}
	answer := ""
	m.eventually("the relay says "+begins, func() bool {
		filter := nostr.Filter{Kinds: []int{1059}, Tags: nostr.TagMap{"p": {who.PublicKey()}}, Limit: 500}
		for wrap, err := range m.ledger.Query(m.t.Context(), filter, who.PublicKey(), 500) {
			if err != nil {
				m.t.Fatal(err)
			}
			msg, err := nip17.Open(m.t.Context(), wrap, keyring)
			if err == nil && msg.Rumor.PubKey == self && strings.HasPrefix(msg.Rumor.Content, begins) {
				answer = msg.Rumor.Content
				return true
			}
		}
		return false
	})
	return answer
}

func (m *market) eventually(what string, ok func() bool) {
	m.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			m.t.Fatalf("%s: not within thirty seconds", what)
		}
	}
}

// A running daemon tells the parties and the operator, does what it is asked in
// messages, and shows the operator what became of it.
func TestNotices(t *testing.T) {
	t.Parallel()
	var taken atomic.Int64
	refuse := atomic.Bool{}
	refuse.Store(true)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if refuse.Load() {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		taken.Add(1)
	}))
	defer shop.Close()
	secret := filepath.Join(t.TempDir(), "webhook.secret")
	if err := os.WriteFile(secret, []byte(notify.NewSecret()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := newMarket(t, func(c *config) {
		c.Webhooks = []webhookConfig{{URL: shop.URL, SecretFile: secret, Events: []string{"order.created"}}}
		c.Metrics.Listen = "127.0.0.1:0"
	})
	m.asks(m.buyer, "notices only shipped", "Direct messages: on")
	m.says(m.buyer, intentOf("A-1"), time.Now())
	m.says(m.seller, orders.Draft{Verb: orders.Request, OrderID: "A-1", Private: orders.Private{PaymentLink: "lnurl1dp68gurn8ghj7"}}, time.Now())
	m.says(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: "A-1"}, time.Now())
	dir := m.cfg.DataDir
	var out string
	m.eventually("three notices", func() bool {
		out = mustCLI(t, dir, "notices", "list")
		return strings.Count(out, " sent ") == 2 && strings.Count(out, " failed ") == 1
	})
	for _, want := range []string{"order.created", "order.shipped", "the operator", "webhook", "http-404", orders.Npub(m.buyer.PublicKey())} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "payment_requested") {
		t.Errorf("the buyer is told what he does not want:\n%s", out)
	}
	if got := m.asks(m.buyer, "notices list", "Your last notices:"); !strings.Contains(got, "A-1: shipped, by dm: sent") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
	m.overHTTP()
	out = mustCLI(t, dir, "notices", "webhooks")
	id := regexp.MustCompile(`whe_[0-9a-f]+`).FindString(out)
	if id == "" {
		t.Errorf("no webhook in:\n%s", out)
	}
	mustCLI(t, dir, "notices", "enable", id)
	if _, err := cli(t, dir, "notices", "enable", "whe_0"); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("no such webhook: %v", err)
	}
	refuse.Store(false)
	if out := mustCLI(t, dir, "notices", "retry", "--failed"); !strings.Contains(out, "1 notices are due again") {
		t.Errorf("got %q", out)
	}
	m.eventually("the webhook", func() bool { return taken.Load() == 1 })
	shows(t, m.daemon, map[string]float64{
		`notifications_sent_total{channel="dm",result="sent"}`: 2, `notifications_sent_total{channel="webhook",result="failed"}`: 1,
		`notifications_sent_total{channel="webhook",result="sent"}`: 1,
		`webhook_deliveries_total{code_class="4xx"}`:                1, `webhook_deliveries_total{code_class="2xx"}`: 1,
	})
	for _, args := range [][]string{{"retry"}, {"retry", "x"}, {"retry", "--failed", "1"}, {"list", "--state", "lost"}, {"list", "--reader", "me"}} {
		if _, err := cli(t, dir, append([]string{"notices"}, args...)...); orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := cli(t, dir, "notices", "retry", "999"); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("no such notice: %v", err)
	}
	if _, err := notify.ParseSecret(strings.TrimSpace(mustCLI(t, dir, "notices", "secret"))); err != nil {
		t.Error(err)
	}
}

// overHTTP has the buyer see and say the same by the API as by messages.
func (m *market) overHTTP() {
	m.t.Helper()
	for _, tt := range []struct {
		who                *nip17.SecretSigner
		method, path, body string
		status             int
		want               string
	}{
		{m.buyer, "GET", "/api/v1/notices", "", 200, `"orderId":"A-1","event":"order.shipped","channel":"dm","state":"sent"`},
		{m.seller, "GET", "/api/v1/notices", "", 200, `"orderId":"A-1","event":"order.created","channel":"dm"`},
		{m.buyer, "GET", "/api/v1/notices/settings", "", 200, `{"dm":"default","events":["order.shipped"]}`},
		{m.buyer, "PUT", "/api/v1/notices/settings", `{"dm":"on","events":["delivered"]}`, 200, `{"dm":"on","events":["order.delivered"]}`},
		{m.buyer, "PUT", "/api/v1/notices/email", `{"address":"a@b.example"}`, 503, "sends no e-mail"},
		{m.buyer, "POST", "/api/v1/webhooks", `{"url":"http://127.0.0.1/"}`, 422, `"field":"url"`},
		{m.buyer, "POST", "/api/v1/webhooks", `{"url":"https://shop.example/"}`, 201, `"secret":"whsec_`},
	} {
		resp := m.over(tt.who, tt.method, tt.path, tt.body)
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != tt.status || !strings.Contains(string(text), tt.want) {
			m.t.Errorf("%s %s: got %s %s, %v", tt.method, tt.path, resp.Status, text, err)
		}
	}
	m.asks(m.buyer, "notices", "Direct messages: on.\nE-mail: off.\nOf: delivered.")
	m.asks(m.buyer, "webhook list", "Your webhooks:")
}

func intentOf(id string) orders.Draft {
	total := int64(100)
	return orders.Draft{Verb: orders.Intent, OrderID: id, Public: orders.Public{Amount: &total,
		Products: []orders.Product{{ProductID: "mug", Title: "Mug", Quantity: 1}}}}
}

func TestNoticesConfig(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := notify.NewSecret()
	for name, tt := range map[string]struct {
		w    webhookConfig
		want string
	}{
		"good":         {webhookConfig{URL: "http://127.0.0.1:1/x", SecretFile: file(good + "\n" + notify.NewSecret())}, ""},
		"no URL":       {webhookConfig{URL: "nsec1secret", SecretFile: file(good)}, "webhooks 1: "},
		"no file":      {webhookConfig{URL: "https://x.example"}, "webhooks 1: secret_file: it is missing"},
		"pasted":       {webhookConfig{URL: "https://x.example", SecretFile: "nsec1secret"}, "webhooks 1: secret_file: no such file"},
		"empty":        {webhookConfig{URL: "https://x.example", SecretFile: file("\n")}, "the file is empty"},
		"no secret":    {webhookConfig{URL: "https://x.example", SecretFile: file("nsec1secret")}, "a webhook's secret is"},
		"three":        {webhookConfig{URL: "https://x.example", SecretFile: file(good + " " + good + " " + good)}, "more than two"},
		"no such news": {webhookConfig{URL: "https://x.example", SecretFile: file(good), Events: []string{"order.eaten"}}, "is no event"},
	} {
		c := config{Webhooks: []webhookConfig{tt.w}}
		_, err := c.webhooks()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "nsec1secret") {
			t.Errorf("%s: a secret is in the error: %v", name, err)
		}
	}
	c := config{Webhooks: []webhookConfig{{URL: "https://x.example", SecretFile: file(good)}, {URL: "https://x.example", SecretFile: file(good)}}}
	if _, err := c.webhooks(); err == nil || !strings.Contains(err.Error(), "webhooks 2: ") {
		t.Errorf("twice the same: %v", err)
	}
}
