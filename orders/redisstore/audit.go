package redisstore

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Check compares Redis with what a rebuild from nothing would write, and writes
// nothing: Got is what Redis holds, Want what the facts say. keys yields every
// order of the ledger. Orders that change during the check show as differences.
// An error ends the sequence: those of src and keys, EUNAVAILABLE, EINTERNAL.
//
// Memory: it rebuilds into an embedded engine and holds both projections, so
// some ten times their JSON.
func (s *Store) Check(ctx context.Context, src orders.Source, keys iter.Seq2[orders.Key, error]) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		diffs, err := s.differences(ctx, src, keys)
		if err != nil {
			yield(Difference{}, err)
			return
		}
		for _, d := range diffs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (s *Store) differences(ctx context.Context, src orders.Source, keys iter.Seq2[orders.Key, error]) ([]Difference, error) {
	engine, err := StartEmbedded()
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	fresh, err := Dial(ctx, engine.URL())
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	if err := fresh.projectAll(ctx, src, keys); err != nil {
		return nil, err
	}
	want, err := fresh.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	got, err := s.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	delete(got, cursorKey) // is about time, not about orders
	return Diff(got, want), nil
}

// Snapshot reads the logical content of all our keys: key → map[string]any for
// a hash (the field data decoded), map[string]float64 for a sorted set, and the
// name of the type in parentheses for a key of ours that is neither. It holds
// everything in memory. EUNAVAILABLE, EINTERNAL.
func (s *Store) Snapshot(ctx context.Context) (map[string]any, error) {
	all := map[string]any{}
	err := s.scan(ctx, func(keys []string, infos []keyInfo) error {
		types := make([]*redis.StatusCmd, len(keys))
		cmds := make([]redis.Cmder, len(keys))
		if err := s.pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range keys {
				types[i] = p.Type(ctx, key)
				if infos[i].kind.redisType() == "zset" {
					cmds[i] = p.ZRangeWithScores(ctx, key, 0, -1)
				} else {
					cmds[i] = p.HGetAll(ctx, key)
				}
			}
			return nil
		}); err != nil {
			return fail(err)
		}
		for i, key := range keys {
			switch t := types[i].Val(); {
			case t == "none": // went meanwhile
			case t != infos[i].kind.redisType():
				all[key] = "(" + t + ")"
			case cmds[i].Err() != nil:
				return fail(cmds[i].Err())
			default:
				all[key] = content(cmds[i])
			}
		}
		return nil
	}, orderKind, boxesKind, setKind, findKind, titlesKind, sumsKind, cursorKind)
	return all, err
}

func content(cmd redis.Cmder) any {
	switch cmd := cmd.(type) {
	case *redis.ZSliceCmd:
		set := make(map[string]float64, len(cmd.Val()))
		for _, z := range cmd.Val() {
			member, _ := z.Member.(string)
			set[member] = z.Score
		}
		return set
	case *redis.MapStringStringCmd:
		hash := make(map[string]any, len(cmd.Val()))
		for f, v := range cmd.Val() {
			hash[f] = v
			if f == "data" {
				hash[f] = decoded(v)
			}
		}
		return hash
	}
	return nil
}

// decoded is the JSON object in text, or text where it is none.
func decoded(text string) any {
	var o map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // a float64 does not hold every int64
	if err := d.Decode(&o); err != nil || o == nil {
		return text
	}
	return o
}
