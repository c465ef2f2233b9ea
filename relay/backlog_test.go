package relay

import (
	"bytes"
	"context"
	"fmt"
	"os"
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

// newStore is an empty one, and its file.
func newStore(t *testing.T) (store *nip17.Store, path string) {
	t.Helper()
	dir := t.TempDir()
	master, err := nip17.LoadMaster(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "keys.json")
	if store, err = nip17.OpenStore(path, master); err != nil {
		t.Fatal(err)
	}
	return store, path
}

// keyFile is a new key file, with a backlog over it that does not run yet.
func (h *house) keyFile() (*Backlog, *nip17.Store) {
	h.t.Helper()
	store, _ := newStore(h.t)
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
			t.Parallel()
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
			facts, err := h.ledger.Tellable(h.ctx, 0, 1000, 10)
			if err != nil || len(facts) != 1 || !facts[0].Late {
				t.Errorf("old news is told: %d facts, %v", len(facts), err)
			}
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

// parting is a remote signer from which its owner parts while it answers.
type parting struct {
	*nip17.LocalKey
	part func()
}

func (p parting) Available() bool { return true }

func (p parting) Decrypt(ctx context.Context, from, payload string) (string, error) {
	plain, err := p.LocalKey.Decrypt(ctx, from, payload)
	p.part()
	return plain, err
}

// A key that another process takes away while it is being asked opens nothing more,
// whatever it answers.
func TestRevokedWhileItAnswers(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	store, _ := newStore(t)
	part := func() {}
	store.Connect(func(nip17.Entry, []byte) (nip17.Key, error) {
		return parting{readingKey(t, seller), func() { part() }}, nil
	})
	if _, err := store.AddRemote(seller.PublicKey(), []byte("a connection"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	h.decoder.Follow(NewBacklog(h.ledger, h.decoder, h.keyring, store, 0, zerolog.Nop()).FollowKeys)
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "P-1"))[0]
	read := func() ledger.Arrival { return h.decoder.decode(h.ctx, &wrap, time.Now().UnixMilli()).Arrival }
	if a := read(); a.State != ledger.Opened || len(a.Facts) != 1 {
		t.Fatalf("before: got %s %q with %d facts", a.State, a.Reason, len(a.Facts))
	}
	part = func() {
		if _, err := store.Remove(seller.PublicKey()); err != nil {
			t.Error(err)
		}
	}
	if a := read(); a.State != ledger.Waiting || a.Recipient != seller.PublicKey() || len(a.Facts) > 0 || a.Seal != nil {
		t.Errorf("got %s %q with %d facts, want it to wait", a.State, a.Reason, len(a.Facts))
	}
}

// What was answered for in time waits with the slowest beside it: where the key is taken
// away meanwhile, it stays closed as well.
func TestRevokedBeforeAllHaveAnswered(t *testing.T) {
	var late func(string)
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota, c.Late = true, 1000, func(r string) { late(r) } })
	buyer, seller := newSigner(t), newSigner(t)
	backlog, _ := h.follow()
	late = backlog.Late
	wraps := []nostr.Event{h.wraps(buyer, intent(seller.PublicKey(), "S-0"))[0], h.wraps(buyer, intent(seller.PublicKey(), "S-1"))[0]}
	s := h.connect(nil)
	for _, w := range wraps {
		h.publish(s, w)
	}
	asked, goOn := make(chan string, len(wraps)), make(chan struct{})
	signer := &slowSigner{readingKey(t, seller), func(from string) {
		asked <- from
		if from == wraps[1].PubKey {
			<-goOn
		}
	}}
	if err := h.keyring.Add(signer); err != nil {
		t.Fatal(err)
	}
	backlog.KeysChanged(seller.PublicKey())
	for range wraps {
		<-asked
	}
	h.keyring.Remove(seller.PublicKey())
	close(goOn)
	backlog.asking.Wait()
	waiting, err := h.ledger.Unopened(h.ctx, seller.PublicKey(), 0, 10)
	if err != nil || len(waiting) != len(wraps) {
		t.Errorf("%d wait, %v; want them all", len(waiting), err)
	}
}

