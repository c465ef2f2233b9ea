package notify

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func TestMail(t *testing.T) {
	for _, security := range []TLS{STARTTLS, Implicit, Plain} {
		t.Run(string(security), func(t *testing.T) {
			o := newPostOffice(t, security)
			h, buyer, seller := mailed(t, o)
			h.say(buyer, seller, intent("A-1"))
			n := h.told()
			mails := o.mails()
			if len(mails) != 1 || len(n) != 1 || n[0].State != ledger.NoticeSent {
				t.Fatalf("%d mails, notices %+v", len(mails), n)
			}
			m := mails[0]
			if m.to != "seller@shop.example" || !strings.Contains(m.text, "There is a new order, A-1.") || !strings.Contains(m.text, "notices email off") {
				t.Errorf("got %+v", m)
			}
			for header, want := range map[string]string{
				"Subject": "Order A-1: new", "Auto-Submitted": "auto-generated", "Message-Id": "<" + h.notifier.messageID(&n[0]) + "@relay.example>",
			} {
				if got := m.headers.Get(header); got != want {
					t.Errorf("%s: got %q, want %q", header, got, want)
				}
			}
			for _, private := range []string{"Porto", buyer.PublicKey(), "Blue mug"} {
				if strings.Contains(m.text, private) {
					t.Errorf("%q tells %q", m.text, private)
				}
			}
		})
	}
}

// A server that says no for now is asked again, one that says no is not, and one that
// is not there holds up all that goes by it and nothing else.
func TestMailFails(t *testing.T) {
	refuse := func(code int) func() error {
		return func() error { return &smtp.SMTPError{Code: code, Message: "no, seller@shop.example"} }
	}
	for name, tt := range map[string]struct {
		answers []func() error
		state   ledger.NoticeState
		tries   int
		code    string
	}{
		"later":        {[]func() error{refuse(451), refuse(421)}, ledger.NoticeSent, 3, ""},
		"no":           {[]func() error{refuse(550)}, ledger.NoticeFailed, 1, "smtp-550"},
		"always later": {[]func() error{refuse(450), refuse(450), refuse(450), refuse(450)}, ledger.NoticeFailed, 4, "smtp-450"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newPostOffice(t, Plain)
			h, buyer, seller := mailed(t, o)
			o.mu.Lock()
			o.answers = tt.answers
			o.mu.Unlock()
			h.say(buyer, seller, intent("A-1"))
			got := h.told()
			if len(got) != 1 || got[0].State != tt.state || got[0].Attempts != tt.tries || got[0].LastError != tt.code {
				t.Errorf("got %+v", got)
			}
		})
	}
	t.Run("not there", func(t *testing.T) {
		o := newPostOffice(t, Plain)
		h, buyer, seller := mailed(t, o)
		o.config.Port = 1 // nobody answers there; a port that is given back may soon be somebody's
		h.waits = []time.Duration{time.Hour}
		h.restart()
		h.say(buyer, seller, intent("A-1"))
		eventually(t, "a try", func() bool { ns := h.notices(); return len(ns) == 1 && ns[0].Attempts == 1 })
		if n := h.notices()[0]; n.LastError != "mail-server" || n.State != ledger.NoticeDue {
			t.Errorf("got %+v", n)
		}
	})
}

// A server that takes its time delays nobody's direct messages, nor the next decision.
func TestSlowMail(t *testing.T) {
	held := make(chan struct{})
	o := newPostOffice(t, Plain)
	h, buyer, seller := mailed(t, o)
	o.mu.Lock()
	o.answers = []func() error{func() error { <-held; return nil }}
	o.mu.Unlock()
	h.change = func(c *Config) { c.Mail = &o.config }
	h.restart()
	for _, id := range []string{"A-1", "A-2", "A-3"} {
		h.say(buyer, seller, intent(id))
	}
	eventually(t, "the direct messages", func() bool { return len(h.inbox(seller)) == 3 })
	if n := len(o.mails()); n != 0 {
		t.Errorf("%d mails went by", n)
	}
	close(held)
	h.told()
	if n := len(o.mails()); n != 3 {
		t.Errorf("%d mails, want 3", n)
	}
}

