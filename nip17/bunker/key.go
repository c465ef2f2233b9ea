package bunker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/nip17"
)

// Key is a key whose secret is in a remote signer. It connects by itself, and
// stays connected until Zero. Safe for concurrent use.
type Key struct {
	owner  string
	set    settings
	x      *exchange // nil for a Key that was never open
	greet  *greeting
	slots  chan struct{} // one per payload that the signer works on
	wake   chan struct{}
	ctx    context.Context // ends with Zero
	cancel context.CancelFunc
	teller teller

	mu      sync.Mutex
	state   State         // Code and Since
	changed chan struct{} // closed when the code changes, and replaced
	url     string        // of the approval
	silence int           // requests without any reply, one after another
	due     time.Time     // of the next probe
	hurried bool          // since the last one began
	pause   backoff       // between probes
	rounds  []*round      // the probes that somebody waits for
	canary  *canary       // the one that is not sent yet
	singing bool          // one is sent
}

var _ nip17.RemoteKey = (*Key)(nil)

// Open returns a key that asks the signer of conn, which reads for owner (hex);
// that it does is proved before it is asked anything else. The client's secret is
// copied: the caller may Zero his own. Once Prove succeeded the Token is used up,
// and the connection is to be kept with "" for it. Where conn or owner is not valid
// the Key is closed from the beginning.
func Open(conn Connection, owner string, opts ...Option) *Key {
	set := newSettings(opts)
	k := &Key{
		owner:   owner,
		set:     set,
		slots:   make(chan struct{}, set.parallel),
		wake:    make(chan struct{}, 1),
		teller:  teller{tell: set.onChange},
		state:   State{Code: Connecting, Since: time.Now()},
		changed: make(chan struct{}),
		pause:   set.backoff,
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	var err error
	if !conn.valid() || !nip17.ValidPublicKey(owner) {
		err = ErrConnection
	} else if k.x, err = newExchange(conn, set, k); err == nil {
		k.greet = &greeting{x: k.x, token: conn.Token}
		k.x.lines.open(k.ctx)
		go k.supervise()
	}
	if err != nil {
		k.Zero()
	}
	return k
}

// Owner is the identity (hex) that the signer reads for.
func (k *Key) Owner() string { return k.owner }

// PublicKey is the owner: a remote signer reads with the identity's own key.
func (k *Key) PublicKey() string { return k.owner }

// Available reports whether the signer can be asked now, or is about to be.
func (k *Key) Available() bool {
	code, _ := k.look()
	return code == Online || code == Connecting
}

// rounds is how often a payload is refused, with a proof after each time that the
// signer does decrypt, until it counts as bad. Twice, because the error of a
// signer may have been one of the moment, and what counts as bad is lost.
const rounds = 2

// Decrypt has the signer open a NIP-44 v2 payload from the key from (hex). It
// waits for a slot, for the state Connecting to end, and for the reply, but for
// nothing in any other state.
//
// Final errors: nip17.ErrDecrypt for a payload that the signer does not open
// though it opens others, and for one that makes a request of more than 65,535
// bytes, which is some 65,400 of payload: NIP-46 puts it into NIP-44 once more;
// nip17.ErrTooLarge for what is too large for NIP-44 itself; ErrClosed.
// Every other is nip17.ErrKeyUnavailable.
func (k *Key) Decrypt(ctx context.Context, from, payload string) (string, error) {
	if code, _ := k.look(); code == Closed {
		return "", ErrClosed
	}
	if err := plausible(from, payload); err != nil {
		return "", err
	}
	for range rounds {
		r, err := k.ask(ctx, from, payload)
		if err != nil {
			return "", err
		}
		if r.verdict == answered {
			return r.result, nil
		}
		if err := k.tested(ctx); err != nil {
			return "", err
		}
	}
	return "", nip17.ErrDecrypt
}

// plausible spares the signer what no key opens.
func plausible(from, payload string) error {
	if len(payload) > maxPayload {
		return nip17.ErrTooLarge
	}
	if len(payload) < minPayload || !nip17.ValidPublicKey(from) {
		return nip17.ErrDecrypt
	}
	// Go's base64 skips line ends; NIP-44 has none.
	raw, err := base64.StdEncoding.DecodeString(payload)
	if err != nil || strings.ContainsAny(payload, "\r\n") || raw[0] != 2 {
		return nip17.ErrDecrypt
	}
	return nil
}

// ask gives the signer one payload.
func (k *Key) ask(ctx context.Context, from, payload string) (reply, error) {
	if err := k.acquire(ctx); err != nil {
		return reply{}, err
	}
	c, err := k.x.start(methodDecrypt, []string{from, payload}, 0, func() { <-k.slots })
	if errors.Is(err, nip17.ErrTooLarge) {
		return reply{}, nip17.ErrDecrypt // not by this way; by another key of the owner's it may
	}
	if err != nil {
		return reply{}, err
	}
	select {
	case <-c.done:
		return c.reply, c.err
	case <-ctx.Done():
		return reply{}, unavailable(ctx)
	}
}

// acquire takes a slot, and fails as soon as the signer is known not to answer.
func (k *Key) acquire(ctx context.Context) error {
	tooLate := time.NewTimer(k.set.timeout)
	defer tooLate.Stop()
	for {
		var slots chan struct{}
		var late <-chan time.Time
		code, changed := k.look()
		switch code {
		case Online:
			slots = k.slots
		case Connecting:
			late = tooLate.C
		default:
			return code.err()
		}
		if ctx.Err() != nil {
			return unavailable(ctx)
		}
		select {
		case slots <- struct{}{}:
			return nil
		case <-changed:
		case <-late:
			return ErrOffline
		case <-ctx.Done():
			return unavailable(ctx)
		}
	}
}

func unavailable(ctx context.Context) error {
	return fmt.Errorf("%w: %w", nip17.ErrKeyUnavailable, ctx.Err())
}

// look returns the state, and what is closed when it changes.
func (k *Key) look() (Code, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.Code, k.changed
}

// State is how the key stands.
func (k *Key) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.snapshot()
}

func (k *Key) snapshot() State {
	s := k.state
	if k.x != nil {
		s.InFlight, s.Requests, s.Failures = k.x.counters()
	}
	return s
}

// ApprovalURL is the https:// address at which the user approves, for as long as
// the state is Approval; "" where the signer gave none. It is for the owner alone,
// and for no log.
func (k *Key) ApprovalURL() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.url
}

// Zero closes the key at once: what waits fails with ErrClosed, the client's
// secret and what was derived from it are wiped, the connections end.
func (k *Key) Zero() {
	k.mu.Lock()
	k.turn(Closed)
	k.mu.Unlock()
	if k.x != nil {
		k.x.close() // first: a call that loses its lines would be for later
	}
	k.cancel()
}

const redactedKey = "[bunker key]"

// String hides what the key knows.
func (k *Key) String() string { return redactedKey }

// GoString hides what the key knows from %#v.
func (k *Key) GoString() string { return redactedKey }

// Format hides what the key knows from every verb.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedKey) }
