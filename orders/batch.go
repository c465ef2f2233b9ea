package orders

import (
	"context"
	"math"
	"slices"
	"sort"
)

// Batch returns a Source that asks src the same thing once, however many orders
// of a pair want to know it, and however often: one chat line may bear on several
// of them, and each of them weighs all its pair's lines. It is for one batch of
// orders and one goroutine: what is new in src it does not see.
func Batch(src Source) Source { return batched(src) }

func batched(src Source) *batch {
	if b, ok := src.(*batch); ok {
		return b
	}
	return &batch{
		Source: src, pairs: map[Pair]*pairFacts{}, facts: map[Key][]Fact{}, strays: map[Key]bool{}, begins: map[Key]*Beginning{},
		sharing: map[side][]Beginning{}, texts: map[copyOf]meaning{},
	}
}

type batch struct {
	Source
	pairs  map[Pair]*pairFacts
	facts  map[Key][]Fact // fetched before they are asked for, and then given away
	strays map[Key]bool
	begins map[Key]*Beginning // nil: it has not begun

	sharing map[side][]Beginning
	texts   map[copyOf]meaning
}

type side struct{ party, orderID string }

// A meaning is where a fact without an id belongs, the Seq of the order it names, and
// whether that is settled.
type meaning struct {
	home    Key
	named   int64
	settled bool
}

// Prefetch has a Source that Batch made read what Assemble will ask of these
// orders, in few steps instead of some for each order. It holds their facts until
// they are asked for: so not more orders than are assembled next. Where src, or
// what is behind it, knows no such way, nothing happens.
func Prefetch(ctx context.Context, src Source, keys []Key) error {
	b, ok := src.(*batch)
	if !ok {
		return nil
	}
	bulk, ok := b.Source.(Bulk)
	if !ok {
		return nil
	}
	if err := b.prepare(ctx, keys); err != nil {
		return err
	}
	facts, err := bulk.OfKeys(ctx, keys)
	if err == nil {
		b.facts = facts // what was left of the last ones is not asked for any more
	}
	return err
}

// prepare is the part of Prefetch that weighs little.
func (b *batch) prepare(ctx context.Context, keys []Key) error {
	bulk, ok := b.Source.(Bulk)
	if !ok {
		return nil
	}
	var unknown []Key
	for _, k := range keys {
		_, stray := b.strays[k]
		if _, begin := b.begins[k]; !stray || !begin {
			unknown = append(unknown, k)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	begins, err := bulk.Beginnings(ctx, unknown)
	if err != nil {
		return err
	}
	strays, err := bulk.Strays(ctx, unknown)
	if err != nil {
		return err
	}
	for _, k := range unknown {
		b.strays[k], b.begins[k] = strays[k], nil
		if begin, ok := begins[k]; ok {
			b.begins[k] = &begin
		}
	}
	return nil
}

func (b *batch) OfKey(ctx context.Context, k Key) ([]Fact, error) {
	if facts, fetched := b.facts[k]; fetched {
		delete(b.facts, k)
		return facts, nil
	}
	return b.Source.OfKey(ctx, k)
}

func (b *batch) Stray(ctx context.Context, k Key) (bool, error) {
	if stray, known := b.strays[k]; known {
		return stray, nil
	}
	stray, err := b.Source.Stray(ctx, k)
	if err == nil {
		b.strays[k] = stray
	}
	return stray, err
}

func (b *batch) Beginning(ctx context.Context, k Key) (Beginning, bool, error) {
	if begin, known := b.begins[k]; known {
		if begin == nil {
			return Beginning{}, false, nil
		}
		return *begin, true, nil
	}
	begin, ok, err := b.Source.Beginning(ctx, k)
	switch {
	case err != nil:
		return Beginning{}, false, err
	case ok:
		b.begins[k] = &begin
	default:
		b.begins[k] = nil
	}
	return begin, ok, nil
}

func (b *batch) Sharing(ctx context.Context, party, orderID string) ([]Beginning, error) {
	s := side{party, orderID}
	if bs, known := b.sharing[s]; known {
		return slices.Clip(bs), nil
	}
	bs, err := b.Source.Sharing(ctx, party, orderID)
	if err == nil {
		b.sharing[s] = bs
	}
	return slices.Clip(bs), err
}

// meant is what a fact of the pair without an id means, among whose copies are those of
// came. Every order of the pair wants to know it.
func (b *batch) meant(ctx context.Context, p Pair, f *Fact, came arrivals) (meaning, error) {
	text := copyOf{f.ID, f.N, f.Tau()}
	if m, known := b.texts[text]; known {
		return m, nil
	}
	c, err := couldMean(ctx, b, p, f)
	if err != nil {
		return meaning{}, err
	}
	m := meaning{home: c.belongs(came.of(f)), settled: c.settled(f, came)}
	if c.named != nil {
		m.named = c.named.Seq
	}
	b.texts[text] = m
	return m, nil
}

// pairFacts is everything of one pair from a time on.
type pairFacts struct {
	looseFrom int64
	loose     []Fact
	looseRead bool
	begun     []Beginning // all of them, the first first
	begunRead bool
}

func (b *batch) pair(p Pair) *pairFacts {
	if b.pairs[p] == nil {
		b.pairs[p] = &pairFacts{}
	}
	return b.pairs[p]
}

func (b *batch) Loose(ctx context.Context, p Pair, from, to int64) ([]Fact, error) {
	known := b.pair(p)
	if !known.looseRead || from < known.looseFrom {
		// Some way further back: the pair's other orders will ask for that.
		back := max(from, math.MinInt64+reach) - reach
		facts, err := b.Source.Loose(ctx, p, back, math.MaxInt64)
		if err != nil {
			return nil, err
		}
		known.loose, known.looseFrom, known.looseRead = facts, back, true
	}
	var within []Fact
	for i := range known.loose {
		if at := known.loose[i].Tau(); at >= from && at <= to {
			within = append(within, known.loose[i])
		}
	}
	return within, nil
}

func (b *batch) all(ctx context.Context, p Pair) ([]Beginning, error) {
	known := b.pair(p)
	if !known.begunRead {
		begun, err := b.Source.Begun(ctx, p, math.MinInt64, math.MaxInt64)
		if err != nil {
			return nil, err
		}
		known.begun, known.begunRead = begun, true
	}
	return known.begun, nil
}

func (b *batch) Begun(ctx context.Context, p Pair, from, to int64) ([]Beginning, error) {
	begun, err := b.all(ctx, p)
	begun = begun[sort.Search(len(begun), func(i int) bool { return begun[i].At >= from }):]
	begun = begun[:sort.Search(len(begun), func(i int) bool { return begun[i].At > to })]
	return slices.Clip(begun), err // the caller may append to it
}

func (b *batch) BeginSeq(ctx context.Context, p Pair, to int64) (seq int64, err error) {
	begun, err := b.all(ctx, p)
	for _, one := range begun {
		if one.Least <= to {
			seq = max(seq, one.Seq)
		}
	}
	return seq, err
}
