package bunker_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"go.uber.org/goleak"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/fiatjaf/khatru.(*expirationManager).start")) // it has no end
}

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// A world has a user, the bunker that holds the user's key, and a relay.
type world struct {
	relay  *bunkertest.Relay
	user   *nip17.SecretSigner
	alice  *nip17.SecretSigner // who writes to the user
	bunker *bunkertest.Bunker
	conn   bunker.Connection
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{relay: bunkertest.NewRelay(t), user: nip17test.Signer(t), alice: nip17test.Signer(t)}
	w.bunker = bunkertest.Start(t, w.user, w.relay.URL())
	w.conn = parse(t, w.bunker.URL())
	t.Cleanup(func() {
		for _, method := range w.bunker.Asked() {
			if method != "connect" && method != "nip44_decrypt" && method != "get_public_key" {
				t.Errorf("the bunker was asked for %s", method)
			}
		}
	})
	return w
}

func parse(t *testing.T, url string) bunker.Connection {
	t.Helper()
	conn, err := bunker.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// A watched key tells its states.
type watched struct {
	*bunker.Key
	states chan bunker.State
}

// open opens a key that does what it does fast.
func open(t *testing.T, conn bunker.Connection, owner string, opts ...bunker.Option) watched {
	t.Helper()
	k := watched{states: make(chan bunker.State, 10_000)}
	k.Key = bunker.Open(conn, owner, slices.Concat([]bunker.Option{
		bunker.Timeout(patience),
		bunker.Backoff(time.Millisecond, 20*time.Millisecond),
		bunker.OnChange(func(s bunker.State) { k.states <- s }),
	}, opts)...)
	t.Cleanup(k.Zero)
	return k
}

func (w *world) open(t *testing.T, opts ...bunker.Option) watched {
	t.Helper()
	k := open(t, w.conn, w.user.PublicKey(), opts...)
	k.await(t, bunker.Online)
	return k
}

// await reads states until one has the code.
func (k watched) await(t *testing.T, code bunker.Code) bunker.State {
	t.Helper()
	tooLate := time.After(patience)
	for {
		select {
		case s := <-k.states:
			if s.Code == code {
				return s
			}
		case <-tooLate:
			t.Fatalf("%s never comes, the state is %+v", code, k.State())
		}
	}
}

// payload is a text that alice encrypted to the user.
func (w *world) payload(t *testing.T, text string) string {
	t.Helper()
	payload, err := w.alice.Encrypt(t.Context(), w.user.PublicKey(), text)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// bad is a payload that has all the looks, and that nobody opens.
func (w *world) bad(t *testing.T) string {
	t.Helper()
	payload, err := w.alice.Encrypt(t.Context(), w.alice.PublicKey(), "not for the user")
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func (w *world) decrypt(ctx context.Context, k nip17.Key, payload string) (string, error) {
	return k.Decrypt(ctx, w.alice.PublicKey(), payload)
}

// reads checks that the key opens what alice writes.
func (w *world) reads(t *testing.T, k nip17.Key) {
	t.Helper()
	const want = "two crates of lemons"
	if got, err := w.decrypt(t.Context(), k, w.payload(t, want)); got != want || err != nil {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

func wantErr(t *testing.T, err error, want ...error) {
	t.Helper()
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Errorf("got %v, want %v", err, w)
		}
	}
}

// isPayload tells a caller's request from a canary.
func isPayload(r *bunkertest.Request, payload string) bool {
	return r.Method == "nip44_decrypt" && len(r.Params) == 2 && r.Params[1] == payload
}

func count(methods []string, method string) (n int) {
	for _, m := range methods {
		if m == method {
			n++
		}
	}
	return n
}

func message(t *testing.T, from *nip17.SecretSigner, to, text string) *nostr.Event {
	t.Helper()
	wraps, err := nip17.Wrap(t.Context(), from, nostr.Event{Kind: 14, Content: text}, []string{to})
	if err != nil {
		t.Fatal(err)
	}
	return &wraps[0]
}

func long(n int) string { return strings.Repeat("x", n) }
