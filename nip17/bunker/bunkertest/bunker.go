package bunkertest

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

// Token is the secret in the address of every Bunker.
const Token = "the-token-of-this-bunker"

// A Bunker is a remote signer that holds one user's key, under another key of its
// own. It knows connect, get_public_key and nip44_decrypt; everything else it
// notes and refuses.
type Bunker struct {
	t      testing.TB
	user   *nip17.SecretSigner
	signer *nip17.SecretSigner
	relays []string

	mu      sync.Mutex
	lines   []*line
	seen    map[string]bool // events, which come once by every relay
	clients map[string]bool // who connected
	spent   bool            // the token
	denied  bool
	handle  func(*Request)
	asked   []string
	working sync.WaitGroup
}

// Start makes a bunker for user that listens on the relays (URLs) until the end of
// the test.
func Start(t testing.TB, user *nip17.SecretSigner, relays ...string) *Bunker {
	t.Helper()
	b := &Bunker{
		t: t, user: user, signer: nip17test.Signer(t), relays: relays,
		seen: map[string]bool{}, clients: map[string]bool{},
	}
	b.Back()
	t.Cleanup(b.Away)
	return b
}

// PublicKey is the bunker's own (hex), not its user's.
func (b *Bunker) PublicKey() string { return b.signer.PublicKey() }

// URL is the bunker:// address, with further relays beside its own.
func (b *Bunker) URL(further ...string) string {
	query := url.Values{"relay": slices.Concat(further, b.relays), "secret": {Token}}
	return "bunker://" + b.PublicKey() + "?" + query.Encode()
}

// Away ends its connections. It returns when the requests at hand are done.
func (b *Bunker) Away() {
	b.mu.Lock()
	lines := b.lines
	b.lines = nil
	b.mu.Unlock()
	for _, l := range lines {
		l.close()
	}
	b.working.Wait()
}

// Back connects to its relays, and returns when it listens on them.
func (b *Bunker) Back() {
	b.t.Helper()
	for _, relay := range b.relays {
		l, err := dial(relay, b)
		if err != nil {
			b.t.Fatalf("bunkertest: %s: %v", relay, err)
		}
		// Before it listens, since it may be asked at once.
		b.mu.Lock()
		b.lines = append(b.lines, l)
		b.mu.Unlock()
		if !l.listen() {
			b.t.Fatalf("bunkertest: %s hung up", relay)
		}
	}
}

// Deny withdraws the permission to decrypt. What it refuses with quotes what it
// was asked to decrypt, in clear.
func (b *Bunker) Deny() { b.deny(true) }

// Allow gives it back.
func (b *Bunker) Allow() { b.deny(false) }

func (b *Bunker) deny(denied bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.denied = denied
}

// Handle gives every request to f, each in a goroutine of its own, in place of
// answering it; nil undoes that.
func (b *Bunker) Handle(f func(*Request)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handle = f
}

// Asked are the methods of the requests that arrived, in their order.
func (b *Bunker) Asked() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

// Accept answers a nostrconnect:// address, whose relays have to be the bunker's.
func (b *Bunker) Accept(uri string) {
	b.t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	b.clients[u.Host] = true
	b.mu.Unlock()
	(&Request{bunker: b, Client: u.Host, ID: "accepted"}).Reply(u.Query().Get("secret"))
}

// received is called by the lines.
func (b *Bunker) received(evt *nostr.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines == nil || b.seen[evt.ID] {
		return
	}
	b.seen[evt.ID] = true
	b.working.Go(func() {
		r, ok := b.read(evt)
		if !ok {
			return
		}
		b.mu.Lock()
		b.asked = append(b.asked, r.Method)
		handle := b.handle
		b.mu.Unlock()
		if handle != nil {
			handle(r)
			return
		}
		r.Pass()
	})
}

func (b *Bunker) publish(evt nostr.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines {
		l.put("EVENT", evt)
	}
}

func (b *Bunker) decrypt(from, payload string) (string, error) {
	return b.user.Decrypt(context.Background(), from, payload)
}
