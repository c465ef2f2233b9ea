//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr/nip19"
	"github.com/nbd-wtf/go-nostr/nip49"
)

// TestNothingInClear is one run in which everything that is private comes by, in
// every dialect, by every transport, with keys handed over in every form. Then all
// that the daemon wrote is searched for all of it, in every encoding.
func TestNothingInClear(t *testing.T) {
	s := newStory(t)
	s.keysAreAdded()
	for _, plays := range []func(){s.gamma, s.conduit, s.shopstr, s.plebeian, s.nip15, s.culturebridge, s.chats, s.mistakes, s.lateKey} {
		plays()
	}
	s.keysAreRead()
	s.looksRight()
	masterKey := s.secret(s.line(s.daemon.data(), "master.key"))
	allowed := []exemption{{masterKey, []string{"master.key"}, "it is this file, which everything else is encrypted under"}}
	for _, text := range s.published {
		allowed = append(allowed, exemption{text, []string{"waybill.db", "waybill.db-wal", "backup.db", "events.raw", "GET /"},
			"its client signed and published it in the clear: the event is kept and served to everybody as it came, and only there"})
	}
	s.absent(s.clumsyOperator(), allowed...)
	said := s.operatorsCommands()
	s.absent(said, allowed...)
	s.nothingLeaked(allowed...)
	s.wasSearched(said)
	s.everythingWasRead()
}

// A story is a world in which private things are said, and what they were.
type story struct {
	*world
	buyer, seller, potter, baker, carol, admin *person

	boxed     []string // texts that must be found in a box: so they were here
	published []string // texts that their client published in the clear
	answers   []spot   // what commands said
}

// newStory starts a daemon that has the keys of three people from its
// configuration: an nsec in it, a file of hex, and an ncryptsec with its passphrase.
func newStory(t *testing.T) *story {
	t.Helper()
	w := newWorld(t, worldOf{
		people: []string{"buyer", "seller", "potter", "baker", "carol", "admin"}, admins: []string{"admin"},
		embedded: "server", copyRelay: true,
		settings: map[string]string{"DIALECTS_NIP04": "true", "DIALECTS_PUBLIC_ORDERS": "true", "ADMIN_LISTEN": freeAddress(t)},
		config: func(w *world) string {
			return fmt.Sprintf("[[keys.delegated]]\nsecret = %q\n[[keys.delegated]]\nsecret_file = %q\n[[keys.delegated]]\nsecret_file = %q\npassphrase_file = %q\n",
				w.person("seller").nsec(), w.person("carol").keyFile(),
				w.file("ncryptsec", w.person("buyer").ncryptsec("a tale of two Töpfe")), w.file("passphrase", "a tale of two Töpfe"))
		},
	})
	return &story{world: w, buyer: w.person("buyer"), seller: w.person("seller"), potter: w.person("potter"), baker: w.person("baker"),
		carol: w.person("carol"), admin: w.person("admin")}
}

func (p *person) nsec() string {
	p.w.t.Helper()
	return p.w.secret(must(nip19.EncodePrivateKey(p.secret))(p.w.t))
}

// ncryptsec is the person's key encrypted with a passphrase.
func (p *person) ncryptsec(passphrase string) string {
	p.w.t.Helper()
	return p.w.secret(must(nip49.Encrypt(p.secret, p.w.secret(passphrase), 16, nip49.ClientDoesNotTrackThisData))(p.w.t))
}

// line is the one line of a file.
func (s *story) line(path ...string) string {
	s.t.Helper()
	return strings.TrimSpace(string(must(os.ReadFile(filepath.Join(path...)))(s.t)))
}

// private is a text that the daemon puts into a box.
func (s *story) private(text string) string {
	s.boxed = append(s.boxed, text)
	return s.hide(text)
}

// money is private, and pays or proves a payment.
func (s *story) money(text string) string {
	s.boxed = append(s.boxed, text)
	return s.secret(text)
}

// public is a text that its client publishes in the clear: with that it is no
// secret any more, but no less private in the order.
func (s *story) public(text string) string {
	s.published = append(s.published, text)
	return s.private(text)
}

// runs is a command of the CLI, whose words are searched too.
func (s *story) runs(args ...string) answer {
	s.t.Helper()
	a := s.daemon.cli(args...)
	s.answers = append(s.answers, spot{"waybill " + strings.Join(args[:min(2, len(args))], " "), []byte(a.String())})
	return a
}

// does is runs for what must succeed.
func (s *story) does(args ...string) {
	s.t.Helper()
	if a := s.runs(args...); a.code != 0 {
		s.t.Errorf("waybill %s: %v", strings.Join(args, " "), a)
	}
}

