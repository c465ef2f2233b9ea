package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
)

// A mail server that answers, one that does not let the relay in, one that is away, and
// a password that is not there; no mail is ever begun.
func TestDoctorOnMail(t *testing.T) {
	var refuse atomic.Bool
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		if refuse.Load() {
			return nil, &smtp.SMTPError{Code: 554, EnhancedCode: smtp.NoEnhancedCode, Message: "not you"}
		}
		return silentSession{t: t}, nil
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	at := func(addr string) (c config) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		c.Notices.Email = mailConfig{Host: "127.0.0.1", From: "orders@relay.example", TLS: "none"}
		if _, err := fmt.Sscan(port, &c.Notices.Email.Port); err != nil {
			t.Fatal(err)
		}
		return c
	}
	open := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(open, []byte("geheim"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		refuse bool
		change func(*config)
		want   []string // level and a part of the text, of each finding
	}{
		{"no mail goes out", false, func(c *config) { c.Notices.Email = mailConfig{} }, nil},
		{"it answers", false, nil, []string{"ok: lets this relay in"}},
		{"it refuses", true, nil, []string{"warning: does not let this relay in (smtp-554)"}},
		{"nobody is there", false, func(c *config) { *c = at(unused(t)) }, []string{"warning: does not let this relay in (mail-server)"}},
		{"no password", false, func(c *config) { c.Notices.Email.PasswordFile = open + "x" }, []string{"problem: notices.email.password_file: no such file"}},
		{"an open password", false, func(c *config) { c.Notices.Email.PasswordFile = open },
			[]string{"problem: password may be read or written by everybody", "ok: lets this relay in"}},
		{"an open webhook", false, func(c *config) { c.Webhooks = []webhookConfig{{URL: "https://x.example", SecretFile: open}} },
			[]string{"problem: password may be read or written by everybody", "problem: webhooks 1: secret_file", "ok: lets this relay in"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refuse.Store(tt.refuse)
			d := doctor{cfg: at(l.Addr().String())}
			if tt.change != nil {
				tt.change(&d.cfg)
			}
			d.checkNotices(t.Context())
			if len(d.findings) != len(tt.want) {
				t.Fatalf("got %+v, want %q", d.findings, tt.want)
			}
			for i, f := range d.findings {
				level, text, _ := strings.Cut(tt.want[i], ": ")
				text = strings.Replace(text, "password may", open+" may", 1)
				if string(f.Level) != level || !strings.Contains(f.Text, text) || (f.Do == "") != (f.Level == levelOK) {
					t.Errorf("got %+v, want %s", f, tt.want[i])
				}
				if strings.Contains(f.Text+f.Do, "geheim") {
					t.Errorf("a secret is printed: %+v", f)
				}
			}
		})
	}
}

// silentSession is one in which no mail may begin.
type silentSession struct {
	smtp.Session
	t *testing.T
}

func (s silentSession) Mail(string, *smtp.MailOptions) error {
	s.t.Error("a mail was begun")
	return nil
}

func (silentSession) Reset()        {}
func (silentSession) Logout() error { return nil }
