package relay

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// fakeSigner is a remote signer whose owner switches it off and on.
type fakeSigner struct {
	*nip17.LocalKey
	mu     sync.Mutex
	away   bool
	mute   map[string]bool // authors of wraps about which it says nothing
	asked  int
	atOnce int
	most   int
}

func (f *fakeSigner) Available() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.away
}

func (f *fakeSigner) set(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

func (f *fakeSigner) Decrypt(ctx context.Context, from, payload string) (string, error) {
	f.mu.Lock()
	f.asked++
	f.atOnce++
	f.most = max(f.most, f.atOnce)
	silent := f.away || f.mute[from]
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.atOnce--
	}()
	if silent {
		return "", nip17.ErrKeyUnavailable
	}
	return f.LocalKey.Decrypt(ctx, from, payload)
}

// keyFile is a new key file, with a backlog over it that does not run yet.
func (h *house) keyFile() (*Backlog, *nip17.Store) {
	h.t.Helper()
	dir := h.t.TempDir()
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		h.t.Fatal(err)
	}
	store, err := nip17.OpenStore(filepath.Join(dir, "keys.json"), master)
	if err != nil {
		h.t.Fatal(err)
	}
	backlog := NewBacklog(h.ledger, h.decoder, h.keyring, store, 0, zerolog.Nop())
	h.decoder.Follow(backlog.FollowKeys)
	return backlog, store
}