// keysAreAdded hands over keys by the CLI while the daemon runs, and tries it with
// what does not open.
func (s *story) keysAreAdded() {
	s.t.Helper()
	s.does("keys", "add", "--file", s.file("nsec", s.potter.nsec()))
	wrong := s.file("wrong", s.secret("not the passphrase at all"))
	if a := s.runs("keys", "add", "--file", s.file("ncryptsec", s.baker.ncryptsec("nobody kneads like me")), "--passphrase-file", wrong); a.code == 0 {
		s.t.Errorf("a key with a wrong passphrase was added: %v", a)
	}
	if a := s.runs("keys", "add", "--file", s.file("cut", s.secret(s.baker.nsec()[:40]))); a.code == 0 {
		s.t.Errorf("half a key was added: %v", a)
	}
	for _, args := range [][]string{
		{"keys", "add", "--file", s.baker.nsec()}, {"keys", "add", "--file", s.baker.secret}, {"keys", "remove", s.baker.nsec()},
		{"keys", "add", "--file", s.file("ncryptsec", s.baker.ncryptsec("nobody kneads like me")), "--passphrase-file", "nobody kneads like me"},
		{"keys", "add", "--file", s.baker.keyFile(), "--owner", s.baker.nsec()}, {"orders", "show", "G-1", "--key", s.baker.nsec()},
	} {
		if a := s.runs(args...); a.code == 0 {
			s.t.Errorf("a secret was taken for something else: %v", a)
		}
	}
}

// lateKey gives the daemon a key for what waits already.
func (s *story) lateKey() {
	s.t.Helper()
	s.copyRelay = false
	defer func() { s.copyRelay = true }()
	s.buyer.send(s.baker, intent(s.baker, "late", s.private("seven seeded loaves, sliced thinly"), 3_000, tag("address", s.private("Oven Street 3, 9020 Klagenfurt"))))
	s.does("keys", "add", "--file", s.file("ncryptsec", s.baker.ncryptsec("nobody kneads like me")), "--passphrase-file", s.file("passphrase", "nobody kneads like me"))
	s.baker.send(s.buyer, status(s.buyer, "late", "cancelled", "", tag("reason", s.private("the sourdough died in the night"))))
	s.redis.order("late", said("cancelled", "none", "intent", "cancel"))
}

// keysAreRead has the daemon read its configuration again, and takes a key away.
func (s *story) keysAreRead() {
	s.t.Helper()
	s.daemon.said("the configuration was reloaded", s.daemon.hangUp)
	s.daemon.said("the delegated keys have changed", func() { s.does("keys", "remove", s.potter.npub) })
}

