package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// herald is the API in front of a real notifier on a real ledger, with a mail server
// and a shop that takes webhooks.
type herald struct {
	*house
	ledger                  *ledger.Ledger
	notifier                *notify.Notifier
	decoder                 *relay.Decoder
	buyer, seller, stranger *nip17.SecretSigner
	mails                   chan string // their texts
	shop                    *httptest.Server
	answer                  atomic.Int64 // the shop's status
	posts                   atomic.Int64
}

func newHerald(t *testing.T) *herald {
	t.Helper()
	h := &herald{buyer: newSigner(t), seller: newSigner(t), stranger: newSigner(t), mails: make(chan string, 10)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir, self := t.TempDir(), newSigner(t)
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	must(err)
	h.ledger, err = ledger.Open(t.Context(), filepath.Join(dir, "waybill.db"))
	must(err)
	keyring, err := nip17.NewKeyring(nip17test.ReadingKey(t, self), nip17test.ReadingKey(t, h.seller))
	must(err)
	sealer := nip17.NewSealer(time.Hour)
	h.decoder = relay.NewDecoder(keyring, dialect.New(), sealer, self.PublicKey(), nil, zerolog.Nop())
	h.answer.Store(http.StatusNoContent)
	h.shop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.posts.Add(1)
		w.WriteHeader(int(h.answer.Load()))
	}))
	h.notifier = notify.New(notify.Config{
		Self: self, Name: "test", Master: master, Private: true, Mail: h.mailServer(t),
		TakesPart: func(_ context.Context, key string) (bool, error) { return key != h.stranger.PublicKey(), nil },
		IsOurs:    func(string) bool { return false },
	}, h.ledger, zerolog.Nop())
	h.house = newHouse(t, func(c *Config) { c.Notices, c.Sessions = h.notifier, h.ledger })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.notifier.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		h.shop.Close()
		sealer.Close()
		if err := errors.Join(<-done, h.ledger.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// mailServer takes every mail, of nobody in particular.
func (h *herald) mailServer(t *testing.T) *notify.Mail {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return mailbox{h.mails}, nil }))
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return &notify.Mail{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "orders@relay.example", TLS: notify.Plain}
}

type mailbox struct{ texts chan string }

func (mailbox) Reset()                               {}
func (mailbox) Logout() error                        { return nil }
func (mailbox) Mail(string, *smtp.MailOptions) error { return nil }
func (mailbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (m mailbox) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	m.texts <- string(text)
	return err
}

// code is the one in the next mail.
func (h *herald) code() string {
	h.t.Helper()
	select {
	case text := <-h.mails:
		if found := regexp.MustCompile(`Your code: (\d{8})`).FindStringSubmatch(text); found != nil {
			return found[1]
		}
		h.t.Fatalf("no code in %q", text)
	case <-time.After(10 * time.Second):
		h.t.Fatal("no mail came")
	}
	return ""
}

// order has the buyer begin an order with the seller, of which he is told.
func (h *herald) order(id string) {
	h.t.Helper()
	d := intent(id)
	d.To = h.seller.PublicKey()
	rumor, err := dialect.Compose(h.buyer.PublicKey(), d, "")
	if err != nil {
		h.t.Fatal(err)
	}
	rumor.CreatedAt = nostr.Now()
	wraps, err := nip17.Wrap(h.t.Context(), h.buyer, rumor, []string{d.To})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, w := range wraps {
		a := h.decoder.Decode(h.t.Context(), &w, time.Now().UnixMilli())
		if outcome, err := h.ledger.Arrive(h.t.Context(), a); err != nil || outcome != ledger.Stored {
			h.t.Fatal(outcome, err)
		}
	}
	last, err := h.ledger.LastSeq(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.notifier.Projected(last)
}

// settled waits until the seller has that many notices, all in that state, and
// returns them.
func (h *herald) settled(count int, state ledger.NoticeState) (list []notice) {
	h.t.Helper()
	h.until(fmt.Sprint(count, " notices are ", state), func() bool {
		list = h.notices("").Data
		return len(list) == count && !slices.ContainsFunc(list, func(n notice) bool { return n.State != state })
	})
	return list
}

// until polls for ten seconds, with another token each time.
func (h *herald) until(what string, ok func() bool) {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); !ok(); h.later(2 * time.Second) {
		select {
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func (h *herald) notices(query string) (part newest[notice]) {
	h.t.Helper()
	h.got(ask{method: "GET", path: "/api/v1/notices" + query, as: h.seller}, 200, &part)
	return part
}

// got asks, wants that status, and reads the answer into v, unless it is nil.
func (h *herald) got(a ask, status int, v any) *http.Response {
	h.t.Helper()
	resp, text := h.do(a)
	if resp.StatusCode != status {
		h.t.Fatalf("%s %s: got %s %s, want %d", a.method, a.path, resp.Status, text, status)
	}
	if v == nil {
		return resp
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		h.t.Fatalf("%s %s: %v in %s", a.method, a.path, err, text)
	}
	return resp
}

// hook adds a webhook of somebody's, to the shop.
func (h *herald) hook(who *nip17.SecretSigner, events string) (w notify.Webhook) {
	h.t.Helper()
	h.got(ask{method: "POST", path: hooksPath, as: who, body: `{"url":"` + h.shop.URL + `/x","events":[` + events + `]}`}, 201, &w)
	return w
}

const (
	hooksPath    = "/api/v1/webhooks"
	settingsPath = "/api/v1/notices/settings"
	emailPath    = "/api/v1/notices/email"
)
