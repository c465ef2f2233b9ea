package orders

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// memory is a Source over a slice, written for clarity: every answer is a walk.
type memory []Fact

func (m memory) where(ok func(Fact) bool) (out []Fact, err error) {
	for _, f := range m {
		if ok(f) {
			out = append(out, f)
		}
	}
	return out, nil
}

func (m memory) OfKey(_ context.Context, k Key) ([]Fact, error) {
	return m.where(func(f Fact) bool { p, ok := f.Pair(); return ok && p == k.Pair && f.OrderID == k.OrderID })
}

func (m memory) Stray(ctx context.Context, k Key) (bool, error) {
	a, b := k.Pair.Parties()
	ofA, _ := m.OneSided(ctx, a, k.OrderID)
	ofB, _ := m.OneSided(ctx, b, k.OrderID)
	loose, err := m.Loose(ctx, k.Pair, math.MinInt64, math.MaxInt64)
	return len(ofA)+len(ofB)+len(loose) > 0, err
}

func (m memory) OneSided(_ context.Context, party, orderID string) ([]Fact, error) {
	return m.where(func(f Fact) bool { return len(f.Parties) == 1 && f.Parties[0] == party && f.OrderID == orderID })
}

func (m memory) Loose(_ context.Context, p Pair, from, to int64) ([]Fact, error) {
	return m.where(func(f Fact) bool {
		q, ok := f.Pair()
		return ok && p == q && f.OrderID == "" && f.Tau() >= from && f.Tau() <= to
	})
}

func (m memory) Referring(_ context.Context, p Pair, orderID string) ([]Fact, error) {
	return m.where(func(f Fact) bool { q, ok := f.Pair(); return ok && p == q && f.OrderID == "" && f.Ref == orderID })
}

func (m memory) beginnings(ok func(Key) bool) (bs []Beginning) {
	of := map[Key][]Fact{}
	for _, f := range m {
		if p, _ := f.Pair(); f.Begins() && ok(Key{p, f.OrderID}) {
			of[Key{p, f.OrderID}] = append(of[Key{p, f.OrderID}], f)
		}
	}
	for k, facts := range of {
		first := slices.MinFunc(facts, func(a, b Fact) int {
			return cmp.Or(cmp.Compare(a.Sigma(), b.Sigma()), cmp.Compare(a.Tau(), b.Tau()), cmp.Compare(a.Seq, b.Seq))
		})
		least := slices.MinFunc(facts, func(a, b Fact) int { return cmp.Compare(a.Tau(), b.Tau()) })
		bs = append(bs, Beginning{Key: k, IntentID: k.OrderID, At: first.Tau(), Sigma: first.Sigma(), Seq: first.Seq, Least: least.Tau()})
	}
	slices.SortFunc(bs, func(a, b Beginning) int { return cmp.Compare(a.At, b.At) })
	return bs
}

func (m memory) Begun(_ context.Context, p Pair, from, to int64) ([]Beginning, error) {
	bs := m.beginnings(func(k Key) bool { return k.Pair == p })
	return slices.DeleteFunc(bs, func(b Beginning) bool { return b.At < from || b.At > to }), nil
}

func (m memory) BeginSeq(ctx context.Context, p Pair, to int64) (seq int64, err error) {
	bs, err := m.Begun(ctx, p, math.MinInt64, math.MaxInt64)
	for _, b := range bs {
		if b.Least <= to {
			seq = max(seq, b.Seq)
		}
	}
	return seq, err
}

func (m memory) Sharing(_ context.Context, party, orderID string) ([]Beginning, error) {
	bs := m.beginnings(func(k Key) bool { return k.OrderID == orderID && k.Pair.Has(party) })
	known := func(b Beginning) int64 { // since when
		of, _ := m.where(func(f Fact) bool { p, _ := f.Pair(); return f.Begins() && b.Key == Key{p, f.OrderID} })
		return slices.MinFunc(of, func(a, b Fact) int { return cmp.Compare(a.Seq, b.Seq) }).Seq
	}
	slices.SortFunc(bs, func(a, b Beginning) int { return cmp.Compare(known(a), known(b)) })
	return bs[:min(len(bs), 2)], nil
}

func (m memory) Beginning(_ context.Context, k Key) (Beginning, bool, error) {
	bs := m.beginnings(func(l Key) bool { return l == k })
	if len(bs) == 0 {
		return Beginning{}, false, nil
	}
	return bs[0], true, nil
}
