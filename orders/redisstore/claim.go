package redisstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// ErrForeign is in the chain of an error that says that the projection in this
// Redis is another ledger's, and that nothing was written.
var ErrForeign = errors.New("another ledger's projection")

const (
	// BeatEvery is how often a daemon says that it is alive.
	BeatEvery = 2 * time.Second
	// patience is how long a claim must stand still before another ledger's
	// daemon believes that nobody is behind it.
	patience = 10 * time.Second
)

// A Claim keeps the projection in one Redis for one ledger. Two daemons with
// ledgers of their own would each rebuild over the other for ever; so whoever
// projects says that it is alive, and a newcomer with another ledger looks on
// for a while before it takes over. Redis counts those signs and keeps no time:
// a claim does not expire, it is seen to stand still.
//
// The daemons of one ledger (one after the other; its lock sees to that) and
// the commands beside them share a claim. A Claim is safe for concurrent use.
type Claim struct {
	store    *Store
	ledger   string
	patience time.Duration

	mu    sync.Mutex
	other [2]string // another's ledger and beat, as last seen
	since time.Time // when they were first seen
	alive bool      // the other's beat went on while we looked
}

// Claim binds the Store to a ledger (its id): from now on an order is written
// only while no other ledger claims the projection, and ErrForeign otherwise.
func (s *Store) Claim(ledger string) *Claim {
	s.ledger.Store(&ledger)
	return &Claim{store: s, ledger: ledger, patience: patience}
}

// Hold says that this ledger's daemon is alive, and claims the projection where
// nobody does, or where the one who did has not been heard of for 10 s. It is to
// be called before anything is projected, and every BeatEvery (see Keep).
// ErrForeign: it is another's at present. EUNAVAILABLE, EINTERNAL.
func (c *Claim) Hold(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var dead [2]string
	if !c.since.IsZero() && time.Since(c.since) >= c.patience {
		dead = c.other
	}
	at, err := claimScript.Run(ctx, c.store.client, []string{claimKey}, c.ledger, dead[0], dead[1]).StringSlice()
	switch {
	case err != nil:
		return fail(err)
	case at[0] == c.ledger:
		c.clear()
		return nil
	case c.other != [2]string(at):
		c.alive = c.other[0] == at[0]
		c.other, c.since = [2]string(at), time.Now()
	}
	if c.alive {
		return foreign(nil)
	}
	return &orders.Error{Code: orders.EUNAVAILABLE, Err: ErrForeign,
		Message: "the order indexes in this Redis are of another ledger: they are built anew for this one if nobody is heard of for " + c.patience.String()}
}

// clear forgets what was seen of another's claim.
func (c *Claim) clear() { c.other, c.since, c.alive = [2]string{}, time.Time{}, false }

// foreign says that another daemon is alive.
func foreign(cause error) error {
	return &orders.Error{Code: orders.EUNAVAILABLE, Err: errors.Join(ErrForeign, cause),
		Message: "another Waybill writes to this Redis: give each its own database number (redis.url, as in redis://host:6379/1)"}
}

// Keep calls Hold every BeatEvery until ctx ends. What it returns does not matter
// here: whoever projects asks too, and hears it.
func (c *Claim) Keep(ctx context.Context) {
	tick := time.NewTicker(BeatEvery)
	defer tick.Stop()
	for {
		_ = c.Hold(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Take is Hold for a command that does not come back later: it waits until the
// projection is this ledger's, or it is certain that another daemon is alive
// (ErrForeign), which takes some 10 s at most.
func (c *Claim) Take(ctx context.Context) error {
	c.mu.Lock()
	c.clear() // what was seen long ago is no sign of life
	c.mu.Unlock()
	look := time.NewTicker(c.patience / 20)
	defer look.Stop()
	for {
		err := c.Hold(ctx)
		c.mu.Lock()
		sure := c.alive
		c.mu.Unlock()
		if sure || !errors.Is(err, ErrForeign) {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return err
		}
	}
}

// Release gives the claim up, so that another ledger's daemon (that of a backup
// that was restored) need not wait. EUNAVAILABLE, EINTERNAL.
func (c *Claim) Release(ctx context.Context) error {
	return fail(releaseScript.Run(ctx, c.store.client, []string{claimKey}, c.ledger).Err())
}
