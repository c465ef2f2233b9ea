//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// headers a client may forge.
var forgeries = map[string]http.Header{
	"Host":                  {"Host": {"elsewhere.example"}},
	"X-Forwarded-Host":      {"X-Forwarded-Host": {"elsewhere.example"}, "X-Forwarded-Proto": {"https"}},
	"X-Forwarded-For":       {"X-Forwarded-For": {"127.0.0.1, 8.8.8.8"}, "X-Real-Ip": {"127.0.0.1"}, "Forwarded": {"for=127.0.0.1;host=elsewhere.example;proto=https"}},
	"Origin":                {"Origin": {"https://elsewhere.example"}},
	"X-Original-URL":        {"X-Original-Url": {"/"}, "X-Rewrite-Url": {"/"}},
	"Authorization":         {"Authorization": {"Nostr e30="}},
	"Host with a user":      {"Host": {"relay.test@elsewhere.example"}},
	"X-Forwarded-Host, two": {"X-Forwarded-Host": {"relay.test", "elsewhere.example"}},
}

// authentications tries to be somebody without being him.
func (tr *transcript) authentications() {
	w := tr.w
	later := func(by time.Duration) func(*nostr.Event) {
		return func(e *nostr.Event) { e.CreatedAt = nostr.Timestamp(time.Now().Add(by).Unix()) }
	}
	tagged := func(name string, values ...string) func(*nostr.Event) {
		return func(e *nostr.Event) {
			rest := nostr.Tags{}
			for _, tag := range e.Tags {
				if tag[0] != name {
					rest = append(rest, tag)
				}
			}
			if e.Tags = rest; values != nil {
				e.Tags = append(e.Tags, append(nostr.Tag{name}, values...))
			}
		}
	}
	other := tr.spy(nil)
	for name, c := range map[string]struct {
		signed func(s *spy) nostr.Event
		taken  bool
	}{
		"another relay's URL":     {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("relay", "wss://elsewhere.example")) }, false},
		"this one's with a path":  {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("relay", publicURL+"/x")) }, false},
		"no relay":                {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("relay")) }, false},
		"an empty relay":          {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("relay", "")) }, false},
		"no challenge":            {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("challenge")) }, false},
		"an empty challenge":      {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("challenge", "")) }, false},
		"a wrong challenge":       {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("challenge", "0011223344556677")) }, false},
		"a part of the challenge": {func(s *spy) nostr.Event { return s.login(w.mallory, tagged("challenge", s.challenge[:8])) }, false},
		"another connection's":    {func(*spy) nostr.Event { return other.login(w.mallory) }, false},
		"eleven minutes old":      {func(s *spy) nostr.Event { return s.login(w.mallory, later(-11*time.Minute)) }, false},
		"eleven minutes ahead":    {func(s *spy) nostr.Event { return s.login(w.mallory, later(11*time.Minute)) }, false},
		"kind 1":                  {func(s *spy) nostr.Event { return s.login(w.mallory, func(e *nostr.Event) { e.Kind = 1 }) }, false},
		"NIP-98's kind":           {func(s *spy) nostr.Event { return s.login(w.mallory, func(e *nostr.Event) { e.Kind = 27235 }) }, false},
		"the seller's name": {func(s *spy) nostr.Event {
			e := s.login(w.mallory)
			e.PubKey = w.seller.pubkey
			e.ID = e.GetID()
			return e
		}, false},
		"the seller's, no id":       {func(s *spy) nostr.Event { e := s.login(w.mallory); e.PubKey = w.seller.pubkey; return e }, false},
		"a changed challenge":       {func(s *spy) nostr.Event { e := other.login(w.mallory); e.Tags[1][1] = s.challenge; return e }, false},
		"no signature":              {func(s *spy) nostr.Event { e := s.login(w.mallory); e.Sig = ""; return e }, false},
		"the wrap's throw-away key": {func(s *spy) nostr.Event { return s.login(w.once) }, true},
		"a stranger":                {func(s *spy) nostr.Event { return s.login(newSpeaker(w.t)) }, true},
	} {
		s := tr.spy(nil)
		answer := s.auth("login", c.signed(s))
		if taken := strings.Contains(answer, ",true,"); taken != c.taken {
			w.t.Errorf("AUTH, %s: got %s", name, answer)
		}
		tr.note("AUTH, "+name, answer)
		tr.note("AUTH, "+name+", kinds", s.req(`{"kinds":[1059]}`))
		tr.note("AUTH, "+name+", all", s.req(`{}`))
		tr.note("AUTH, "+name+", count", s.count(`{"#p":["`+w.seller.pubkey+`"]}`))
	}
	for name, header := range forgeries {
		s := tr.spy(header)
		for _, scheme := range []string{"ws", "wss"} {
			foreign := s.login(w.mallory, tagged("relay", scheme+"://elsewhere.example"))
			if answer := s.auth("foreign", foreign); strings.Contains(answer, ",true,") {
				w.t.Errorf("with a forged %s, an AUTH for another relay is good", name)
			}
		}
		tr.note("forged "+name, s.req(`{"kinds":[1059]}`)+"\n"+s.req(`{"#p":["`+w.seller.pubkey+`"]}`)+"\n"+s.count(`{}`))
	}
	tr.twoKeys()
}

// twoKeys authenticates twice on one socket, the spy's key first: what is served
// stays the spy's, though he even has the recipient's key.
func (tr *transcript) twoKeys() {
	w := tr.w
	s := tr.spyAs(w.mallory)
	tr.note("two keys, before", s.req(`{"kinds":[1059]}`))
	s.auth("second login", s.login(w.seller))
	tr.note("two keys, kinds", s.req(`{"kinds":[1059]}`))
	tr.note("two keys, all", s.req(`{}`))
	tr.note("two keys, ids", s.req(`{"ids":["`+w.stored[0].ID+`"]}`))
	tr.note("two keys, count", s.count(`{"#p":["`+w.seller.pubkey+`"]}`))
}

// theOtherWayRound: the recipient's key first. He who takes the socket over with a
// key of his own goes on being served as the recipient, and has nothing of his own.
func (w *twins) theOtherWayRound() {
	tr := w.newTranscript(w.daemon)
	s := tr.spyAs(w.seller)
	if got := s.req(`{"kinds":[1059]}`); !strings.Contains(got, w.stored[0].ID) {
		w.t.Errorf("the recipient does not read his wrap: %s", got)
	}
	s.auth("second login", s.login(w.mallory))
	got := s.req(`{"kinds":[1059]}`)
	if !strings.Contains(got, w.stored[0].ID) || strings.Contains(got, w.mail.ID) {
		w.t.Error("after a second AUTH, the socket is served as the second key's")
	}
}
