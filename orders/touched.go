package orders

import (
	"context"
	"math"
)

// Touched returns the orders whose members or state new facts may have changed.
func Touched(ctx context.Context, src Source, news []Fact) ([]Key, error) {
	seen := map[Key]bool{}
	var keys []Key
	add := func(bs ...Beginning) {
		for _, b := range bs {
			if !seen[b.Key] {
				seen[b.Key] = true
				keys = append(keys, b.Key)
			}
		}
	}
	if err := prepareTouched(ctx, src, news); err != nil {
		return nil, err
	}
	for i := range news {
		bs, err := touchedBy(ctx, src, &news[i])
		if err != nil {
			return nil, err
		}
		add(bs...)
	}
	return keys, nil
}

// prepareTouched reads together what is asked of each order that the facts name.
func prepareTouched(ctx context.Context, src Source, news []Fact) error {
	b, ok := src.(*batch)
	if !ok {
		return nil
	}
	var named []Key
	for i := range news {
		if p, both := news[i].Pair(); both && news[i].OrderID != "" {
			named = append(named, Key{p, news[i].OrderID})
		}
	}
	return b.prepare(ctx, named)
}

func touchedBy(ctx context.Context, src Source, f *Fact) ([]Beginning, error) {
	p, both := f.Pair()
	switch {
	case both && f.OrderID != "":
		own, ok, err := src.Beginning(ctx, Key{p, f.OrderID})
		if err != nil || !ok {
			return nil, err
		}
		bs := []Beginning{own}
		if f.Seq != own.Seq && (own.Least == own.At || f.Tau() != own.Least) {
			return bs, nil
		}
		// It is what begins the order, or moves its begin: what other orders had
		// drawn in may not be theirs alone any more.
		near, err := nearby(ctx, src, own)
		return append(bs, near...), err
	case both:
		copies, err := src.Loose(ctx, p, f.Tau(), f.Tau())
		if err != nil {
			return nil, err
		}
		return weighing(ctx, src, p, append(copies, *f))
	case f.OrderID != "" && len(f.Parties) == 1:
		c, err := sidesOf(ctx, src, f)
		return c.all(), err
	}
	return nil, nil
}

// nearby returns the orders that weigh when own began.
func nearby(ctx context.Context, src Source, own Beginning) (bs []Beginning, err error) {
	if stray, err := src.Stray(ctx, own.Key); err != nil || !stray {
		return nil, err
	}
	p := own.Key.Pair
	a, b := p.Parties()
	for _, party := range []string{a, b} {
		lone, err := src.OneSided(ctx, party, own.Key.OrderID)
		if err != nil {
			return nil, err
		}
		for i := range lone {
			c, err := sidesOf(ctx, src, &lone[i])
			if err != nil {
				return nil, err
			}
			bs = append(bs, c.all()...)
		}
	}
	named, err := src.Referring(ctx, p, own.Key.OrderID)
	if err != nil {
		return nil, err
	}
	// It weighs from its Least on, however late that was told.
	loose, err := src.Loose(ctx, p, own.Least, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	near, err := weighing(ctx, src, p, append(named, loose...))
	return append(bs, near...), err
}

// weighing returns the orders on which facts of the pair without an id bear, with all
// copies of each among them.
func weighing(ctx context.Context, src Source, p Pair, texts []Fact) (bs []Beginning, err error) {
	came := firstCopies(texts)
	for i := range texts {
		f := &texts[i]
		c, err := couldMean(ctx, src, p, f)
		if err != nil {
			return nil, err
		}
		if c.settled(f, came) {
			c.others = nil
		}
		bs = append(bs, c.all()...)
	}
	return bs, nil
}
