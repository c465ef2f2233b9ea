package relay

import (
	"context"
	"errors"
	"iter"
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

// Rebuild projects every order of the ledger anew, in place, and removes what no
// order owns. It tells progress, where that is not nil, how many are done. It
// returns how many orders there are. A tracker may run beside it.
//
// redisstore.ErrBlocked: some orders could not be written, all else is done.
// redisstore.ErrForeign: the indexes are another ledger's, whose relay is running.
// ECONFLICT: the cursor was moved by somebody else.
func Rebuild(ctx context.Context, l *ledger.Ledger, s *redisstore.Store, progress func(done, of int64)) (n int64, err error) {
	start, err := begin(ctx, l, s)
	if err != nil {
		return 0, err
	}
	// Facts that come while this runs are projected again after it.
	seq, err := l.LastSeq(ctx)
	if err != nil {
		return 0, err
	}
	of, err := l.OrderCount(ctx)
	if err != nil {
		return 0, err
	}
	keys := func(yield func(orders.Key, error) bool) {
		for k, err := range Keys(ctx, l) {
			if !yield(k, err) {
				return
			}
			if n++; progress != nil {
				progress(n, of)
			}
		}
	}
	_, blocked := s.Rebuild(ctx, l, keys, Owner(l))
	if blocked != nil && !errors.Is(blocked, redisstore.ErrBlocked) {
		return n, blocked
	}
	if _, err := s.Advance(ctx, start, redisstore.Cursor{Ledger: l.ID(), Seq: seq}); err != nil {
		return n, err
	}
	return n, blocked
}

// begin takes the cursor over for a rebuild. A tracker beside it moves the cursor
// while orders come: it is taken where that leaves it.
func begin(ctx context.Context, l *ledger.Ledger, s *redisstore.Store) (start redisstore.Cursor, err error) {
	for range beginTries {
		was, known, err := s.Cursor(ctx)
		if err != nil {
			return start, err
		}
		if known && was.Owner() != l.ID() {
			if err := s.Alone(ctx); err != nil {
				return start, err
			}
		}
		// Until it is done the cursor must not say that all is well, nor that there is
		// nothing: whoever finds it begins again.
		start = redisstore.Building(l.ID())
		start.Run = was.Run // of this Redis: one that is started meanwhile may have lost something
		if moved, err := s.Advance(ctx, was, start); err != nil || moved {
			return start, err
		}
	}
	return start, orders.Errorf(orders.ECONFLICT, "the order indexes have changed hands")
}

// beginTries is how often the cursor may be moved under a rebuild's hands: a tracker
// moves it once in a batch.
const beginTries = 100

// Keys yields every order of the ledger.
func Keys(ctx context.Context, l *ledger.Ledger) iter.Seq2[orders.Key, error] {
	return func(yield func(orders.Key, error) bool) {
		for after := ""; ; {
			page, err := l.Orders(ctx, after, trackBatch)
			if err != nil {
				yield(orders.Key{}, err)
				return
			}
			for _, b := range page {
				if !yield(b.Key, nil) {
					return
				}
				after = b.IntentID
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// Owner answers for the ledger which orders are its own.
func Owner(l *ledger.Ledger) redisstore.Owns {
	return func(ctx context.Context, ids []string) ([]bool, error) {
		known, err := l.Owns(ctx, ids)
		owned := make([]bool, len(ids))
		for i, id := range ids {
			owned[i] = known[id]
		}
		return owned, err
	}
}
