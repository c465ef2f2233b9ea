package redisstore

import (
	"context"
	"slices"
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
