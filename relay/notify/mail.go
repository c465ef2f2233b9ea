package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Mail is the server by which e-mail goes out.
type Mail struct {
	Host     string
	Port     int
	User     string // "" for none
	Password string
	From     string // an address, with or without a name
	TLS      TLS
	Roots    *tls.Config // nil: the system's; for tests
}

// TLS is how the connection to the mail server is secured.
type TLS string

// STARTTLS and Implicit refuse a server that cannot. Plain is for one on this machine,
// and without a user: no password goes out in clear.
const (
	STARTTLS TLS = "starttls"
	Implicit TLS = "implicit"
	Plain    TLS = "none"
)

// mailWithin bounds one mail, from the connection to the server's last answer.
const mailWithin = 30 * time.Second

// A letter is one e-mail.
type letter struct {
	to, subject, text string
	id                string // the same for every try to send it; "" makes one
}

// send hands the letter to the server.
func (m *Mail) send(ctx context.Context, l letter) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.From), msg.To(l.to)); err != nil {
		return err
	}
	msg.Subject(l.subject)
	msg.SetBodyString(gomail.TypeTextPlain, l.text)
	// So that no absence notice answers, and no list of either's takes it on.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if l.id != "" {
		msg.SetMessageIDWithValue(l.id + "@" + m.domain())
	}
	client, err := m.client(mailWithin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	return client.DialAndSendWithContext(ctx, msg)
}

// Check goes as far as a mail would, through TLS and the sign-in, sends none, and
// leaves again, all of it within the time. The error (EUNAVAILABLE) is a code, which
// names neither the server nor the user.
func (m *Mail) Check(ctx context.Context, within time.Duration) error {
	client, err := m.client(within)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		code := mailResult(err).code
		var answer *textproto.Error // of a greeting, or a sign-in
		if errors.As(err, &answer) {
			code = fmt.Sprint("smtp-", answer.Code)
		}
		return orders.Errorf(orders.EUNAVAILABLE, "%s", code)
	}
	_ = client.Close() // whoever was let in has seen enough
	return nil
}

// client is one for this server, which does everything within the time.
func (m *Mail) client(within time.Duration) (*gomail.Client, error) {
	opts := []gomail.Option{gomail.WithPort(m.Port), gomail.WithTimeout(within), gomail.WithHELO(m.domain()), gomail.WithoutNoop()}
	switch m.TLS {
	case Implicit:
		opts = append(opts, gomail.WithSSL())
	case Plain:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if m.Roots != nil {
		config := m.Roots.Clone()
		config.ServerName = m.Host
		opts = append(opts, gomail.WithTLSConfig(config))
	}
	if m.User != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.User), gomail.WithPassword(m.Password))
	}
	return gomail.NewClient(m.Host, opts...)
}

// domain is the sender's, under which the relay introduces itself.
func (m *Mail) domain() string {
	if a, err := mail.ParseAddress(m.From); err == nil {
		if _, domain, ok := strings.Cut(a.Address, "@"); ok {
			return domain
		}
	}
	return "localhost"
}

// mailResult reads what the server, or the way to it, said.
func mailResult(err error) result {
	if err == nil {
		return result{}
	}
	var refused *gomail.SendError
	var network net.Error
	switch {
	case errors.As(err, &refused) && refused.ErrorCode() >= 500:
		return result{code: fmt.Sprint("smtp-", refused.ErrorCode()), final: true}
	case errors.As(err, &refused) && refused.ErrorCode() >= 400:
		return result{code: fmt.Sprint("smtp-", refused.ErrorCode())}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return result{code: "timeout", lane: true}
	}
	// Not reached, no TLS, not let in: what comes next would fail alike.
	return result{code: "mail-server", lane: true}
}

// sendMail sends a notice as an e-mail.
func (n *Notifier) sendMail(ctx context.Context, notice *ledger.Notice, news *News) result {
	if r, ok := n.stillWanted(ctx, notice, news); !ok {
		return r
	}
	s, err := n.ledger.NoticeSettings(ctx, notice.Reader)
	if err != nil {
		return result{code: "not-read"}
	}
	address, err := n.cfg.Master.OpenText(s.Email, sealedEmail, notice.Reader)
	if err != nil {
		return result{code: "address-sealed", final: true} // under another master key
	}
	return mailResult(n.cfg.Mail.send(ctx, letter{
		to: address, subject: news.subject(), id: n.messageID(notice),
		text: news.sentence() + "\n\n" + n.why(),
	}))
}

// why tells the reader of a mail where it comes from and how to be rid of it.
func (n *Notifier) why() string {
	return fmt.Sprintf("You get this from %s, a Nostr relay that keeps track of your orders, because you asked for it.\n"+
		"To stop it, send the relay this direct message: notices email off\nIts key: %s\n", n.cfg.Name, orders.Npub(n.cfg.Self.PublicKey()))
}

// ParseAddress reads an e-mail address, without a name. EINVALID.
func ParseAddress(text string) (string, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text || len(text) > 254 || strings.ContainsAny(text, "\r\n\t ") {
		return "", orders.Errorf(orders.EINVALID, "this is no e-mail address")
	}
	_, domain, _ := strings.Cut(text, "@")
	if !strings.Contains(domain, ".") || net.ParseIP(strings.Trim(domain, "[]")) != nil {
		return "", orders.Errorf(orders.EINVALID, "this is no e-mail address")
	}
	return text, nil
}
