//go:build e2e

package e2e

import (
	"bytes"
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

// publicURL is the address by which spies know both twins.
const publicURL = "ws://relay.test"

// Twins are two daemons with the same identity, configuration and public events.
// One holds delegated keys, gift wraps and orders, the other none: whatever a spy
// can tell them apart by is a leak.
//
// The seller has announced the relay and delegated his key, the buyer has only
// announced it, the hermit has only delegated her key, and no public event has
// her name.
type twins struct {
	t                              *testing.T
	*world                         // of the full one
	empty                          *daemon
	accept                         string // relay.accept
	buyer, seller, hermit, mallory *speaker
	once                           *speaker      // the throw-away key of the first wrap
	stored                         []nostr.Event // gift wraps in the full one
	comes                          []nostr.Event // gift wraps that come to it live
	mail, letter                   nostr.Event   // mallory's own wraps, in both: stored, and live
	listing                        nostr.Event   // public, live in both
	aof                            string        // the folder of what Redis writes
}

func newTwins(t *testing.T, settings map[string]string) *twins {
	t.Helper()
	server := redistest.Start(t)
	w := &twins{t: t, world: &world{t: t}, accept: settings["RELAY_ACCEPT"], once: newSpeaker(t)}
	w.aof = filepath.Join(filepath.Dir(strings.TrimPrefix(server.URL(), "unix://")), "appendonlydir")
	for name, s := range map[string]**speaker{"buyer": &w.buyer, "seller": &w.seller, "hermit": &w.hermit, "mallory": &w.mallory} {
		p := w.newPerson(name)
		w.people = append(w.people, p)
		*s = speakerOf(t, p.secret)
	}
	w.daemon, w.empty = newDaemon(t, "", settings), newDaemon(t, "", settings)
	for _, d := range []*daemon{w.daemon, w.empty} {
		d.env["LOG_LEVEL"] = "debug"
		d.env["RELAY_PUBLIC_URLS"] = strings.Join([]string{publicURL, w.daemon.url, w.empty.url}, ",")
	}
	w.daemon.env["REDIS_URL"] = server.URL()
	w.redis = dialRedis(t, server.URL())
	// One writes out what Redis is told, also what is gone again later.
	for name, value := range map[string]string{"aof-use-rdb-preamble": "no", "auto-aof-rewrite-percentage": "0"} {
		if err := w.redis.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	w.daemon.start()
	w.self = selfOf(t, w.daemon)
	w.takes(w.daemon, w.publicEvents()...)
	w.daemon.stop()
	copyFolder(t, w.empty.data(), w.daemon.data())
	for _, name := range []string{"seller", "hermit"} {
		w.daemon.do("keys", "add", "--file", w.person(name).keyFile())
	}
	w.daemon.start()
	w.empty.start()
	w.fill()
	return w
}

// publicEvents is what everybody may know.
func (w *twins) publicEvents() (evts []nostr.Event) {
	for _, s := range []*speaker{w.buyer, w.seller, w.mallory} {
		evts = append(evts, s.event(10050, "", nostr.Tag{"relay", publicURL}), s.event(0, "{}"))
	}
	return append(evts, w.seller.event(30402, "A blue mug.", nostr.Tag{"d", "mug"}, nostr.Tag{"p", w.seller.pubkey}))
}

// fill publishes the gift wraps to the full one, and waits for their orders.
func (w *twins) fill() {
	w.t.Helper()
	seller, buyer, hermit := w.seller.person(), w.buyer.person(), w.hermit.person()
	address, link, note := w.hide("4 Calle Mayor, Toledo"), w.hide("till-of-toledo@pay.example"), w.hide("the blue one please")
	first := intent(seller, "S-1", note, 2_000, tag("address", address))
	w.stored = append(w.stored, w.buyer.wrapBy(w.once, first, w.seller.pubkey))
	w.stored = append(w.stored, w.buyer.wrap(first, w.buyer.pubkey, w.self)...)
	w.stored = append(w.stored, w.seller.wrap(request(buyer, "S-1", link, 2_000), w.seller.pubkey, w.buyer.pubkey)...)
	w.stored = append(w.stored, w.buyer.wrap(intent(hermit, "H-1", note, 3_000, tag("address", address)), w.hermit.pubkey)...)
	w.stored = append(w.stored, w.buyer.forge(envelope{content: func(string) string { return "AgAAAAAAAAAA" }}, nostr.Event{}, w.seller.pubkey))
	w.comes = append(w.comes, w.buyer.wrap(intent(seller, "S-2", note, 4_000), w.seller.pubkey, w.buyer.pubkey, w.self)...)
	w.comes = append(w.comes, w.buyer.wrap(intent(hermit, "H-2", note, 5_000), w.hermit.pubkey)...)
	w.mail = w.buyer.wrap(message(14, w.mallory.person(), "", "to mallory"), w.mallory.pubkey)[0]
	w.letter = w.buyer.wrap(message(14, w.mallory.person(), "", "to mallory, live"), w.mallory.pubkey)[0]
	w.listing = w.seller.event(30402, "A green mug.", nostr.Tag{"d", "green"}, nostr.Tag{"p", w.seller.pubkey})
	w.takes(w.daemon, append(w.stored, w.mail)...)
	w.takes(w.empty, w.mail)
	w.redis.order("S-1", said(orders.StatusPaymentRequested, "requested", "intent", "request"))
	w.redis.order("H-1", said(orders.StatusIntentSent, "none", "intent"))
}

// takes publishes what must be taken.
func (w *twins) takes(d *daemon, evts ...nostr.Event) {
	w.t.Helper()
	s := dial(w.t, d.url)
	defer s.close()
	for _, e := range evts {
		if v, err := s.publish(e); err != nil || !v.ok {
			w.t.Fatalf("kind %d was answered OK %t %q, error %v", e.Kind, v.ok, v.reason, err)
		}
	}
}

// wrapBy is wrap with a throw-away key that the test knows.
func (s *speaker) wrapBy(once *speaker, r rumor, to string) nostr.Event {
	s.t.Helper()
	evt := nostr.Event{PubKey: s.pubkey, Kind: r.Kind, Content: r.Content, CreatedAt: nostr.Timestamp(r.CreatedAt)}
	for _, tag := range r.Tags {
		evt.Tags = append(evt.Tags, tag)
	}
	evt.ID = evt.GetID()
	seal := nostr.Event{Kind: nostr.KindSeal, CreatedAt: nostr.Now(), Tags: nostr.Tags{}}
	seal.Content = s.encrypt(to, strings.Replace(evt.String(), `,"sig":""`, "", 1))
	s.sign(&seal)
	return once.event(nostr.KindGiftWrap, once.encrypt(to, seal.String()), nostr.Tag{"p", to})
}

// secrets is what no spy may receive: every part of every gift wrap that is not
// his own, and the name of her who is named nowhere.
func (w *twins) secrets() (all map[string]string) {
	all = map[string]string{w.hermit.pubkey: "the hermit's key"}
	for i, wrap := range append(w.stored[:len(w.stored):len(w.stored)], w.comes...) {
		name := fmt.Sprintf("of gift wrap %d", i)
		all[wrap.ID], all[wrap.PubKey], all[wrap.Sig] = "the id "+name, "the throw-away key "+name, "the signature "+name
		for from := 0; from+32 <= len(wrap.Content); from += 32 {
			all[wrap.Content[from:from+32]] = "content " + name
		}
	}
	return all
}

// secretsBut is secrets without what an OK repeats, and without what stands in
// the deletions that the spies have published: their authors may read them.
func (w *twins) secretsBut(said []publication) map[string]string {
	all := w.secrets()
	for _, p := range said {
		delete(all, p.evt.ID)
		if p.evt.Kind == nostr.KindDeletion {
			text := p.evt.String()
			maps.DeleteFunc(all, func(secret, _ string) bool { return strings.Contains(text, secret) })
		}
	}
	return all
}

// toldNothing fails the test where one of the secrets is among the bytes that the
// spies received since it was last asked.
func (tr *transcript) toldNothing(secrets map[string]string) {
	tr.w.t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.received.Len() == 0 {
		tr.w.t.Error("the spies received nothing at all")
	}
	for secret, what := range secrets {
		if bytes.Contains(tr.received.Bytes(), []byte(secret)) {
			tr.w.t.Errorf("the spies were told %s", what)
		}
	}
	tr.received.Reset()
}

// absentInRedisFiles looks through everything that Redis was ever told.
func (w *twins) absentInRedisFiles() {
	w.t.Helper()
	files := must(os.ReadDir(w.aof))(w.t)
	read := 0
	for _, f := range files {
		content := must(os.ReadFile(filepath.Join(w.aof, f.Name())))(w.t)
		read += bytes.Count(content, []byte("orders:S-1"))
		w.absent([]spot{{"Redis's " + f.Name(), content}})
	}
	if read == 0 {
		w.t.Error("Redis's files do not have the order: nothing was looked through")
	}
}
