package relay

import (
	"context"
	"errors"
	"iter"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
)

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
