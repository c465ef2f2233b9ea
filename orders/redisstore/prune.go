package redisstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Owns tells for each of ids (intentIds) whether the ledger has that order.
type Owns func(ctx context.Context, ids []string) ([]bool, error)

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
	only := ""
	switch {
	case info.kind == findKind:
		only = "find"
	case info.disputed:
		only = "disputed"
	}
	for chunk := range slices.Chunk(members, scanBatch) {
		keys, args := []string{key}, []any{mode, string(info.status), side, info.npub, info.with, only}
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
