//go:build e2e

package e2e

import (
	"fmt"
	"strings"

	"github.com/nbd-wtf/go-nostr"
)

// A publication is an event that a spy publishes to learn from its OK.
type publication struct {
	name string
	evt  nostr.Event
}

// publications are made once: both twins get the same events.
func (w *twins) publications() (all []publication) {
	add := func(name string, evt nostr.Event) { all = append(all, publication{name, evt}) }
	m, stranger := w.mallory, newSpeaker(w.t)
	to := map[string]string{"the seller": w.seller.pubkey, "the buyer": w.buyer.pubkey, "the relay": w.self, "herself": m.pubkey, "a stranger": stranger.pubkey}
	if w.accept == "anyone" {
		to["the hermit"] = w.hermit.pubkey // else she can be told from a stranger: onlyByKey
	}
	for who, key := range to {
		p := nostr.Tag{"p", key}
		add("an intent to "+who, m.wrap(intent(&person{pubkey: key}, "M-1", "", 100), key)[0])
		add("a chat to "+who, m.wrap(message(14, &person{pubkey: key}, "", "hello"), key)[0])
		add("garbage to "+who, m.forge(envelope{content: func(string) string { return "no base64" }}, nostr.Event{}, key))
		add("a forged seal to "+who, m.forge(envelope{seal: func(e *nostr.Event) { e.Sig = strings.Repeat("0", 128) }}, nostr.Event{Kind: 14, Tags: nostr.Tags{p}}, key))
		add("another's rumor to "+who, m.forge(envelope{rumor: func(e *nostr.Event) { e.PubKey = w.buyer.pubkey; e.ID = e.GetID() }}, nostr.Event{Kind: 14, Tags: nostr.Tags{p}}, key))
		add("an empty wrap to "+who, m.event(1059, "", p))
		add("a wrap of the largest size to "+who, m.event(1059, strings.Repeat("A", 128<<10), p))
		add("one byte more to "+who, m.event(1059, strings.Repeat("A", 128<<10+1), p))
		add("many tags to "+who, m.event(1059, "x", p, nostr.Tag{"x", strings.Repeat("y", 5_000)}))
		add("expired to "+who, m.event(1059, "x", p, nostr.Tag{"expiration", "1700000000"}))
		add("a protected wrap to "+who, m.event(1059, "x", p, nostr.Tag{"-"}))
		add("a seal to "+who, m.event(13, "x", p))
		add("an ephemeral wrap to "+who, m.event(21059, "x", p))
		add("with a stranger second, to "+who, m.event(1059, "x", p, nostr.Tag{"p", stranger.pubkey}))
		add("with a stranger first, to "+who, m.event(1059, "x", nostr.Tag{"p", stranger.pubkey}, p))
		add("to three, one of them "+who, m.event(1059, "x", p, p, p))
		add("in upper case to "+who, m.event(1059, "x", nostr.Tag{"p", strings.ToUpper(key)}))
		add("request to vanish, naming "+who, newSpeaker(w.t).event(62, "", p, nostr.Tag{"relay", "ALL_RELAYS"}))
	}
	for i, wrap := range w.stored {
		if w.accept == "anyone" || wrap.Tags[0][1] != w.hermit.pubkey {
			add(fmt.Sprintf("wrap %d again", i), wrap)
		}
		spoilt := wrap
		spoilt.Sig = strings.Repeat("0", 128)
		add(fmt.Sprintf("wrap %d, spoilt", i), spoilt)
		add(fmt.Sprintf("its id for something else, %d", i), nostr.Event{ID: wrap.ID, PubKey: m.pubkey, Kind: 0, Tags: nostr.Tags{}, Sig: wrap.Sig})
	}
	return append(all, w.deletions()...)
}

// deletions are kind 5 by everybody who may not delete a wrap.
func (w *twins) deletions() (all []publication) {
	add := func(name string, evt nostr.Event) { all = append(all, publication{name, evt}) }
	unknown := nostr.Tag{"e", strings.Repeat("0", 63) + "1"}
	own := w.mallory.event(30402, "mallory's", nostr.Tag{"d", "own"})
	add("mallory's listing", own)
	for who, by := range map[string]*speaker{"mallory": w.mallory, "a stranger": newSpeaker(w.t), "the throw-away key": w.once, "the sender": w.buyer} {
		k := nostr.Tag{"k", "1059"}
		for i, wrap := range w.stored {
			if wrap.Tags[0][1] != by.pubkey { // the buyer's own copy is his to delete
				add(fmt.Sprintf("deletion of wrap %d by %s", i, who), by.event(5, "", nostr.Tag{"e", wrap.ID}, k))
			}
		}
		add("deletion of nothing by "+who, by.event(5, "", unknown, k))
		add("deletion of an unknown and a wrap by "+who, by.event(5, "", unknown, nostr.Tag{"e", w.stored[0].ID}, k))
		add("deletion by address by "+who, by.event(5, "", nostr.Tag{"a", "1059:" + w.stored[0].PubKey + ":"}, nostr.Tag{"a", "1059:" + by.pubkey + ":"}))
		add("deletion by recipient's address by "+who, by.event(5, "", nostr.Tag{"p", w.seller.pubkey}, k))
	}
	add("deletion of her own and a wrap", w.mallory.event(5, "", nostr.Tag{"e", own.ID}, nostr.Tag{"e", w.stored[0].ID}))
	return all
}

// publish publishes all, each one twice.
func (tr *transcript) publish(s *spy, all []publication) {
	for _, p := range all {
		for n := range 2 {
			answer := s.ask(jsonOf(s.t, []any{"EVENT", p.evt}), "OK", p.evt.ID)
			if strings.HasPrefix(p.name, "deletion") && !strings.Contains(answer, `",true,""]`) {
				s.t.Errorf("%s: got %s, want OK true and no word", p.name, answer)
			}
			tr.note(fmt.Sprintf("publish %s (%d)", p.name, n), answer)
		}
	}
}

// onlyByKey holds to the one thing that relay.accept = "participants" tells by
// design: for whom wraps are taken. Who is a participant by the delegated key
// alone, and not by a kind 10050 that everybody may read, is told from a stranger
// by the OK. With "anyone" nobody is: there the hermit is among the publications.
func (w *twins) onlyByKey() {
	for who, c := range map[string]struct {
		key               string
		inFull, inEmptied string // the reason of an OK false begins so; "" is OK true
	}{
		"the seller": {w.seller.pubkey, "", ""},
		"the hermit": {w.hermit.pubkey, "", "restricted:"},
		"a stranger": {newSpeaker(w.t).pubkey, "restricted:", "restricted:"},
	} {
		evt := w.mallory.event(1059, "x", nostr.Tag{"p", c.key})
		for d, reason := range map[*daemon]string{w.daemon: c.inFull, w.empty: c.inEmptied} {
			v, err := dial(w.t, d.url).publish(evt)
			if err != nil || v.ok != (reason == "") || !strings.HasPrefix(v.reason, reason) {
				w.t.Errorf("a wrap to %s: got OK %t %q, error %v; want %q", who, v.ok, v.reason, err, reason)
			}
		}
	}
}
