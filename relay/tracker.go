package relay

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Tracker follows the ledger: it takes what is new, facts and erasures, in its
// order, and projects every order that it touches. How far it has come stands in Redis beside what it
// wrote, so a Redis that lost something is brought up to date from where it is.
type Tracker struct {
	Ledger *ledger.Ledger
	Store  *redisstore.Store
	Log    zerolog.Logger
	// Meter is told what the facts above Counted do to their orders, each once,
	// whatever becomes of Redis; nil: nobody is. Counted is the ledger's LastSeq from
	// before anything was accepted: what came earlier was counted by whoever took it.
	Meter   Meter
	Counted int64

	// Projected is told up to which seq of the ledger the order indexes are, after every
	// step; less than before where Redis has lost something. It must not wait. nil:
	// nobody is told.
	Projected func(seq int64)

	// Changed is called with the orders that have changed, once they are in the
	// indexes; after a rebuild it is not. nil: nobody is told.
	Changed func(ctx context.Context, keys []orders.Key)

	lag lagMarks
}

const (
	trackBatch = 1000
	lookEvery  = 2 * time.Second
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// Run tracks until ctx ends. A Redis that does not answer is waited for; the
// relay goes on accepting meanwhile.
func (t *Tracker) Run(ctx context.Context) error {
	t.lag.begin(time.Now())
	wait := retryFirst
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for ctx.Err() == nil {
		// Asked before reading: a fact that comes between the two wakes us.
		changed := t.Ledger.Changed()
		more, err := t.step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			level := zerolog.WarnLevel
			if errors.Is(err, redisstore.ErrForeign) {
				level = zerolog.ErrorLevel // it does not pass by itself
			}
			t.Log.WithLevel(level).Err(err).Dur("retry", wait).Msg("the order indexes are behind")
			sleep(ctx, wait)
			wait = min(2*wait, retryMost)
		case err == nil && !more:
			wait = retryFirst
			select {
			case <-changed:
			case <-look.C: // Redis may have lost something while nothing came
			case <-ctx.Done():
			}
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// step projects one batch; more tells that there may be another.
func (t *Tracker) step(ctx context.Context) (more bool, err error) {
	at, known, err := t.Store.Cursor(ctx)
	if err != nil {
		return false, err
	}
	last, err := t.Ledger.LastSeq(ctx)
	if err != nil {
		return false, err
	}
	if !known || at.Outdated || at.Ledger != t.Ledger.ID() || at.Seq > last {
		t.lag.saw(0, last, time.Now())
		return true, t.rebuild(ctx)
	}
	t.lag.saw(at.Seq, last, time.Now())
	if err := t.countUpTo(ctx, at.Seq); err != nil {
		return false, err
	}
	t.tell(at.Seq)
	facts, marked, upTo, err := t.Ledger.News(ctx, at.Seq, trackBatch)
	if err != nil || upTo == at.Seq {
		return false, err
	}
	src := orders.Batch(t.Ledger)
	keys, err := orders.Touched(ctx, src, facts)
	if err != nil {
		return false, err
	}
	keys = append(keys, marked...)
	tally := t.tally(facts, upTo)
	if err := t.Store.ProjectEach(ctx, src, keys, tally.each()); errors.Is(err, redisstore.ErrBlocked) {
		t.Log.Error().Err(err).Msg("an order is not in the indexes")
	} else if err != nil {
		return false, err
	}
	t.count(tally, upTo)
	if t.Changed != nil {
		t.Changed(ctx, keys)
	}
	// Where the cursor has moved meanwhile, or Redis was started anew, it was
	// replaced or rolled back, and the next step begins from what it says then.
	moved, err := t.Store.Advance(ctx, at, redisstore.Cursor{Ledger: at.Ledger, Seq: upTo})
	if moved && err == nil {
		t.tell(upTo)
	}
	return true, err
}

func (t *Tracker) tell(seq int64) {
	if t.Projected != nil {
		t.Projected(seq)
	}
}

func (t *Tracker) rebuild(ctx context.Context) error {
	start := time.Now()
	n, err := Rebuild(ctx, t.Ledger, t.Store, nil)
	if errors.Is(err, redisstore.ErrBlocked) {
		t.Log.Error().Err(err).Msg("an order is not in the indexes")
		err = nil
	}
	if err == nil {
		t.Log.Info().Int64("orders", n).Dur("took", time.Since(start)).Msg("the order indexes were built from the ledger")
	}
	return err
}