// slowSigner is a remote signer that takes its time.
type slowSigner struct {
	*nip17.LocalKey
	think func(from string)
}

func (s *slowSigner) Available() bool { return true }

func (s *slowSigner) Decrypt(ctx context.Context, from, payload string) (string, error) {
	plain, err := s.LocalKey.Decrypt(ctx, from, payload)
	s.think(from)
	return plain, err
}

// A stored key that does not open is nobody else's fault: theirs come and go.
func TestLockedKeyKeepsNobodyOut(t *testing.T) {
	h := newHouse(t)
	store, path := newStore(t)
	backlog := NewBacklog(h.ledger, h.decoder, h.keyring, store, 0, zerolog.Nop())
	var pubkeys []string
	for range 3 {
		secret, err := nip17.GenerateSecret()
		if err != nil {
			t.Fatal(err)
		}
		pubkeys = append(pubkeys, secret.PublicKey())
		if _, err := store.Add(secret, "", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(text, []byte(`"sealed": "v1.`), []byte(`"sealed": "v1.A`), 1)
	if err := os.WriteFile(path, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := backlog.FollowKeys(); err != nil || h.keyring.Holds(pubkeys[0]) || !h.keyring.Holds(pubkeys[1]) {
		t.Fatalf("got %v", err)
	}
	if _, err := store.Remove(pubkeys[1]); err != nil {
		t.Fatal(err)
	}
	if err := backlog.FollowKeys(); err != nil || h.keyring.Holds(pubkeys[1]) || !h.keyring.Holds(pubkeys[2]) {
		t.Errorf("after one was removed: got %v", err)
	}
}

// What waited for its owner's signer is news when that is back, and old news when another
// key, handed over later, opens it.
func TestNewsOfASigner(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota = true, 100 })
		backlog, store := h.follow()
		buyer := newSigner(t)
		secret, err := nip17.GenerateSecret()
		if err != nil {
			t.Fatal(err)
		}
		reading, err := nip17.NewLocalKey(secret, "")
		if err != nil {
			t.Fatal(err)
		}
		seller := secret.PublicKey()
		signer := &fakeSigner{LocalKey: reading, away: true}
		if err := h.keyring.Add(signer); err != nil {
			t.Fatal(err)
		}
		h.publish(h.connect(nil), h.wraps(buyer, intent(seller, "N-1"))[0])
		if late {
			h.keyring.Remove(seller)
			if _, err := store.Add(secret, "", time.Time{}); err != nil {
				t.Fatal(err)
			}
		} else {
			signer.set(false)
			backlog.Late(seller)
		}
		h.order("N-1", func(o *orders.Order) bool { return o.Status == orders.StatusIntentSent })
		facts, err := h.ledger.Tellable(h.ctx, 0, 1000, 10)
		if err != nil || len(facts) != 1 || facts[0].Late != late {
			t.Errorf("by another key %v: got %+v, %v", late, facts, err)
		}
	}
}

// Who waits for his signer waits for nobody else's past, however slowly that is opened.
func TestBacklogByTurns(t *testing.T) {
	t.Parallel()
	var late func(string)
	h := newHouse(t, func(c *Config) { c.Anyone, c.InboxQuota, c.Late = true, 1000, func(r string) { late(r) } })
	buyer, other := newSigner(t), newSigner(t)
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	const n = 100 // ten seconds of them
	for i := range n {
		h.publish(s, h.wraps(buyer, intent(secret.PublicKey(), fmt.Sprint("S-", i)))[0])
	}
	if err := h.keyring.Add(&fakeSigner{LocalKey: readingKey(t, other)}); err != nil {
		t.Fatal(err)
	}
	backlog, store := h.follow()
	late = backlog.Late
	backlog.SetRate(10)
	if _, err := store.Add(secret, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	h.order("S-0", func(*orders.Order) bool { return true })
	h.publish(s, h.wraps(buyer, intent(other.PublicKey(), "now"))[0])
	h.order("now", func(*orders.Order) bool { return true })
	left, err := h.ledger.Unopened(h.ctx, secret.PublicKey(), 0, n)
	if err != nil || len(left) == 0 {
		t.Errorf("all of another's past was opened before, %v", err)
	}
	inOrder(t, h)
}
