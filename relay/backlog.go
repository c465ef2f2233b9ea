package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Backlog opens what could not be opened when it arrived: what a crash left,
// what waited for a key, and everything that only a remote signer opens. It uses
// the same Decoder as the live path does, and goes through each owner's messages
// in the order of arrival. Make it with NewBacklog.
type Backlog struct {
	ledger  *ledger.Ledger
	decoder *Decoder
	keyring *nip17.Keyring
	store   *nip17.Store // delegated keys; its file may change at any time, by another process
	log     zerolog.Logger
	told    func(came, went []nip17.Entry)
	rate    *rate.Limiter // messages a second, with the keys in this process

	mu     sync.Mutex
	queues map[string]*queue // owner → what waits for his keys
	due    []string          // owners whose queue is to be gone through
	wake   chan struct{}
	asking sync.WaitGroup // goroutines that ask remote signers
}

// NewBacklog makes a Backlog that opens perSecond messages at most with the keys
// in this process; 0 or less means without a bound. So somebody's whole past does
// not take the machine from those who write now.
func NewBacklog(l *ledger.Ledger, d *Decoder, keyring *nip17.Keyring, store *nip17.Store, perSecond int, log zerolog.Logger) *Backlog {
	b := &Backlog{
		ledger: l, decoder: d, keyring: keyring, store: store, log: log, rate: rate.NewLimiter(rate.Inf, 1),
		queues: map[string]*queue{}, wake: make(chan struct{}, 1),
	}
	b.SetRate(perSecond)
	return b
}

// SetRate changes what NewBacklog was given.
func (b *Backlog) SetRate(perSecond int) {
	limit := rate.Inf
	if perSecond > 0 {
		limit = rate.Limit(perSecond)
	}
	b.rate.SetLimit(limit)
	b.rate.SetBurst(max(1, perSecond))
}

// Told has f called whenever keys have come or gone while it runs. Call it first.
func (b *Backlog) Told(f func(came, went []nip17.Entry)) { b.told = f }

// Late says that a message waits in the inbox of recipient (hex) though his key is
// held, or that his remote signer can be asked again.
func (b *Backlog) Late(recipient string) {
	owner, _ := b.keyring.OwnerOf(recipient)
	b.mu.Lock()
	b.enqueue(b.queue(owner))
	b.mu.Unlock()
	b.knock()
}

// KeysChanged says that the owners' (hex) keys are others than before: what they
// could not open is tried again.
func (b *Backlog) KeysChanged(owners ...string) {
	b.mu.Lock()
	for _, owner := range owners {
		delete(b.queues, owner) // whoever is at work with it finishes his part
		q := b.queue(owner)
		q.renewed = time.Now().UnixMilli()
		b.enqueue(q)
	}
	b.mu.Unlock()
	b.knock()
}

func (b *Backlog) knock() {
	select {
	case b.wake <- struct{}{}:
	default: // somebody has knocked already
	}
}

// keysEvery is how often the key file is looked at where nothing arrives.
const keysEvery = time.Second

// Run follows the key file until ctx ends: a removed key opens nothing more at
// once, an added one opens what waits. What fails is tried again.
func (b *Backlog) Run(ctx context.Context) error {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	defer b.asking.Wait()
	for _, owner := range b.keyring.Owners() {
		b.Late(owner)
	}
	for {
		if err := b.round(ctx); err != nil && ctx.Err() == nil {
			b.log.Error().Err(err).Msg("what waits for its key could not be opened; trying again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		case <-tick.C:
		}
	}
}

// round goes once through the queues that are due, one batch of each by turns:
// nobody waits for somebody else's whole past.
func (b *Backlog) round(ctx context.Context) error {
	if err := b.FollowKeys(); err != nil {
		return err
	}
	for q := b.next(); q != nil; q = b.next() {
		// What a key in this process opens is opened by it, also where there is a signer.
		more, err := b.openSome(ctx, q, nil)
		if more || err != nil {
			b.Late(q.owner)
		}
		if err != nil {
			return err
		}
		if key := b.remote(q.owner); key != nil && !more {
			b.ask(ctx, q, key)
		}
	}
	return nil
}

// FollowKeys brings the keyring in line with the key file, where that has changed.
func (b *Backlog) FollowKeys() error {
	if !b.store.Stale() {
		return nil
	}
	came, went, err := b.store.Load(b.keyring)
	if len(came)+len(went) > 0 {
		b.log.Info().Int("added", len(came)).Int("removed", len(went)).Msg("the delegated keys have changed")
	}
	var owners []string
	for _, e := range append(came, went...) {
		owners = append(owners, e.Owner)
	}
	b.KeysChanged(owners...)
	if b.told != nil && len(owners) > 0 {
		b.told(came, went)
	}
	if errors.Is(err, nip17.ErrMaster) { // one that does not open keeps nobody else's out
		b.log.Error().Err(err).Msg("not every delegated key can be used")
		return nil
	}
	return err
}
