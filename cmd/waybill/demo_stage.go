package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// A demoStage is the folder of a demo with what is in it: a configuration, the
// keys of everybody, a log, and the relay that runs on them.
type demoStage struct {
	folder string
	log    *os.File
	cast   []*demoPerson
	daemon *daemon
}

// A demoPerson is one participant; the secret is also in the file <name>.nsec.
type demoPerson struct {
	name, about string
	says        string // what he calls himself (kind 0)
	delegates   bool   // the relay is given the key
	npub        string
	signer      *nip17.SecretSigner
}

// The names of the cast.
const (
	demoBuyer    = "buyer"
	demoCeramics = "ceramics"
	demoCoffee   = "coffee"
	demoArbiter  = "arbiter"
)

// newDemoStage makes the folder and opens the relay in it; where that fails
// nothing is left behind.
func newDemoStage(ctx context.Context, listen string) (*demoStage, error) {
	s := &demoStage{cast: []*demoPerson{
		{name: demoBuyer, says: "Ana Ribeiro", about: "hands over no key"},
		{name: demoCeramics, says: "Rio Ceramics", about: "delegated the key", delegates: true},
		{name: demoCoffee, says: "Kettle & Bean", about: "delegated the key", delegates: true},
		{name: demoArbiter, says: "Arbiter", about: "admin"},
	}}
	var err error
	if s.folder, err = os.MkdirTemp("", "waybill-demo-"); err != nil {
		return nil, err
	}
	if err := s.open(ctx, listen); err != nil {
		return nil, errors.Join(err, s.close(false))
	}
	return s, nil
}

func (s *demoStage) file(name string) string { return filepath.Join(s.folder, name) }

func (s *demoStage) person(name string) *demoPerson {
	for _, p := range s.cast {
		if p.name == name {
			return p
		}
	}
	panic("demo: nobody is called " + name)
}

func (p *demoPerson) make(path string) (err error) {
	if p.npub, err = generateKey(path); err != nil {
		return err
	}
	p.signer, err = (&keyFlags{file: path}).signer()
	return err
}

// open starts the relay from the text of the configuration file, so that the file
// says what runs. The environment has no say in a demo.
func (s *demoStage) open(ctx context.Context, listen string) (err error) {
	for _, p := range s.cast {
		if err := p.make(s.file(p.name + ".nsec")); err != nil {
			return err
		}
	}
	if s.log, err = os.OpenFile(s.file("waybill.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	if ownAddress(listen) && strings.HasSuffix(listen, ":0") {
		return orders.Errorf(orders.EINVALID, "--listen: a free port is found on 127.0.0.1 only; give one with this host")
	}
	cfg := defaults()
	if err := parseConfig([]byte(s.config(listen)), &cfg); err != nil {
		return fmt.Errorf("demo: config: %w", err)
	}
	if err := cfg.complete(); err != nil {
		return orders.Errorf(orders.EINVALID, "--listen: %w", err)
	}
	if err := s.delegate(cfg); err != nil {
		return err
	}
	log, err := newLogger(cfg.Log, s.log)
	if err != nil {
		return err
	}
	if s.daemon, err = openDaemon(ctx, cfg, log); err != nil {
		return err
	}
	// Only now is the port known for certain.
	return os.WriteFile(s.configFile(), []byte(s.config(s.daemon.listener.Addr().String())), 0o600)
}

func (s *demoStage) configFile() string { return s.file("config.toml") }

func (s *demoStage) config(listen string) string {
	text := fmt.Sprintf(`# Written by waybill demo: everything that its relay needs is in this folder.
data_dir = %q
admins   = [%q]

[relay]
listen = %q
name   = "Waybill demo"
`, s.file("data"), s.person(demoArbiter).npub, listen)
	if ownAddress(listen) {
		text += fmt.Sprintf("public_urls = [%q]\n", "ws://"+listen)
	}
	return text + "\n[metrics]\nlisten = \"\" # one relay on a machine has the usual address\n"
}

// ownAddress reports whether a relay that listens there is not to be found at
// 127.0.0.1 and localhost, by which it is known without public_urls.
func ownAddress(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return ip != nil && !ip.IsUnspecified() && host != "127.0.0.1"
}

// delegate gives the relay the sellers' keys, as `waybill keys add` does.
func (s *demoStage) delegate(cfg config) error {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return err
	}
	master, err := cfg.Keys.master()
	if err != nil {
		return err
	}
	keys, err := nip17.OpenStore(keysFile(cfg), master)
	if err != nil {
		return err
	}
	for _, p := range s.cast {
		if !p.delegates {
			continue
		}
		secret, err := nip17.ReadSecretFile(s.file(p.name+".nsec"), "")
		if err != nil {
			return err
		}
		_, err = keys.Add(secret, "", time.Time{})
		secret.Zero()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *demoStage) url() string { return s.daemon.cfg.Relay.PublicURLs[0] }

// enter has everybody say who they are, and that they read at the relay.
func (s *demoStage) enter(ctx context.Context) error {
	for _, p := range s.cast {
		here := []string{s.url()}
		if err := client.Introduce(ctx, p.signer, p.says, here); err != nil {
			return err
		}
		if err := client.Announce(ctx, p.signer, here); err != nil {
			return err
		}
	}
	return nil
}

func (s *demoStage) close(keep bool) error {
	var errs []error
	if s.daemon != nil {
		errs = append(errs, s.daemon.close())
	}
	for _, p := range s.cast {
		if p.signer != nil {
			p.signer.Zero()
		}
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if !keep {
		errs = append(errs, os.RemoveAll(s.folder))
	}
	return errors.Join(errs...)
}
