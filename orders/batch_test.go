package orders

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bulk is a Source that answers for many orders at once, but reads no facts of
// the order id "2", and counts what it is asked one by one.
type bulk struct {
	memory
	single map[string]int
}

func (b bulk) OfKeys(ctx context.Context, keys []Key) (map[Key][]Fact, error) {
	found := map[Key][]Fact{}
	for _, k := range keys {
		if k.OrderID != "2" {
			found[k], _ = b.memory.OfKey(ctx, k)
		}
	}
	return found, nil
}

func (b bulk) Strays(ctx context.Context, keys []Key) (map[Key]bool, error) {
	found := map[Key]bool{}
	for _, k := range keys {
		found[k], _ = b.memory.Stray(ctx, k)
	}
	return found, nil
}

func (b bulk) Beginnings(ctx context.Context, keys []Key) (map[Key]Beginning, error) {
	found := map[Key]Beginning{}
	for _, k := range keys {
		if begin, ok, _ := b.memory.Beginning(ctx, k); ok {
			found[k] = begin
		}
	}
	return found, nil
}

func (b bulk) OfKey(ctx context.Context, k Key) ([]Fact, error) {
	b.single["OfKey "+k.OrderID]++
	return b.memory.OfKey(ctx, k)
}

func (b bulk) Stray(ctx context.Context, k Key) (bool, error) {
	b.single["Stray"]++
	return b.memory.Stray(ctx, k)
}

func (b bulk) Beginning(ctx context.Context, k Key) (Beginning, bool, error) {
	b.single["Beginning"]++
	return b.memory.Beginning(ctx, k)
}

// TestPrefetch: what was fetched is not asked for again, and the orders are the same.
func TestPrefetch(t *testing.T) {
	ctx := t.Context()
	var m memory
	var keys []Key
	for i := range 4 {
		f := says(ana, Intent, day, id(fmt.Sprint("f", i)), about(fmt.Sprint(i), ana, bob))
		f.Seq = int64(i + 1)
		m = append(m, f)
		keys = append(keys, Key{PairOf(ana, bob), fmt.Sprint(i)})
	}
	keys = append(keys, Key{PairOf(ana, bob), "unknown"})
	b := bulk{m, map[string]int{}}
	src := Batch(b)
	touched, err := Touched(ctx, src, m)
	if diff := cmp.Diff(keys[:4], touched); err != nil || diff != "" {
		t.Errorf("Touched: %v (-want +got):\n%s", err, diff)
	}
	for range 2 { // the second time the facts are asked for anew
		if err := Prefetch(ctx, src, keys); err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			want, _ := Assemble(ctx, m, k)
			got, err := Assemble(ctx, src, k)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("Assemble(%v): %v (-want +got):\n%s", k, err, diff)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"OfKey 2": 2}, b.single); diff != "" {
		t.Errorf("asked one by one (-want +got):\n%s", diff)
	}
	// What is given away once is read when it is asked for again.
	if o, err := Assemble(ctx, src, keys[0]); err != nil || o == nil || b.single["OfKey 0"] != 1 {
		t.Errorf("Assemble = %v, %v after %v", o, err, b.single)
	}
	for _, other := range []Source{m, Batch(m)} {
		if err := Prefetch(ctx, other, keys); err != nil {
			t.Errorf("Prefetch of a Source without it = %v", err)
		}
	}
}
