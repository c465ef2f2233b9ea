package redisstore

import (
	"context"
	"errors"
	"iter"

	"github.com/waybill-relay/waybill/orders"
)

// Rebuild projects every order anew, in place, then prunes: lists and orders
// stay readable all the while. keys yields every order of the ledger. It begins
// by forgetting the stored versions, so that it also sets right what another
// ledger wrote, or this one before an older backup of it was restored. Live
// projection may go on beside it. It returns what Prune removed.
//
// ErrBlocked: some orders could not be written, and everything else is done. After
// any other error the cursor must not be moved, or what is missing stays missing.
func (s *Store) Rebuild(ctx context.Context, src orders.Source, keys iter.Seq2[orders.Key, error], owns Owns) (removed int, err error) {
	if err := s.fixSums(ctx); err != nil { // damaged ones would stop Project
		return 0, err
	}
	if err := s.forgetVersions(ctx); err != nil {
		return 0, err
	}
	blocked := s.projectAll(ctx, src, keys)
	if blocked != nil && !errors.Is(blocked, ErrBlocked) {
		return 0, blocked
	}
	removed, err = s.prune(ctx, owns)
	if err == nil {
		err = blocked
	}
	return removed, err
}

// projectAll goes on past orders that are blocked, and returns the last of them.
func (s *Store) projectAll(ctx context.Context, src orders.Source, keys iter.Seq2[orders.Key, error]) (blocked error) {
	project := func(batch []orders.Key) error {
		err := s.Project(ctx, src, batch)
		if errors.Is(err, ErrBlocked) {
			blocked, err = err, nil
		}
		return err
	}
	batch := make([]orders.Key, 0, batchOrders)
	for k, err := range keys {
		if err != nil {
			return err
		}
		if batch = append(batch, k); len(batch) == cap(batch) {
			if err := project(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := project(batch); err != nil {
		return err
	}
	return blocked
}

// forgetVersions sets the version of every stored order to 0.
func (s *Store) forgetVersions(ctx context.Context) error {
	return s.eachOrder(ctx, []string{"version"}, func(ids []string, _ [][]any) error {
		calls := make([]call, len(ids))
		for i, id := range ids {
			calls[i] = call{projectKeys(id), []any{"forget", id}}
		}
		_, err := s.apply(ctx, ids, calls)
		return err
	})
}