// clumsyOperator has another daemon read secrets that stand where they should not,
// or are none, and returns what it has to say about them.
func (s *story) clumsyOperator() []spot {
	s.t.Helper()
	d := newDaemon(s.t, "", map[string]string{"REDIS_EMBEDDED": "memory", "LOG_LEVEL": "debug"})
	d.start()
	bunker := "bunker://" + s.carol.pubkey + "?relay=wss://relay.example.com&secret=" + s.secret("a token that was pasted")
	redisURL := "redis://waybill:" + s.secret("a-password-in-the-place-of-a-file") + "@127.0.0.1:1"
	keys := "[[keys.delegated]]\n"
	configs := []string{
		keys + "secret = \"" + s.secret(s.carol.nsec()+"q") + "\"\n",
		keys + "secret = \"" + s.carol.secret + "\"\nowner = \"" + s.carol.nsec() + "\"\n",
		keys + "secret = " + s.carol.secret + "\n",
		keys + "secret = \"" + s.carol.secret + "\"\n" + s.carol.nsec() + "\n",
		keys + "passphrase = \"" + s.secret("there is no such key as this") + "\"\n",
		keys + "secret_file = \"" + s.carol.nsec() + "\"\n",
		keys + "secret_file = \"" + bunker + "\"\n",
		keys + "secret = \"" + s.buyer.ncryptsec("the first of two passphrases") + "\"\npassphrase_file = \"" + s.file("wrong", s.secret("the second of two passphrases")) + "\"\n",
		keys + "secret = \"" + s.buyer.ncryptsec("the passphrase in place of its file") + "\"\npassphrase_file = \"the passphrase in place of its file\"\n",
		keys + "bunker_file = \"" + bunker + "\"\n",
		keys + "bunker_file = \"" + s.carol.nsec() + "\"\n",
		keys + "bunker = \"" + s.carol.nsec() + "\"\n",
		keys + "bunker = \"" + bunker + "&secret=twice\"\n",
		"[keys]\nsigner_relays = [\"" + s.carol.nsec() + "\"]\n",
		"[participants]\npolicy = \"" + s.carol.nsec() + "\"\n",
		"[redis]\nurl_file = \"" + redisURL + "\"\n",
	}
	for _, config := range configs {
		if err := os.WriteFile(d.env["CONFIG"], []byte(config), 0o600); err != nil {
			s.t.Fatal(err)
		}
		read := d.log.await(func(l logLine) bool { return strings.HasPrefix(l.Message, "the configuration was ") })
		d.hangUp()
		select {
		case <-read:
		case <-time.After(patience):
			s.t.Fatalf("the configuration was not read:\n%s", d.log.text())
		}
		for _, args := range [][]string{{"serve"}, {"doctor"}, {"keys", "list"}} {
			s.answers = append(s.answers, spot{"waybill " + args[0], []byte(d.cli(args...).String())})
		}
	}
	if n := len(d.log.find(func(l logLine) bool { return l.Level == "error" })); n < len(configs) {
		s.t.Errorf("%d of the configurations were refused, want %d:\n%s", n, len(configs), d.log.text())
	}
	d.stop()
	for _, args := range [][]string{
		{"keys", "add", "--bunker-file", bunker, "--owner", s.carol.npub}, {"keys", "add", "--bunker-file", s.carol.nsec(), "--owner", s.carol.npub},
		{"keys", "add", "--file", bunker}, {"keys", "add", bunker}, {"keys", "add", s.carol.nsec()}, {"keys", "connect", bunker},
	} {
		a := d.cli(args...)
		if a.code == 0 {
			s.t.Errorf("a secret was taken for something else: %v", a)
		}
		s.answers = append(s.answers, spot{"waybill keys", []byte(a.String())})
	}
	// Its password file is looked at for a Redis that is not the daemon's own.
	if err := os.WriteFile(d.env["CONFIG"], []byte("[redis]\nurl = \"redis://127.0.0.1:1\"\npassword_file = \""+redisURL+"\"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"doctor"}, {"orders", "list"}} {
		s.answers = append(s.answers, spot{"waybill " + args[0], []byte(d.cli(args...).String())})
	}
	return append(d.files(), spot{"the log of a clumsy operator", []byte(d.log.text())})
}

// operatorsCommands are what the operator can ask, and the files that come of it.
func (s *story) operatorsCommands() []spot {
	s.t.Helper()
	backup, audit := filepath.Join(s.daemon.dir, "backup.db"), filepath.Join(s.daemon.dir, "audit.json")
	for _, args := range [][]string{
		{"keys", "list", "--json"}, {"keys", "list"}, {"orders", "list", "--json"}, {"orders", "show", "G-1"}, {"orders", "show", "G-1", "--json"},
		{"orders", "audit", "G-1", "--out", audit}, {"backup", backup}, {"verify"}, {"rebuild"}, {"rebuild", "--check"}, {"healthcheck", "--ready"},
	} {
		s.does(args...)
	}
	s.runs("doctor") // which may have something to say against this machine
	for _, path := range []string{backup, audit} {
		s.answers = append(s.answers, spot{filepath.Base(path), must(os.ReadFile(path))(s.t)})
	}
	return append(s.answers, ledgerValues(s.t, backup)...)
}

// wasSearched holds the search itself to account: what may be read there by
// everybody is found in each of the places.
func (s *story) wasSearched(said []spot) {
	s.t.Helper()
	var known needles
	for _, text := range []string{"Blue mug", s.buyer.npub, s.buyer.pubkey, "the relay is open"} {
		if err := known.add(text); err != nil {
			s.t.Fatal(err)
		}
	}
	found := map[string]bool{}
	for _, p := range append(append(said, s.daemon.files()...), spot{"the log", []byte(s.daemon.log.text())}) {
		found[p.name] = found[p.name] || len(known.in(p.content)) > 0
	}
	for _, name := range []string{"waybill orders show", "backup.db", "audit.json", "facts.public", "events.raw", "waybill.db", "the log", "appendonly.aof.1.incr.aof"} {
		if !found[name] {
			s.t.Errorf("nothing of this run was found in %s: it was not searched", name)
		}
	}
}

// everythingWasRead opens every box with everybody's keys: what was hidden was in
// the daemon's hands, in clear, and is kept for those whom it is meant for.
func (s *story) everythingWasRead() {
	s.t.Helper()
	th := newThief(s.t)
	for _, p := range s.people {
		th.try(p.secret)
	}
	for _, c := range ledgerValues(s.t, s.daemon.ledgerFile()) {
		if c.name == "facts.box" {
			th.take(string(c.content))
		}
	}
	th.work()
	th.readsAll(s.t, s.boxed...)
}