// An address is used once its owner has sent back what came to it, and by nobody who
// takes no part; it does not lie in the ledger in clear.
func TestConfirmation(t *testing.T) {
	o := newPostOffice(t, Plain)
	h := newHouse(t, func(c *Config) { c.Mail = &o.config })
	buyer, seller, stranger := h.person(true), h.person(true), h.person(false)
	ctx, s := t.Context(), seller.PublicKey()
	want := func(what string, err error, code orders.Code) {
		t.Helper()
		if orders.ErrorCode(err) != code {
			t.Errorf("%s: %v, want %q", what, err, code)
		}
	}
	for _, bad := range []string{"x", "a@b", "A <a@b.example>", "a@b.example\r\nBcc: c@d.example", "a@127.0.0.1", "a b@c.example"} {
		want(bad, h.notifier.SetEmail(ctx, s, bad), orders.EINVALID)
	}
	want("a stranger", h.notifier.SetEmail(ctx, stranger.PublicKey(), "a@b.example"), orders.EFORBIDDEN)
	_, err := h.notifier.ConfirmEmail(ctx, s, "12345678")
	want("no address", err, orders.ENOTFOUND)

	want("the address", h.notifier.SetEmail(ctx, s, "seller@shop.example"), "")
	code := o.code()
	h.say(buyer, seller, intent("A-1"))
	h.told()
	if n := len(o.mails()); n != 1 {
		t.Errorf("%d mails before it was confirmed, want the code", n)
	}
	_, err = h.notifier.ConfirmEmail(ctx, buyer.PublicKey(), code)
	want("somebody else's code", err, orders.ENOTFOUND)
	for range codeTries {
		_, err = h.notifier.ConfirmEmail(ctx, s, "0"+code[1:]+"x")
		want("a wrong code", err, orders.EFORBIDDEN)
	}
	_, err = h.notifier.ConfirmEmail(ctx, s, code)
	want("after too many tries", err, orders.ENOTFOUND)

	want("again", h.notifier.SetEmail(ctx, s, "seller@shop.example"), "")
	code = o.code()
	if got, err := h.notifier.Get(ctx, s); err != nil || got.Pending != "seller@shop.example" || got.Email != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	h.skew = 2 * time.Hour
	h.restart()
	_, err = h.notifier.ConfirmEmail(ctx, s, code)
	want("too late", err, orders.ENOTFOUND)
	h.skew = 0
	h.restart()
	got, err := h.notifier.ConfirmEmail(ctx, s, code)
	want("the code", err, "")
	if got != "seller@shop.example" {
		t.Errorf("got %q", got)
	}
	row, err := h.ledger.NoticeSettings(ctx, s)
	if err != nil || row.Email == "" || row.Pending != "" || strings.Contains(row.Email, "shop.example") {
		t.Errorf("got %+v, %v", row, err)
	}
	want("off", h.notifier.SetEmail(ctx, s, ""), "")
	if row, err := h.ledger.NoticeSettings(ctx, s); err != nil || row.Email != "" {
		t.Errorf("got %+v, %v", row, err)
	}
	for range codesAtOnce {
		want("one of a few", h.notifier.SetEmail(ctx, s, "victim@elsewhere.example"), "")
	}
	if err := h.notifier.SetEmail(ctx, s, "victim@elsewhere.example"); !errors.Is(err, ErrTooManyCodes) || orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("too many: %v", err)
	}
	want("too many, by somebody else", h.notifier.SetEmail(ctx, buyer.PublicKey(), "victim@elsewhere.example"), orders.EUNAVAILABLE)
}

// Check goes as far as a mail, and sends none.
func TestCheckMail(t *testing.T) {
	for _, security := range []TLS{STARTTLS, Implicit, Plain} {
		t.Run(string(security), func(t *testing.T) {
			o := newPostOffice(t, security)
			if err := o.config.Check(t.Context(), 10*time.Second); err != nil {
				t.Error(err)
			}
			if n := len(o.mails()); n != 0 {
				t.Errorf("%d mails", n)
			}
		})
	}
	served := func(greeting string) Mail {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				t.Cleanup(func() { c.Close() })
				_, _ = io.WriteString(c, greeting)
			}
		}()
		return Mail{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "orders@relay.example", TLS: Plain}
	}
	stranger := newPostOffice(t, STARTTLS).config
	stranger.Password = "another"
	distrusted := newPostOffice(t, STARTTLS).config
	distrusted.Roots = nil
	for name, tt := range map[string]struct {
		mail   Mail
		within time.Duration
		want   string
	}{
		"a wrong password":  {stranger, 10 * time.Second, "smtp-535"},
		"an unknown issuer": {distrusted, 10 * time.Second, "mail-server"},
		"a refusal":         {served("554 not you\r\n"), 10 * time.Second, "smtp-554"},
		"silence":           {served(""), 50 * time.Millisecond, "timeout"},
		"no TLS":            {Mail{Host: "127.0.0.1", Port: newPostOffice(t, Plain).config.Port, From: "a@b.example", TLS: STARTTLS}, 10 * time.Second, "mail-server"},
		"nobody":            {Mail{Host: "127.0.0.1", Port: 1, From: "a@b.example", TLS: Plain}, 10 * time.Second, "mail-server"},
	} {
		err := tt.mail.Check(t.Context(), tt.within)
		if orders.ErrorCode(err) != orders.EUNAVAILABLE || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}
