package redisstore

import (
	"context"
	"maps"
	"math"
	"math/bits"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// sumFields are the fields of a sums key.
var sumFields = []string{"btc", "sats", "count"}

const satsPerBTC = 100_000_000

// sum is what a sums key holds.
type sum struct{ btc, sats, count int64 }

// parseSum reads the values of sumFields, all or none of which are there.
func parseSum(vs []any) (s sum, ok bool) {
	if vs[0] == nil && vs[1] == nil && vs[2] == nil {
		return sum{}, true
	}
	for i, to := range []*int64{&s.btc, &s.sats, &s.count} {
		text, _ := vs[i].(string)
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return sum{}, false
		}
		*to = n
	}
	return s, s.count > 0
}

// add counts one contribution (decimal sats).
func (s *sum) add(sats int64) {
	s.btc, s.sats, s.count = s.btc+sats/satsPerBTC, s.sats+sats%satsPerBTC, s.count+1
}

// whole is the amount in sats as 128 bits.
func (s sum) whole() (hi, lo uint64) {
	hi, lo = bits.Mul64(uint64(s.btc), satsPerBTC)
	lo, carry := bits.Add64(lo, uint64(s.sats), 0)
	return hi + carry, lo
}

// total is the amount in sats, or the greatest there is: no real sum comes near.
func (s sum) total() int64 {
	hi, lo := s.whole()
	if hi > 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lo)
}

func (s sum) average() int64 {
	if s.count == 0 {
		return 0
	}
	hi, lo := s.whole()
	if hi >= uint64(s.count) {
		return math.MaxInt64
	}
	avg, _ := bits.Div64(hi, lo, uint64(s.count))
	return int64(min(avg, math.MaxInt64))
}

// fixRounds is how often sums that moved while they were added up are tried.
const fixRounds = 5

// fixSums makes every participant's sums what their orders' stored
// contributions add up to. Each is set only where it still is what it was before
// the orders were read; live projection that changes it meanwhile costs another
// round. ECONFLICT: it kept doing so.
func (s *Store) fixSums(ctx context.Context) error {
	for range fixRounds {
		stored, err := s.storedSums(ctx)
		if err != nil {
			return err
		}
		sums, err := s.addUp(ctx)
		if err != nil {
			return err
		}
		var calls []call
		for key := range stored {
			if _, counts := sums[key]; !counts {
				sums[key] = sum{}
			}
		}
		for key, is := range sums {
			was := stored[key]
			want := map[string]string{"btc": strconv.FormatInt(is.btc, 10), "sats": strconv.FormatInt(is.sats, 10), "count": strconv.FormatInt(is.count, 10)}
			if !maps.Equal(was, want) {
				calls = append(calls, call{[]string{key}, []any{was["btc"], was["sats"], was["count"], want["btc"], want["sats"], want["count"]}})
			}
		}
		if len(calls) == 0 {
			return nil
		}
		moved, err := s.setSums(ctx, calls)
		if err != nil || !moved {
			return err
		}
	}
	return orders.Errorf(orders.ECONFLICT, "the sums kept moving while they were added up: once more, when it is quieter")
}

// setSums reports whether any of the sums had moved.
func (s *Store) setSums(ctx context.Context, calls []call) (moved bool, err error) {
	for start := 0; start < len(calls); start += scanBatch {
		cmds, err := s.runAll(ctx, sumsScript, calls[start:min(start+scanBatch, len(calls))])
		if err != nil {
			return false, fail(err)
		}
		for _, cmd := range cmds {
			n, err := cmd.Int()
			if err != nil {
				return false, fail(err)
			}
			moved = moved || n == 0
		}
	}
	return moved, nil
}

// storedSums reads all sums keys: key → what stands there.
func (s *Store) storedSums(ctx context.Context) (map[string]map[string]string, error) {
	stored := map[string]map[string]string{}
	err := s.scan(ctx, func(keys []string, _ []keyInfo) error {
		cmds := make([]*redis.MapStringStringCmd, len(keys))
		if err := s.pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range keys {
				cmds[i] = p.HGetAll(ctx, key)
			}
			return nil
		}); err != nil {
			return fail(err)
		}
		for i, cmd := range cmds {
			switch was, err := cmd.Result(); {
			case redis.HasErrorPrefix(err, "WRONGTYPE"): // not ours
			case err != nil:
				return fail(err)
			default:
				stored[keys[i]] = was
			}
		}
		return nil
	}, sumsKind)
	return stored, err
}

// addUp sums what the stored orders contribute, by sums key.
func (s *Store) addUp(ctx context.Context) (map[string]sum, error) {
	sums := map[string]sum{}
	seen := map[string]bool{} // SCAN may tell an order twice
	err := s.eachOrder(ctx, []string{"version", "buyer", "spent", "seller", "revenue"}, func(ids []string, values [][]any) error {
		for i, id := range ids {
			found := map[string]int64{}
			for j, as := range []orders.Role{orders.Buyer, orders.Seller} {
				npub, _ := values[i][1+2*j].(string)
				text, _ := values[i][2+2*j].(string)
				if sats, ok := contributed(text); ok && npub != "" {
					found[sumsKey(as, npub)] = sats
				}
			}
			if len(found) == 0 || seen[id] {
				continue
			}
			seen[id] = true
			for key, sats := range found {
				t := sums[key]
				t.add(sats)
				sums[key] = t
			}
		}
		return nil
	})
	return sums, err
}

// contributed reads what contribution wrote; ok is false where the order does
// not count, or holds what is no amount (project.lua judges alike).
func contributed(text string) (sats int64, ok bool) {
	sats, err := strconv.ParseInt(text, 10, 64)
	return sats, err == nil && sats >= 0 && len(text) <= 16 && strconv.FormatInt(sats, 10) == text
}
