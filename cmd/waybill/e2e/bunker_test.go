//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip46"

	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// A remoteSigner is go-nostr's bunker for one person, on a relay of its own.
type remoteSigner struct {
	t      *testing.T
	of     *person
	relay  string
	signer nip46.StaticKeySigner

	mu      sync.Mutex
	denies  bool
	methods map[string]int
	stop    func()
}

const bunkerToken = "a-token-for-one-use-only"

func startSigner(p *person, relay string) *remoteSigner {
	s := &remoteSigner{t: p.w.t, of: p, relay: relay, signer: nip46.NewStaticKeySigner(p.secret), methods: map[string]int{}}
	s.signer.AuthorizeRequest = func(harmless bool, _, _ string) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return !s.denies
	}
	s.back()
	p.w.t.Cleanup(func() { s.stop() })
	return s
}

func (s *remoteSigner) url() string {
	return "bunker://" + s.of.pubkey + "?relay=" + s.relay + "&secret=" + bunkerToken
}

func (s *remoteSigner) deny(denies bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denies = denies
}

// back has the signer come online; stop has it go away.
func (s *remoteSigner) back() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	conn, err := nostr.RelayConnect(ctx, s.relay)
	if err != nil {
		s.t.Fatal(err)
	}
	sub, err := conn.Subscribe(ctx, nostr.Filters{{Kinds: []int{nostr.KindNostrConnect}, Tags: nostr.TagMap{"p": {s.of.pubkey}}}})
	if err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for evt := range sub.Events {
			req, _, reply, err := s.signer.HandleRequest(ctx, evt)
			s.mu.Lock()
			s.methods[req.Method]++
			s.mu.Unlock()
			if err == nil || errors.Is(err, context.Canceled) {
				_ = conn.Publish(ctx, reply)
			}
		}
	}()
	s.stop = sync.OnceFunc(func() {
		cancel()
		_ = conn.Close()
		<-done
	})
}

// TestBunker: a participant whose secret stays in his remote signer. It goes away and
// comes back; it withdraws the permission; nobody else waits for it.
func TestBunker(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "other"}, delegated: []string{"other"},
		settings: map[string]string{"PARTICIPANTS_PRIVATE_SIGNERS": "true", "ADMIN_LISTEN": freeAddress(t)}})
	buyer, seller, other := w.person("buyer"), w.person("seller"), w.person("other")
	signer := startSigner(seller, bunkertest.NewRelay(t).URL())
	w.secret(bunkerToken)

	address := func(n int) string { return w.hide(fmt.Sprintf("Rua da Prata %d, 1100-419 Lisboa", n)) }
	order := func(to *person, id string, n int) {
		t.Helper()
		buyer.send(to, intent(to, id, "", 1000, tag("address", address(n))))
	}
	tracked := func(id string) {
		t.Helper()
		w.redis.order(id, stands("intent-sent", "none", "intent"))
	}
	state := func(want string, waiting int) {
		t.Helper()
		within(t, patience, "waybill keys list", func() error {
			var list []enrol.Delegation
			decode(t, w.daemon.do("keys", "list", "--json"), &list)
			i := slices.IndexFunc(list, func(g enrol.Delegation) bool { return g.Pubkey == seller.pubkey })
			if i < 0 || list[i].State != want || list[i].Waiting != waiting {
				return fmt.Errorf("got %+v, want the seller's %s, %d waiting", list, want, waiting)
			}
			return nil
		})
	}

	order(seller, "B-1", 1) // before the permission was given
	seller.http("POST", "/api/v1/keys", map[string]any{"bunker": strings.Replace(signer.url(), seller.pubkey, other.pubkey, 1)}, 503)
	if got := seller.http("POST", "/api/v1/keys", map[string]any{"bunker": signer.url()}, 201); !strings.Contains(got, `"remote-signer"`) {
		t.Errorf("got %s", got)
	}
	tracked("B-1")
	order(seller, "B-2", 2)
	tracked("B-2")
	state("online", 0)

	signer.stop()
	order(seller, "B-3", 3)
	order(seller, "B-4", 4)
	order(other, "O-1", 5)
	tracked("O-1") // nobody else waits
	state("offline", 2)
	signer.back()
	tracked("B-3")
	tracked("B-4")
	state("online", 0)

	// A restart asks with the same client key: the token was good once only.
	w.daemon.stop()
	w.daemon.start()
	w.reconnect()
	order(seller, "B-5", 6)
	tracked("B-5")

	signer.deny(true)
	order(seller, "B-6", 7)
	state("denied", 1)
	if _, err := w.redis.read("B-6"); err == nil {
		t.Error("it opened without the permission")
	}
	signer.mu.Lock()
	for method := range signer.methods {
		if !slices.Contains([]string{"connect", "nip44_decrypt"}, method) {
			t.Errorf("the relay asked the signer for %s", method)
		}
	}
	signer.mu.Unlock()

	w.nothingLeaked() // ends the daemon
	th := w.burglary()
	for n := 1; n <= 7; n++ {
		// The fifth went to the other, whose secret is here.
		if got, want := th.reads(fmt.Sprintf("Rua da Prata %d, 1100-419 Lisboa", n)), n == 5; got != want {
			t.Errorf("address %d: the thief reads it: %v, want %v", n, got, want)
		}
	}
	// He has the relay's permission, which was withdrawn.
	if th.clients == 0 {
		t.Error("the thief did not find the connection to the signer, which the master key opens")
	}
}
