package main

import (
	"cmp"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// complete fills in what follows from the rest, and checks the whole. Its errors begin
// with the key that they are about (inFile).
func (c *config) complete() error {
	file := func(name string) string { return filepath.Join(c.DataDir, name) }
	c.Keys.MasterFile = cmp.Or(c.Keys.MasterFile, masterCredential(), file("master.key"))
	c.Keys.IdentityFile = cmp.Or(c.Keys.IdentityFile, file("identity.key"))
	c.Ledger.URL = cmp.Or(c.Ledger.URL, file("waybill.db"))
	if err := c.Redis.readURLFile(); err != nil {
		return err
	}
	port, err := checkAddress("relay.listen", c.Relay.Listen)
	if err != nil {
		return err
	}
	if len(c.Relay.PublicURLs) == 0 && port != "0" { // port 0 is known once it listens
		c.Relay.PublicURLs = localURLs(port)
	}
	for _, u := range c.Relay.PublicURLs {
		if !isRelayURL(u) {
			return fmt.Errorf("relay.public_urls: %q is no ws:// or wss:// URL", u)
		}
	}
	if strings.Contains(c.Ledger.URL, "://") {
		return fmt.Errorf("ledger.url: %q: only a path to a SQLite file is supported", c.Ledger.URL)
	}
	if !slices.Contains([]string{"participants", "anyone"}, c.Relay.Accept) {
		return fmt.Errorf(`relay.accept: %q is neither "participants" nor "anyone"`, c.Relay.Accept)
	}
	for name, n := range map[string]int{"relay.inbox_quota": c.Relay.InboxQuota, "relay.max_limit": c.Relay.MaxLimit} {
		if n <= 0 {
			return fmt.Errorf("%s: must be above 0", name)
		}
	}
	for _, k := range c.Relay.Kinds {
		if k < 0 || k >= 40000 || k >= 20000 && k < 30000 || slices.Contains([]int{4, 13, 14, 15, 1059}, k) {
			return fmt.Errorf("relay.kinds: kind %d cannot be taken", k)
		}
	}
	if c.Relay.Operator != "" {
		if c.Relay.Operator, err = publicKey(c.Relay.Operator); err != nil {
			return fmt.Errorf("relay.operator: %w", err)
		}
	}
	for i, a := range c.Admins {
		if c.Admins[i], err = publicKey(a); err != nil {
			return fmt.Errorf("admins: %w", err)
		}
	}
	for _, check := range []func() error{
		c.Relay.check, c.Limits.check, c.Redis.check, c.Keys.check, c.Participants.check, c.Notices.check, c.checkLog,
		func() error { return c.Admin.check(c.Relay.Listen) }, func() error { return c.Metrics.check(c.Relay.Listen) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// isRelayURL reports whether u is a ws:// or wss:// URL with a host.
func isRelayURL(u string) bool {
	p, err := url.Parse(u)
	return err == nil && p.Host != "" && (p.Scheme == "ws" || p.Scheme == "wss")
}

func localURLs(port string) []string {
	return []string{"ws://127.0.0.1:" + port, "ws://localhost:" + port}
}

// relays are the relays that a client command speaks to: those named, else ours.
func (c *config) relays(named []string) ([]string, error) {
	switch {
	case len(named) > 0:
		return named, nil
	case len(c.Relay.PublicURLs) == 0:
		return nil, orders.Errorf(orders.EINVALID, "--relay is needed: relay.listen does not say the port")
	}
	return c.Relay.PublicURLs[:1], nil
}

func (c *config) checkLog() error {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		return fmt.Errorf("log.level: %q is none of debug, info, warn, error", c.Log.Level)
	}
	if !slices.Contains([]string{"auto", "human", "json"}, c.Log.Format) {
		return fmt.Errorf("log.format: %q is none of auto, human, json", c.Log.Format)
	}
	return nil
}
