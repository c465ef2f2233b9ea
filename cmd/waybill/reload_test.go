package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"
)

func TestChangedKeys(t *testing.T) {
	a, b := defaults(), defaults()
	a.Admins = []string{} // none is none
	if got := changedKeys(a, b); got != nil {
		t.Errorf("nothing has changed: got %v", got)
	}
	b.DataDir, b.Limits.Memory, b.Limits.ExemptIPs = "/x", 1<<30, []string{"::1"}
	b.Keys.Delegated = []delegatedConfig{{Secret: "nsec1secret"}}
	b.Relay.PublicURLs = []string{"wss://x"}
	want := []string{"data_dir", "relay.public_urls", "limits.memory", "limits.exempt_ips", "keys.delegated"}
	if got := changedKeys(a, b); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Everything of a configuration that can be applied is, everything else is named,
// and what is broken changes nothing; no value is ever logged.
func TestReload(t *testing.T) {
	var log bytes.Buffer
	secret := func() (text, public string) {
		text = nostr.GeneratePrivateKey()
		public, err := nostr.GetPublicKey(text)
		if err != nil {
			t.Fatal(err)
		}
		return text, public
	}
	self, _ := secret()
	first, firstPublic := secret()
	cfg := defaults()
	cfg.Keys.Delegated = []delegatedConfig{{Secret: first}}
	cfg.Metrics.Listen = ""
	cfg.DataDir, cfg.Relay.Listen, cfg.Keys.IdentityFile = t.TempDir(), "127.0.0.1:0", filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(cfg.Keys.IdentityFile, []byte(self), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	d, err := openDaemon(t.Context(), cfg, zerolog.New(&log))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	var memory []size
	d.limited = append(d.limited, func(c config) error { memory = append(memory, c.Limits.Memory); return nil })
	one, onePublic := secret()
	two, twoPublic := secret()
	next := d.loaded
	reload := func(change func(*config)) string {
		change(&next)
		err := next.complete()
		d.load = func() (config, error) { return next, err }
		log.Reset()
		d.reload()
		for _, s := range []string{one, two} {
			if strings.Contains(log.String(), s) {
				t.Errorf("a secret is in the log: %s", log.String())
			}
		}
		return log.String()
	}

	said := reload(func(c *config) {
		c.Keys.Delegated = []delegatedConfig{{Secret: one}}
		c.Limits.Memory, c.Admin.MaxLag = 1<<30, duration(time.Minute)
		c.Relay.Listen = "127.0.0.1:1"
	})
	if d.keyring.Holds(firstPublic) || strings.Contains(fmt.Sprintf("%+v", []config{d.cfg, d.loaded}), first) {
		t.Error("a key that was taken out is still there")
	}
	if !d.keyring.Holds(onePublic) || !slices.Equal(memory, []size{1 << 30}) || d.maxLag.Load() != int64(time.Minute) {
		t.Errorf("not applied: %v, %v, %v", d.keyring.Holds(onePublic), memory, time.Duration(d.maxLag.Load()))
	}
	for _, part := range []string{`"changed":["keys.delegated","limits.memory","admin.max_lag"]`, `"keys":["relay.listen"`} {
		if !strings.Contains(said, part) {
			t.Errorf("the log lacks %s: %s", part, said)
		}
	}

	said = reload(func(c *config) { c.Keys.Delegated = []delegatedConfig{{Secret: two}} })
	if d.keyring.Holds(onePublic) || !d.keyring.Holds(twoPublic) || len(memory) != 1 {
		t.Errorf("one key for another: %v, %v; limits set %d times", d.keyring.Holds(onePublic), d.keyring.Holds(twoPublic), len(memory))
	}
	if !strings.Contains(said, `"keys":["relay.listen"`) {
		t.Errorf("what still needs a restart is not said again: %s", said)
	}

	for name, list := range map[string][]delegatedConfig{
		"no secret":        {{Secret: one}, {Secret: "nsec1broken"}},
		"twice":            {{Secret: one}, {Secret: one}},
		"the relay's own":  {{Secret: self}},
		"no file":          {{SecretFile: "/nowhere"}},
		"two ways to read": {{Secret: one, SecretFile: "/nowhere"}},
	} {
		said = reload(func(c *config) { c.Keys.Delegated = list })
		if !strings.Contains(said, "was not reloaded") || strings.Contains(said, "nsec1broken") || strings.Contains(said, self) {
			t.Errorf("%s: the log says %s", name, said)
		}
		if d.keyring.Holds(onePublic) || !d.keyring.Holds(twoPublic) || !d.keyring.Holds(d.identity.PublicKey()) {
			t.Errorf("%s: a broken list has changed the keys", name)
		}
	}

	d.load = func() (config, error) { return config{}, errors.New("config: line 3") }
	log.Reset()
	d.reload()
	if !strings.Contains(log.String(), "line 3") || !d.keyring.Holds(twoPublic) {
		t.Errorf("a broken file: %s", log.String())
	}
}