// follow runs a backlog over a new key file until the test ends.
func (h *house) follow() (*Backlog, *nip17.Store) {
	h.t.Helper()
	backlog, store := h.keyFile()
	ctx, cancel := context.WithCancel(h.ctx)
	done := make(chan error, 1)
	go func() { done <- backlog.Run(ctx) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
	return backlog, store
}

// Who hands over a key by a command beside the relay takes part from that moment on, and
// who takes it back does not: nobody waits until the key file is looked at again.
func TestParticipantsOfTheKeyFile(t *testing.T) {
	h := newHouse(t)
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	buyer, seller := newSigner(t), secret.PublicKey()
	_, store := h.keyFile()
	s := h.connect(nil)
	if _, err := store.Add(secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	h.publish(s, h.wraps(buyer, intent(seller, "A-1"))[0])
	if _, err := store.Remove(seller); err != nil {
		t.Fatal(err)
	}
	if err := s.publish(h.wraps(buyer, intent(seller, "A-2"))[0]); err == nil || !strings.Contains(err.Error(), "restricted:") {
		t.Errorf("after the key was removed: got %v, want restricted", err)
	}
}

// What only a remote signer opens is stored at once and opened when it answers; a
// signer that is away delays nobody else; and a message that it does not answer for
// does not keep those behind it.
func TestRemoteSigner(t *testing.T) {
	var late func(string)
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota, c.Late = true, 1000, func(r string) { late(r) } })
	buyer, seller, other := newSigner(t), newSigner(t), newSigner(t)
	signer := &fakeSigner{LocalKey: readingKey(t, seller), away: true, mute: map[string]bool{}}
	if err := h.keyring.Add(signer); err != nil {
		t.Fatal(err)
	}
	if err := h.keyring.Add(readingKey(t, other)); err != nil {
		t.Fatal(err)
	}
	backlog, _ := h.follow()
	late = backlog.Late

	// To the seller it never answers about the first one.
	s := h.connect(nil)
	poison := h.wraps(buyer, intent(seller.PublicKey(), "poison"))[0]
	signer.mute[poison.PubKey] = true
	h.publish(s, poison)
	const n = 20
	for i := range n {
		h.publish(s, h.wraps(buyer, intent(seller.PublicKey(), fmt.Sprint("S-", i)))[0])
	}
	h.publish(s, h.wraps(buyer, intent(other.PublicKey(), "O-1"))[0])
	h.order("O-1", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
	if signer.asked != 0 {
		t.Errorf("a signer that is away was asked %d times", signer.asked)
	}
	waiting, err := h.ledger.Unopened(h.ctx, seller.PublicKey(), 0, 100)
	if err != nil || len(waiting) != n+1 {
		t.Fatalf("%d wait, %v; want %d", len(waiting), err, n+1)
	}

	signer.set(false)
	backlog.Late(seller.PublicKey())
	for i := range n {
		h.order(fmt.Sprint("S-", i), func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
	}
	if signer.most > openedAtOnce {
		t.Errorf("%d were asked at once, want %d at most", signer.most, openedAtOnce)
	}
	inOrder(t, h)
	h.publish(s, h.wraps(buyer, intent(seller.PublicKey(), "live"))[0])
	h.order("live", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })

	// It is tried again by itself, and opens once the signer says something.
	signer.mu.Lock()
	delete(signer.mute, poison.PubKey)
	signer.mu.Unlock()
	h.order("poison", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
}

// inOrder: facts came into the ledger in the order in which their wraps arrived.
func inOrder(t *testing.T, h *house) {
	t.Helper()
	facts, _, _, err := h.ledger.News(h.ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for _, f := range facts {
		var i int
		if _, err := fmt.Sscanf(f.OrderID, "S-%d", &i); err != nil {
			continue
		}
		if i != next {
			t.Errorf("S-%d came where S-%d was due", i, next)
		}
		next = i + 1
	}
}

// A key for what cannot be opened with it costs one look at each message, not one
// for every message that comes.
func TestBacklogPassesOver(t *testing.T) {
	var late func(string)
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota, c.Late = true, 1000, func(r string) { late(r) } })
	buyer, seller := newSigner(t), newSigner(t)
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	encryption, err := nip17.NewLocalKey(secret, seller.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	counting := &fakeSigner{LocalKey: encryption}
	if err := h.keyring.Add(localOnly{counting}); err != nil {
		t.Fatal(err)
	}
	backlog, _ := h.follow()
	late = backlog.Late
	s := h.connect(nil)
	const n = 30
	for i := range n {
		h.publish(s, h.wraps(buyer, intent(seller.PublicKey(), fmt.Sprint(i)))[0])
	}
	eventually(t, "every message was tried by the backlog", func() bool {
		backlog.mu.Lock()
		defer backlog.mu.Unlock()
		rows, err := h.ledger.Unopened(h.ctx, seller.PublicKey(), backlog.queue(seller.PublicKey()).passed, 10)
		return err == nil && len(rows) == 0
	})
	counting.mu.Lock()
	defer counting.mu.Unlock()
	if counting.asked > 2*n {
		t.Errorf("%d decryptions for %d messages, want one when they arrive and one by the backlog", counting.asked, n)
	}
}

// localOnly hides that the signer is a remote one.
type localOnly struct{ signer *fakeSigner }

func (l localOnly) Owner() string     { return l.signer.Owner() }
func (l localOnly) PublicKey() string { return l.signer.PublicKey() }
func (l localOnly) Decrypt(ctx context.Context, from, payload string) (string, error) {
	return l.signer.Decrypt(ctx, from, payload)
}

// A bounded rate: a past of many messages takes its time, and what comes now does not.
func TestBacklogRate(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota = true, 1000 })
	buyer, other := newSigner(t), newSigner(t)
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	for i := range 30 {
		h.publish(s, h.wraps(buyer, intent(secret.PublicKey(), fmt.Sprint("S-", i)))[0])
	}
	if err := h.keyring.Add(readingKey(t, other)); err != nil {
		t.Fatal(err)
	}
	backlog, store := h.follow()
	backlog.SetRate(10) // 10 at once, then 10 a second
	began := time.Now()
	if _, err := store.Add(secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	h.publish(s, h.wraps(buyer, intent(other.PublicKey(), "now"))[0])
	h.order("now", func(o *orders.Order) bool { return true })
	now := time.Since(began)
	h.order("S-29", func(o *orders.Order) bool { return true })
	if all := time.Since(began); all < 1500*time.Millisecond || all < now {
		t.Errorf("30 were opened within %v, one that came meanwhile within %v: that is no rate of 10 a second", all, now)
	}
}

// What somebody says to the relay itself is no order message, and leaves no box
// that could be opened: it may be a secret. Nor does what the relay says.
func TestRequests(t *testing.T) {
	var asked []Request
	h := newHouse(t, func(c *Config) { c.Request = func(r Request) { asked = append(asked, r) } })
	seller, buyer := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	say := func(from *nip17.SecretSigner, text string, to ...string) []nostr.Event {
		t.Helper()
		rumor := nostr.Event{Kind: nostr.KindDirectMessage, Content: text, CreatedAt: nostr.Now(), Tags: nostr.Tags{}}
		for _, p := range to {
			rumor.Tags = append(rumor.Tags, nostr.Tag{"p", p})
		}
		ws, err := nip17.Wrap(h.ctx, from, rumor, to)
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
	self := h.self.PublicKey()
	s := h.connect(nil)
	for _, tt := range []struct {
		name    string
		from    *nip17.SecretSigner
		text    string
		to      []string
		asks    bool
		reasons string // of the seller's own copy
	}{
		{"an offer", seller, "enrol bunker://" + self, []string{self}, true, reasonRequest},
		{"nonsense behind a verb", seller, "Enroll nsec1nonsense", []string{self}, true, reasonRequest},
		{"a key without a word", seller, "nsec1nonsense", []string{self}, true, reasonRequest},
		{"chat", seller, "hello relay", []string{self}, false, ""},
		{"not to the relay alone", seller, "revoke all", []string{self, buyer.PublicKey()}, false, ""},
		{"the relay's own word", h.self, "I hold a key of yours", []string{seller.PublicKey()}, false, ledger.ReasonNotice},
	} {
		asked = nil
		for _, w := range say(tt.from, tt.text, tt.to...) {
			reader := recipients(&w)[0]
			if reader != self && reader != seller.PublicKey() {
				continue
			}
			a := h.decode(w)
			if tt.reasons != "" && (a.State != ledger.Opened || a.Reason != tt.reasons || len(a.Facts) > 0) {
				t.Errorf("%s: got %s %q with %d facts, want %q and none", tt.name, a.State, a.Reason, len(a.Facts), tt.reasons)
			}
			h.publish(s, w)
			h.publish(s, w) // a duplicate asks nothing more
		}
		if got := len(asked) == 1 && asked[0].From == tt.from.PublicKey(); got != tt.asks || len(asked) > 1 {
			t.Errorf("%s: asked %v, want %v", tt.name, asked, tt.asks)
		}
	}
}

// A message to an identity may be encrypted to a key that is handed over later: it is
// not given up for good by the keys of before, whatever they are.
func TestLaterKeyOpensWhatOthersCouldNot(t *testing.T) {
	for _, tt := range []struct {
		name string
		held func(*fakeSigner) nip17.Key
		away bool
	}{
		{"beside the identity key", func(f *fakeSigner) nip17.Key { return f.LocalKey }, false},
		{"beside a remote signer", func(f *fakeSigner) nip17.Key { return f }, false},
		{"beside a remote signer that is away", func(f *fakeSigner) nip17.Key { return f }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var late func(string)
			h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota, c.Late = true, 100, func(r string) { late(r) } })
			buyer, seller := newSigner(t), newSigner(t)
			if err := h.keyring.Add(tt.held(&fakeSigner{LocalKey: readingKey(t, seller), away: tt.away})); err != nil {
				t.Fatal(err)
			}
			backlog, store := h.follow()
			late = backlog.Late
			secret, err := nip17.GenerateSecret()
			if err != nil {
				t.Fatal(err)
			}
			encryption, err := nip17.NewLocalKey(secret, "")
			if err != nil {
				t.Fatal(err)
			}
			// To the seller by its tag, and encrypted to another key.
			wrap := h.readdressed(h.wraps(buyer, intent(seller.PublicKey(), "E-1"), secret.PublicKey()), encryption, seller.PublicKey())
			s := h.connect(nil)
			h.publish(s, wrap)
			eventually(t, "the backlog was gone through", func() bool {
				rows, err := h.ledger.Undecrypted(h.ctx, seller.PublicKey(), 0, 10)
				return err == nil && (len(rows) == 1 || tt.away)
			})
			if _, err := store.Add(secret, seller.PublicKey(), time.Time{}); err != nil {
				t.Fatal(err)
			}
			h.order("E-1", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
		})
	}
}

// readdressed is the wrap among ws that is encrypted to reader, made anew with
// another recipient in its tag.
func (h *house) readdressed(ws []nostr.Event, reader *nip17.LocalKey, recipient string) nostr.Event {
	h.t.Helper()
	for _, w := range ws {
		if recipients(&w)[0] != reader.PublicKey() {
			continue
		}
		seal, err := reader.Decrypt(h.ctx, w.PubKey, w.Content)
		if err != nil {
			h.t.Fatal(err)
		}
		once := newSigner(h.t)
		if w.Content, err = once.Encrypt(h.ctx, reader.PublicKey(), seal); err != nil {
			h.t.Fatal(err)
		}
		w.Tags = nostr.Tags{{"p", recipient}}
		return signed(h.t, once, w)
	}
	h.t.Fatal("there is no such wrap")
	return nostr.Event{}
}
