//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// A world is one daemon with its Redis, and people with nostr-tools around it.
type world struct {
	t         *testing.T
	daemon    *daemon
	redis     *indexes
	node      *nodeProcess
	self      string // the relay's own public key, as NIP-11 says it
	copyRelay bool   // everybody sends the relay a copy of every message
	people    []*person
	hidden    needles // what must never stand in clear
}

// A person is somebody with a key of their own.
type person struct {
	w                          *world
	name, secret, pubkey, npub string
}

// worldOf is what a test asks for.
type worldOf struct {
	people    []string
	delegated []string // whose keys the relay holds
	admins    []string
	embedded  string // no Redis but one that the daemon brings: memory or server
	copyRelay bool
	settings  map[string]string     // more of them, as for newDaemon
	config    func(w *world) string // more of the config file, once the people have keys
}

// newWorld starts everything and connects everybody.
func newWorld(t *testing.T, want worldOf) *world {
	t.Helper()
	w := &world{t: t, copyRelay: want.copyRelay}
	for _, name := range want.people {
		w.people = append(w.people, w.newPerson(name))
	}
	settings := map[string]string{"LOG_LEVEL": "debug"}
	maps.Copy(settings, want.settings)
	if want.embedded == "" {
		settings["REDIS_URL"] = redistest.Start(t).URL()
	} else {
		settings["REDIS_EMBEDDED"] = want.embedded
	}
	var admins []string
	for _, name := range want.admins {
		admins = append(admins, w.person(name).npub)
	}
	if len(admins) > 0 {
		settings["ADMINS"] = strings.Join(admins, ",")
	}
	// Half of the delegated keys come by the config file, half by the CLI.
	config := ""
	for i, name := range want.delegated {
		if i%2 == 0 {
			config += fmt.Sprintf("[[keys.delegated]]\nsecret_file = %q\n", w.person(name).keyFile())
		}
	}
	if want.config != nil {
		config += want.config(w)
	}
	w.daemon = newDaemon(t, config, settings)
	for i, name := range want.delegated {
		if i%2 == 1 {
			w.daemon.do("keys", "add", "--file", w.person(name).keyFile())
		}
	}
	w.daemon.start()
	if url := settings["REDIS_URL"]; url != "" {
		w.redis = dialRedis(t, url)
	} else {
		w.redis = dialRedis(t, embeddedURL(w.daemon))
	}
	w.node = startNode(t)
	var info struct{ Self string }
	w.node.must("", "info", map[string]any{"url": w.daemon.url}, &info)
	if !nostr.IsValid32ByteHex(info.Self) {
		t.Fatalf("NIP-11 says self is %q", info.Self)
	}
	w.self = info.Self
	w.reconnect()
	return w
}

// reconnect has everybody's client begin anew, as after a restart of the daemon.
func (w *world) reconnect() {
	w.t.Helper()
	for _, p := range w.people {
		p.connect()
	}
}

func (w *world) newPerson(name string) *person {
	w.t.Helper()
	p := &person{w: w, name: name, secret: nostr.GeneratePrivateKey()}
	var err error
	if p.pubkey, err = nostr.GetPublicKey(p.secret); err != nil {
		w.t.Fatal(err)
	}
	p.npub = orders.Npub(p.pubkey)
	w.secret(p.secret)
	return p
}

func (w *world) person(name string) *person {
	w.t.Helper()
	for _, p := range w.people {
		if p.name == name {
			return p
		}
	}
	w.t.Fatalf("there is no %s", name)
	return nil
}

// hide makes a text that nobody else writes, to look for it where it must not be.
func (w *world) hide(text string) string {
	w.t.Helper()
	if err := w.hidden.add(text); err != nil {
		w.t.Fatal(err)
	}
	return text
}

// secret is hide for what opens, signs or pays: a key, a passphrase, a preimage, a
// token. It is looked for as the bytes that it stands for, too.
func (w *world) secret(text string) string {
	w.t.Helper()
	if err := w.hidden.addKey(text); err != nil {
		w.t.Fatal(err)
	}
	return text
}

// keyFile is a file with the person's secret key, outside of the data folder.
func (p *person) keyFile() string {
	p.w.t.Helper()
	return p.w.file(p.name+".key", p.secret)
}

// file is one line in a file outside of the data folder.
func (w *world) file(name, line string) (path string) {
	w.t.Helper()
	path = filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// connect opens the person's client, authenticates, and announces this relay.
func (p *person) connect() {
	p.w.t.Helper()
	p.w.node.must(p.name, "connect", map[string]any{"url": p.w.daemon.url, "secret": p.secret}, nil)
	var reply copyOf
	p.w.node.must(p.name, "announce", nil, &reply)
	if !reply.OK {
		p.w.t.Fatalf("%s's kind 10050 was refused: %s", p.name, reply.Reason)
	}
}

// send wraps one rumor with nip59 for the other party, for its author and, where
// the relay is copied in, for the relay; each copy must be taken and, live, be
// read. It returns the rumor's id.
func (p *person) send(to *person, r rumor) string {
	p.w.t.Helper()
	return p.sendTo([]string{to.pubkey}, r)
}

func (p *person) sendTo(readers []string, r rumor) string {
	p.w.t.Helper()
	readers = append(readers, p.pubkey)
	if p.w.copyRelay {
		readers = append(readers, p.w.self)
	}
	var d delivery
	p.w.node.must(p.name, "send", map[string]any{"rumor": r, "to": readers}, &d)
	p.arrived(d, r.Content)
	return d.Rumor
}

// chat sends a text through nip17.wrapManyEvents.
func (p *person) chat(to *person, text, subject string) {
	p.w.t.Helper()
	readers := []string{to.pubkey}
	if p.w.copyRelay {
		readers = append(readers, p.w.self)
	}
	var d delivery
	p.w.node.must(p.name, "chat", map[string]any{"to": readers, "text": text, "subject": subject}, &d)
	p.arrived(d, text)
}

// culturebridge sends a text the way CultureBridge's client does.
func (p *person) culturebridge(to *person, text string) {
	p.w.t.Helper()
	var d delivery
	p.w.node.must(p.name, "culturebridge", map[string]any{"to": to.pubkey, "text": text}, &d)
	p.arrived(d, text)
}

// arrived checks that every copy was taken, and that every reader among us got
// it by the open subscription and could open it.
func (p *person) arrived(d delivery, content string) {
	p.w.t.Helper()
	for _, c := range d.Copies {
		if !c.OK {
			p.w.t.Fatalf("the copy to %s was refused: %s", c.To, c.Reason)
		}
		for _, reader := range p.w.people {
			if reader.pubkey != c.To {
				continue
			}
			var got received
			p.w.node.must(reader.name, "wait", map[string]any{"wrap": c.ID}, &got)
			if got.Error != "" || !got.Live || got.Rumor.Pubkey != p.pubkey || got.Rumor.Content != content {
				p.w.t.Errorf("%s received %+v; want a live message from %s with content %q", reader.name, got, p.name, content)
			}
		}
	}
}

// opens opens a box with nostr-tools' nip44 and returns one private value.
func (p *person) opens(o *orders.Order, s *orders.Sealed) string {
	p.w.t.Helper()
	if s == nil {
		p.w.t.Errorf("order %s does not have what %s looks for", o.IntentID, p.name)
		return ""
	}
	box := p.w.redis.box(o.IntentID, s.Fact)
	var plain string
	p.w.node.must(p.name, "open", map[string]any{"by": box.SealedBy, "box": box.For[p.pubkey]}, &plain)
	return privateField(p.w.t, plain, s.Field)
}
