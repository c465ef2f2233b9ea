package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/relay/notify"
)

// noticesConfig is how participants are told of their orders.
type noticesConfig struct {
	DM       bool       `toml:"dm" env:"DM"`
	Outgoing bool       `toml:"outgoing" env:"OUTGOING"`
	Private  bool       `toml:"private" env:"PRIVATE"`
	Email    mailConfig `toml:"email" envPrefix:"EMAIL_"`
}

type mailConfig struct {
	Host         string `toml:"host" env:"HOST"`
	Port         int    `toml:"port" env:"PORT"`
	User         string `toml:"user" env:"USER"`
	PasswordFile string `toml:"password_file" env:"PASSWORD_FILE"`
	From         string `toml:"from" env:"FROM"`
	TLS          string `toml:"tls" env:"TLS"`
}

// webhookConfig is a webhook of the operator's.
type webhookConfig struct {
	URL        string   `toml:"url" env:"URL"`
	SecretFile string   `toml:"secret_file" env:"SECRET_FILE"`
	Events     []string `toml:"events" env:"EVENTS"`
}

func (c *noticesConfig) check() error {
	m := c.Email
	if !slices.Contains([]notify.TLS{notify.STARTTLS, notify.Implicit, notify.Plain}, notify.TLS(m.TLS)) {
		return fmt.Errorf("notices.email.tls: %q is none of starttls, implicit, none", m.TLS)
	}
	if m.Host == "" {
		if m.User != "" || m.PasswordFile != "" || m.From != "" {
			return errors.New("notices.email: host is empty, without which no mail goes out")
		}
		return nil
	}
	if m.Port <= 0 || m.Port > 65535 {
		return fmt.Errorf("notices.email.port: %d is no port", m.Port)
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		return errors.New("notices.email.from: an address is needed that mails come from")
	}
	if (m.User == "") != (m.PasswordFile == "") {
		return errors.New("notices.email: user and password_file belong together")
	}
	if m.User != "" && notify.TLS(m.TLS) == notify.Plain {
		return errors.New("notices.email.tls: with none the password would go out in clear")
	}
	return nil
}

// mail is the mail server, nil for none.
func (c *mailConfig) mail() (*notify.Mail, error) {
	if c.Host == "" {
		return nil, nil
	}
	m := &notify.Mail{Host: c.Host, Port: c.Port, User: c.User, From: c.From, TLS: notify.TLS(c.TLS)}
	if c.PasswordFile != "" {
		lines, err := secretLines(c.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("notices.email.password_file: %w", err)
		}
		m.Password = lines[0]
	}
	return m, nil
}

// webhooks are the operator's own.
func (c *config) webhooks() (hooks []notify.Hook, err error) {
	seen := map[string]bool{}
	for i, w := range c.Webhooks {
		fail := func(err error) error { return fmt.Errorf("webhooks %d: %w", i+1, err) }
		h := notify.Hook{}
		if h.URL, err = notify.ParseHookURL(w.URL, true); err != nil {
			return nil, fail(err)
		}
		if seen[h.URL] {
			return nil, fail(errors.New("this URL stands there twice"))
		}
		seen[h.URL] = true
		if h.Events, err = notify.ParseChoice(strings.Join(w.Events, ",")); err != nil {
			return nil, fail(err)
		}
		if h.Secrets, err = secretLines(w.SecretFile); err != nil {
			return nil, fail(fmt.Errorf("secret_file: %w", err))
		}
		if len(h.Secrets) > 2 {
			return nil, fail(errors.New("secret_file: more than two secrets"))
		}
		for _, s := range h.Secrets {
			if _, err := notify.ParseSecret(s); err != nil {
				return nil, fail(fmt.Errorf("secret_file: %w", err))
			}
		}
		hooks = append(hooks, h)
	}
	return hooks, nil
}

// secretLines are the lines of a file, at least one. The error does not name the
// file: somebody may have written the secret itself there.
func secretLines(path string) ([]string, error) {
	if path == "" {
		return nil, errors.New("it is missing")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		var named *fs.PathError
		if errors.As(err, &named) {
			err = named.Err
		}
		return nil, err
	}
	lines := strings.Fields(string(text))
	if len(lines) == 0 {
		return nil, errors.New("the file is empty")
	}
	return lines, nil
}
