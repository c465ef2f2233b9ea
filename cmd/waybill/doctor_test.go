package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A patient is a configuration with what belongs to it.
type patient struct {
	t      *testing.T
	dir    string
	listen string
	redis  *redistest.Server
	secret string // of a delegated key
	more   string // of the configuration's text
}

func newPatient(t *testing.T) *patient {
	return &patient{t: t, dir: t.TempDir(), listen: unused(t), redis: redistest.Start(t), secret: nostr.GeneratePrivateKey()}
}

func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A name alone is no secret: others may read that configuration.
func TestHasSecrets(t *testing.T) {
	for url, want := range map[string]bool{
		"": false, "redis://h": false, "rediss://waybill@h/3": false, "redis://:geheim@h": true, "redis://waybill:geheim@h": true,
	} {
		if c := (config{Redis: redisConfig{URL: url}}); c.hasSecrets() != want {
			t.Errorf("%q: got %v", url, !want)
		}
	}
	if c := (config{Redis: redisConfig{URL: "redis://:geheim@h", URLFile: "/x"}}); c.hasSecrets() {
		t.Error("what is in redis.url_file is not in the configuration")
	}
	if c := (config{Keys: keysConfig{Delegated: []delegatedConfig{{Secret: "nsec1"}}}}); !c.hasSecrets() {
		t.Error("a delegated key is a secret")
	}
}

