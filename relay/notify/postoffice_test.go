package notify

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/waybill-relay/waybill/nip17"
)

// A postOffice is a real SMTP server on loopback. It answers DATA as it is told, and
// takes everything in the end.
type postOffice struct {
	t       *testing.T
	config  Mail
	mu      sync.Mutex
	got     []sentMail
	answers []func() error
}

type sentMail struct {
	to      string
	headers mail.Header
	text    string
}

func newPostOffice(t *testing.T, security TLS, answers ...func() error) *postOffice {
	t.Helper()
	o := &postOffice{t: t, answers: answers}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.config = Mail{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "relay", Password: "pass word",
		From: "Waybill <orders@relay.example>", TLS: security,
	}
	s := smtp.NewServer(o)
	s.Domain = "mail.example"
	if security == Plain {
		o.config.User = "" // a password does not go out in clear
	} else {
		cert, roots := certificate(t)
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		o.config.Roots = &tls.Config{RootCAs: roots}
	}
	if security == Implicit {
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return o
}

// certificate is one for 127.0.0.1, and who vouches for it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &smtpSession{office: o}, nil
}

func (o *postOffice) mails() []sentMail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.got)
}

type smtpSession struct {
	office *postOffice
	in     bool
	to     string
}

func (s *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *smtpSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "relay" || password != "pass word" {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.office.config.User != "" && !s.in || from != "orders@relay.example" {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }

func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	o := s.office
	o.mu.Lock()
	var answer func() error
	if len(o.answers) > 0 {
		answer, o.answers = o.answers[0], o.answers[1:]
	}
	o.mu.Unlock()
	if answer != nil {
		if err := answer(); err != nil {
			return err
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		o.t.Error(err)
		return err
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, sentMail{s.to, m.Header, strings.ReplaceAll(string(text), "=\r\n", "")})
	return nil
}

func (s *smtpSession) Reset() {}

func (s *smtpSession) Logout() error { return nil }

// mailed is a house whose seller has confirmed an address.
func mailed(t *testing.T, o *postOffice) (h *house, buyer, seller *nip17.SecretSigner) {
	t.Helper()
	h = newHouse(t, func(c *Config) { c.DM, c.Mail = false, &o.config })
	buyer, seller = h.person(true), h.person(true)
	s := seller.PublicKey()
	if err := h.notifier.SetEmail(t.Context(), s, "seller@shop.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.notifier.ConfirmEmail(t.Context(), s, o.code()); err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	o.got = nil
	o.mu.Unlock()
	return h, buyer, seller
}

// code is the one in the last mail.
func (o *postOffice) code() string {
	o.t.Helper()
	mails := o.mails()
	if len(mails) == 0 {
		o.t.Fatal("no mail came")
	}
	code := regexp.MustCompile(`notices confirm (\d{8})`).FindStringSubmatch(mails[len(mails)-1].text)
	if code == nil {
		o.t.Fatalf("no code in %q", mails[len(mails)-1].text)
	}
	return code[1]
}
