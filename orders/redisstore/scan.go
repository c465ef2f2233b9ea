package redisstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// scanBatch is how many keys or members one question is about.
const scanBatch = 500

// scan calls fn with the keys of ours whose kind is among kinds, in batches.
// Redis may tell a key more than once, and one written meanwhile not at all.
func (s *Store) scan(ctx context.Context, fn func(keys []string, infos []keyInfo) error, kinds ...keyKind) error {
	var keys []string
	var infos []keyInfo
	flush := func() error {
		if len(keys) == 0 {
			return nil
		}
		err := fn(keys, infos)
		keys, infos = nil, nil
		return err
	}
	for cursor := uint64(0); ; {
		found, next, err := s.client.Scan(ctx, cursor, scanPattern, scanBatch).Result()
		if err != nil {
			return fail(err)
		}
		for _, key := range found {
			if info := parseKey(key); slices.Contains(kinds, info.kind) {
				keys, infos = append(keys, key), append(infos, info)
			}
			if len(keys) == scanBatch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if cursor = next; cursor == 0 {
			return flush()
		}
	}
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