// The files of a Redis are looked at even where it is not asked.
func TestDoctorOnRedisFiles(t *testing.T) {
	file := func(name string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	d := doctor{cfg: config{Redis: redisConfig{URLFile: file("url"), TLSKeyFile: file("client.key")}}}
	d.checkRedis(t.Context())
	if n := d.count(levelProblem); n != 2 {
		t.Errorf("got %d problems, want 2: %v", n, d.findings)
	}
}

func (p *patient) file(name string) string { return filepath.Join(p.dir, name) }

func (p *patient) configure() string {
	p.t.Helper()
	text := fmt.Sprintf("data_dir = %q\n[relay]\nlisten = %q\n%s\n[redis]\nurl = %q\n[[keys.delegated]]\nsecret = %q\n",
		p.file("data"), p.listen, p.more, p.redis.URL(), p.secret)
	if err := os.WriteFile(p.file("waybill.toml"), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.file("waybill.toml")
}

// run has a daemon work on the patient for as long as during takes.
func (p *patient) run(during func()) {
	p.t.Helper()
	cfg, err := loadConfig(p.configure())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Run("running", func(t *testing.T) {
		d := startDaemon(t, func(c *config) { *c = cfg })
		deadline := time.Now().Add(10 * time.Second)
		for {
			if _, err := d.probeRelay(t.Context()); err == nil {
				if at, _, err := d.store.Cursor(t.Context()); err == nil && at.Ledger == d.ledger.ID() {
					break
				}
			}
			if time.Now().After(deadline) {
				t.Fatal("the relay does not get ready")
			}
		}
		during()
	})
}

// finds runs the doctor, who must say each of these lines ("level: part of the text")
// and nothing else that is worse than ok.
func (p *patient) finds(when string, want ...string) {
	p.t.Helper()
	d := examine(p.t.Context(), p.configure())
	defer d.close()
	var out bytes.Buffer
	if err := d.print(&out); err != nil {
		p.t.Fatal(err)
	}
	said := make([]bool, len(want))
	for _, f := range d.findings {
		if f.Area == "clock" && strings.Contains(f.Text, "nobody keeps") {
			continue // of the machine that runs this test
		}
		expected := f.Level == levelOK
		for i, w := range want {
			if level, text, _ := strings.Cut(w, ": "); level == string(f.Level) && strings.Contains(f.Text, text) {
				said[i], expected = true, true
			}
		}
		if !expected {
			p.t.Errorf("%s: not expected: %+v", when, f)
		}
		if f.Level != levelOK && f.Do == "" {
			p.t.Errorf("%s: it does not say what to do: %+v", when, f)
		}
	}
	for i, w := range want {
		if !said[i] {
			p.t.Errorf("%s: it does not say %q:\n%s", when, w, out.String())
		}
	}
	if strings.Contains(out.String(), p.secret) {
		p.t.Errorf("%s: a secret is printed", when)
	}
}

// receive puts a message into the ledger for each reason, to an inbox of its own.
func (p *patient) receive(state ledger.State, reasons ...string) {
	p.t.Helper()
	book, err := ledger.Open(p.t.Context(), p.file("data/waybill.db"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer book.Close()
	for _, reason := range reasons {
		to, thrown := nip17test.Signer(p.t), nip17test.Signer(p.t)
		evt := nostr.Event{Kind: 1059, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"p", to.PublicKey()}}}
		if err := thrown.Sign(p.t.Context(), &evt); err != nil {
			p.t.Fatal(err)
		}
		a := ledger.Arrival{Event: &evt, Recipient: to.PublicKey(), ReceivedAt: time.Now().UnixMilli(), State: state, Reason: reason}
		if _, err := book.Arrive(p.t.Context(), a); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *patient) chmod(name string, mode os.FileMode) {
	p.t.Helper()
	if err := os.Chmod(p.file(name), mode); err != nil {
		p.t.Fatal(err)
	}
}

func TestDoctor(t *testing.T) {
	p := newPatient(t)
	p.finds("nothing is there yet", "ok: no relay is running", "ok: none yet", "ok: the first `waybill serve` makes it")
	p.run(func() {
		p.finds("all is well", "ok: a relay is running, pid "+fmt.Sprint(os.Getpid()), "ok: the relay is npub1", "ok: delegated by the config: npub1",
			"ok: quick_check finds no damage", "ok: it saves its data (aof)", "ok: of this ledger, and up to date",
			"ok: ws://"+p.listen+" leads to this relay")
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"self":%q}`, strings.Repeat("ab", 32))
		}))
		defer other.Close()
		elsewhere, nobody := strings.Replace(other.URL, "http", "ws", 1), "ws://"+unused(t)
		p.more = fmt.Sprintf("public_urls = [%q, %q]", elsewhere, nobody)
		p.finds("wrong URLs", "problem: "+elsewhere+" leads to another relay", "warning: "+nobody+": nobody answers")
		p.more = ""
	})
	p.finds("it has stopped", "ok: no relay is running", "ok: not asked, for no relay is running")
	p.receive(ledger.Waiting, "no-key", "no-key", "signer-offline")
	p.receive(ledger.Unreadable, "bad-mac")
	p.finds("an inbox", "ok: wait unopened in 3 inboxes, for a key that is not here: 3 (no-key: 2, signer-offline: 1)",
		"ok: cannot be read: 1 (bad-mac: 1)")
	p.more = `public_urls = ["ws://relay.example"]`
	p.finds("no TLS", "warning: ws://relay.example has no TLS")
	p.more = "[admin]\nlisten = \"0.0.0.0:7448\"\n[retention]\ncompleted = \"1h\""
	p.finds("bold settings", "warning: admin.listen is not a loopback address", "warning: finished orders are erased after 1h0m0s")
	p.more = "[metrics]\nlisten = \":7449\""
	p.finds("open metrics", "warning: metrics.listen is not a loopback address")
	p.more = ""

	p.chmod("data", 0o755)
	p.chmod("data/master.key", 0o640)
	p.finds("open files", "warning: data is open to others (mode 0755)", "warning: master.key may be read or written by its group")
	p.chmod("data/master.key", 0o644)
	p.finds("open to all", "warning: data is open", "problem: master.key may be read or written by everybody", "problem: the master key: ")
	p.chmod("data", 0o700)
	p.chmod("data/master.key", 0o600)
	if err := os.WriteFile(p.file("passphrase"), []byte("open sesame\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.more = fmt.Sprintf("[keys]\nidentity_passphrase_file = %q", p.file("passphrase"))
	p.finds("an open passphrase", "problem: passphrase may be read or written by everybody")
	p.more = ""

	tomorrow := time.Now().Add(24 * time.Hour)
	if err := os.Chtimes(p.file("data/waybill.db"), tomorrow, tomorrow); err != nil {
		t.Fatal(err)
	}
	p.finds("the clock was set back", "problem: before the ledger was last written")
	if err := os.Chtimes(p.file("data/waybill.db"), time.Time{}, time.Now()); err != nil {
		t.Fatal(err)
	}

	store, err := redisstore.Open(p.redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	at, _, err := store.Cursor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Advance(t.Context(), at, redisstore.Cursor{Ledger: "another", Seq: 7}); err != nil {
		t.Fatal(err)
	}
	p.finds("another ledger's indexes", "problem: made from another ledger (another)")
	p.redis.Kill()
	p.finds("Redis is away", "problem: Redis does not answer")
	p.redis.Replace()
	p.finds("an empty Redis", "ok: it holds no order indexes yet")
}

// The command: JSON for programs, and an exit code.
func TestDoctorCommand(t *testing.T) {
	p := newPatient(t)
	ask := func(args ...string) (string, error) {
		var out bytes.Buffer
		cmd := root()
		cmd.SetArgs(append([]string{"doctor", "--config", p.configure()}, args...))
		cmd.SetOut(&out)
		err := cmd.ExecuteContext(context.Background())
		return out.String(), err
	}
	if out, err := ask(); err != nil || !strings.Contains(out, " 0 problems\n") {
		t.Errorf("got %v\n%s", err, out)
	}
	if out, err := ask("--redis-acl=shop"); err != nil || !strings.HasPrefix(out, "ACL SETUSER shop ") {
		t.Errorf("the ACL rule: got %v\n%s", err, out)
	}
	p.redis.Kill()
	out, err := ask("--json")
	if err == nil || exitCode(err) != 1 {
		t.Errorf("Redis is away: got %v", err)
	}
	var said struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.OK || len(said.Findings) < 8 {
		t.Errorf("got %v\n%s", err, out)
	}
}
