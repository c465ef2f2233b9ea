package redisstore

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Owns tells for each of ids (intentIds) whether the ledger has that order.
type Owns func(ctx context.Context, ids []string) ([]bool, error)

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

// eachOrder calls fn with the stored orders in batches: their ids, and what
// their hashes hold in fields, the first of which must be version. A key that
// is not an order of ours by its type or its content is passed over. An order
// may come more than once.
func (s *Store) eachOrder(ctx context.Context, fields []string, fn func(ids []string, values [][]any) error) error {
	return s.scan(ctx, func(keys []string, infos []keyInfo) error {
		cmds := make([]*redis.SliceCmd, len(keys))
		if err := s.pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range keys {
				cmds[i] = p.HMGet(ctx, key, fields...)
			}
			return nil
		}); err != nil {
			return fail(err)
		}
		var ids []string
		var values [][]any
		for i, cmd := range cmds {
			switch vs, err := cmd.Result(); {
			case redis.HasErrorPrefix(err, "WRONGTYPE"):
			case err != nil:
				return fail(err)
			case vs[0] != nil:
				ids, values = append(ids, infos[i].id), append(values, vs)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		return fn(ids, values)
	}, orderKind)
}

// Prune removes what no order owns: orders that the ledger does not know, index
// members whose order is gone or elsewhere, boxes without an order; then it adds
// every participant's sums up anew. Each removal asks the order's own scalars
// again, atomically, so live projection may go on. It looks at our own keys
// only, and leaves alone what stands under such a name without being ours.
//
// removed counts orders, members and box keys. Memory: some 100 bytes per order
// that counts in a sum. Errors: those of owns; EUNAVAILABLE, EINTERNAL; and
// ECONFLICT where live projection kept changing the same sums.
func (s *Store) Prune(ctx context.Context, owns Owns) (removed int, err error) {
	if err := s.fixSums(ctx); err != nil { // damaged ones would stop pruneOrders
		return 0, err
	}
	return s.prune(ctx, owns)
}

func (s *Store) prune(ctx context.Context, owns Owns) (removed int, err error) {
	for _, step := range []func(context.Context) (int, error){
		func(ctx context.Context) (int, error) { return s.pruneOrders(ctx, owns) },
		s.pruneSets,
		s.pruneTitles,
		s.pruneBoxes,
	} {
		n, err := step(ctx)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, s.fixSums(ctx)
}

// pruneOrders reads each version before it asks for the owner, and removes that
// version only: an order that begins meanwhile has a later one.
func (s *Store) pruneOrders(ctx context.Context, owns Owns) (removed int, err error) {
	err = s.eachOrder(ctx, []string{"version"}, func(ids []string, versions [][]any) error {
		owned, err := owns(ctx, ids)
		if err != nil {
			return err
		}
		if len(owned) != len(ids) {
			return orders.Errorf(orders.EINTERNAL, "asked who owns %d orders, got %d answers", len(ids), len(owned))
		}
		var gone []string
		var calls []call
		for i, id := range ids {
			if version, _ := versions[i][0].(string); !owned[i] {
				gone, calls = append(gone, id), append(calls, removeCall(id, version))
			}
		}
		n, err := s.apply(ctx, gone, calls)
		removed += n
		return err
	})
	return removed, err
}

func (s *Store) pruneSets(ctx context.Context) (removed int, err error) {
	err = s.scan(ctx, func(keys []string, infos []keyInfo) error {
		for i, key := range keys {
			n, err := s.pruneSet(ctx, key, infos[i])
			removed += n
			if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") { // else it is not ours
				return fail(err)
			}
		}
		return nil
	}, setKind, findKind)
	return removed, err
}

// pruneSet finds all strays first and drops them after, because removing while
// scanning makes the embedded engine lose its place. Its errors are the client's.
func (s *Store) pruneSet(ctx context.Context, key string, info keyInfo) (removed int, err error) {
	var strays []string
	for cursor := uint64(0); ; {
		found, next, err := s.client.ZScan(ctx, key, cursor, "", scanBatch).Result()
		if err != nil {
			return 0, err
		}
		members := make([]string, 0, len(found)/2)
		for i := 0; i+1 < len(found); i += 2 {
			members = append(members, found[i])
		}
		some, err := s.sweep(ctx, "find", key, info, members)
		if err != nil {
			return 0, err
		}
		strays = append(strays, some...)
		if cursor = next; cursor == 0 {
			break
		}
	}
	slices.Sort(strays)
	dropped, err := s.sweep(ctx, "drop", key, info, slices.Compact(strays))
	return len(dropped), err
}

func (s *Store) sweep(ctx context.Context, mode, key string, info keyInfo, members []string) (strays []string, err error) {
	side := ""
	if info.as != 0 {
		side = info.as.String()
	}
	find := ""
	if info.kind == findKind {
		find = "find"
	}
	for chunk := range slices.Chunk(members, scanBatch) {
		keys, args := []string{key}, []any{mode, string(info.status), side, info.npub, info.with, find}
		for _, m := range chunk {
			id := m
			if info.kind == findKind {
				id = foundID(m)
			}
			keys, args = append(keys, orderKey(id)), append(args, m)
		}
		some, err := sweepScript.Run(ctx, s.client, keys, args...).StringSlice()
		if err != nil {
			return strays, err
		}
		strays = append(strays, some...)
	}
	return strays, nil
}

// pruneTitles comes after pruneSets: a title goes with the last order that has it.
func (s *Store) pruneTitles(ctx context.Context) (removed int, err error) {
	err = s.scan(ctx, func(keys []string, infos []keyInfo) error {
		for i, key := range keys {
			words, err := s.client.HKeys(ctx, key).Result()
			if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") { // else it is not ours
				return fail(err)
			}
			for chunk := range slices.Chunk(words, scanBatch) {
				args := make([]any, len(chunk))
				for j, w := range chunk {
					args[j] = w
				}
				n, err := titlesScript.Run(ctx, s.client, []string{key, findKey(infos[i].npub)}, args...).Int()
				if err != nil {
					return fail(err)
				}
				removed += n
			}
		}
		return nil
	}, titlesKind)
	return removed, err
}

func (s *Store) pruneBoxes(ctx context.Context) (removed int, err error) {
	err = s.scan(ctx, func(keys []string, infos []keyInfo) error {
		calls := make([]call, len(keys))
		for i, key := range keys {
			calls[i] = call{keys: []string{key, orderKey(infos[i].id)}}
		}
		cmds, err := s.runAll(ctx, orphanScript, calls)
		if err != nil {
			return fail(err)
		}
		for _, cmd := range cmds {
			n, err := cmd.Int()
			if err != nil {
				return fail(err)
			}
			removed += n
		}
		return nil
	}, boxesKind)
	return removed, err
}
