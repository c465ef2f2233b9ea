package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Difference is one thing that two projections do not agree on. It is fit to be
// printed: a box appears as its hash.
type Difference struct {
	Key   string // the Redis key
	Field string // of a hash (data.<name> for one field of the order), or the member of a sorted set; "" for the whole key
	Got   string // "" for nothing
	Want  string // "

	// Foreign is why the key is not Waybill's, though it has a name like one of ours;
	// "" where it is. A rebuild leaves it alone: where Want is not "", it is in the way
	// of what belongs there.
	Foreign string
}

func (d Difference) String() string {
	if d.Foreign != "" {
		text := d.Key + " " + d.Foreign
		if d.Want != "" {
			text += "; it is in the way of " + d.Want
		}
		return text
	}
	return strings.TrimSpace(d.Key+" "+d.Field) + ": got " + orNothing(d.Got) + ", want " + orNothing(d.Want)
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

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

// Diff compares two Snapshots and returns where they differ, by key and field.
func Diff(got, want map[string]any) []Difference {
	var ds []Difference
	for _, key := range union(got, want) {
		g, w := got[key], want[key]
		if reflect.DeepEqual(g, w) {
			continue
		}
		gf, gok := fieldsOf(key, g)
		wf, wok := fieldsOf(key, w)
		if why := notWritten(key, g); why != "" || !gok || !wok {
			ds = append(ds, Difference{Key: key, Got: describe(g), Want: describe(w), Foreign: why})
			continue
		}
		for _, f := range union(gf, wf) {
			if gf[f] != wf[f] {
				ds = append(ds, Difference{Key: key, Field: f, Got: gf[f], Want: wf[f]})
			}
		}
	}
	return ds
}

// notWritten is why what stands under a key cannot have been written by us, "" where it
// may: the project script judges alike.
func notWritten(key string, v any) string {
	switch v := v.(type) {
	case string:
		return otherType
	case map[string]any:
		if _, ours := v["version"]; !ours && parseKey(key).kind == orderKind {
			return otherHash
		}
	}
	return ""
}

// union is the sorted keys of both.
func union[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// fieldsOf flattens the content of a key into printable values; ok is false
// where there is no content to look into.
func fieldsOf(key string, v any) (fs map[string]string, ok bool) {
	fs = map[string]string{}
	switch v := v.(type) {
	case map[string]float64:
		for m, score := range v {
			fs[m] = strconv.FormatFloat(score, 'f', -1, 64)
		}
	case map[string]any:
		sealed := parseKey(key).kind == boxesKind
		for f, x := range v {
			data, isData := x.(map[string]any)
			switch text, isText := x.(string); {
			case isData:
				for name, y := range data {
					fs[f+"."+name] = printable(y)
				}
			case sealed && isText:
				sum := sha256.Sum256([]byte(text))
				fs[f] = "sha256:" + hex.EncodeToString(sum[:8])
			default:
				fs[f] = printable(x)
			}
		}
	default:
		return nil, false
	}
	return fs, true
}

// printable is v as JSON; a long one is cut and told apart by its hash.
func printable(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "unprintable"
	}
	if len(text) <= 120 {
		return string(text)
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%s… sha256:%x", strings.ToValidUTF8(string(text[:80]), ""), sum[:8])
}

// describe tells in few words what a key holds.
func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("a hash of %d fields", len(v))
	case map[string]float64:
		return fmt.Sprintf("a sorted set of %d", len(v))
	case string:
		return v
	}
	return ""
}
