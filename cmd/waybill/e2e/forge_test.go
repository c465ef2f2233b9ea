//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// An envelope is a gift wrap made by hand, in which any layer can be wrong. What
// is nil is made as it should be.
type envelope struct {
	rumor     func(*nostr.Event)         // before it is encoded; it has its id
	rumorText func(string) string        // what is encrypted into the seal
	seal      func(*nostr.Event)         // after it was signed
	sealText  func(string) string        // what is encrypted into the wrap
	wrap      func(*nostr.Event)         // before it is signed
	content   func(string) (sent string) // of the wrap
}

// forge makes the wrap of a message from s to a reader.
func (s *speaker) forge(e envelope, message nostr.Event, to string) nostr.Event {
	s.t.Helper()
	message.PubKey, message.CreatedAt = s.pubkey, nostr.Now()
	message.ID = message.GetID()
	call(e.rumor, &message)
	seal := nostr.Event{Kind: nostr.KindSeal, CreatedAt: nostr.Now(), Tags: nostr.Tags{}}
	seal.Content = s.encrypt(to, change(e.rumorText, strings.Replace(message.String(), `,"sig":""`, "", 1)))
	s.sign(&seal)
	call(e.seal, &seal)
	once := newSpeaker(s.t)
	wrap := nostr.Event{Kind: nostr.KindGiftWrap, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"p", to}}}
	text, err := json.Marshal(seal)
	if err != nil {
		s.t.Fatal(err)
	}
	wrap.Content = change(e.content, once.encrypt(to, change(e.sealText, string(text))))
	call(e.wrap, &wrap)
	once.sign(&wrap)
	return wrap
}

func (s *speaker) encrypt(to, text string) string {
	s.t.Helper()
	sealed, err := s.signer.Encrypt(s.t.Context(), to, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return sealed
}

func (s *speaker) sign(evt *nostr.Event) {
	s.t.Helper()
	if err := s.signer.Sign(s.t.Context(), evt); err != nil {
		s.t.Fatal(err)
	}
}

// event is a signed event of s, now.
func (s *speaker) event(kind int, content string, tags ...nostr.Tag) nostr.Event {
	s.t.Helper()
	evt := nostr.Event{Kind: kind, Content: content, Tags: tags, CreatedAt: nostr.Now()}
	if evt.Tags == nil {
		evt.Tags = nostr.Tags{}
	}
	s.sign(&evt)
	return evt
}

func call(f func(*nostr.Event), evt *nostr.Event) {
	if f != nil {
		f(evt)
	}
}

func change(f func(string) string, text string) string {
	if f == nil {
		return text
	}
	return f(text)
}

// in2099 is the first second of the year 2099.
var in2099 = nostr.Timestamp(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
