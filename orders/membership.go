package orders

import (
	"context"
	"slices"
	"time"
)

// reach is how long after its begin an order draws in messages that name no order.
const reach = int64(30 * 24 * time.Hour / time.Millisecond)

// A Source answers which facts there are. The ledger is one; a slice of facts
// in a test is another. Copies of one message may come as several facts.
type Source interface {
	// OfKey returns the facts that name both parties and the id.
	OfKey(ctx context.Context, k Key) ([]Fact, error)
	// OneSided returns the facts that carry the id and name party alone.
	OneSided(ctx context.Context, party, orderID string) ([]Fact, error)
	// Loose returns the pair's facts without an order id whose Tau is in [from, to] (ms).
	Loose(ctx context.Context, p Pair, from, to int64) ([]Fact, error)
	// Referring returns the pair's facts without an order id whose Ref is orderID.
	Referring(ctx context.Context, p Pair, orderID string) ([]Fact, error)
	// Begun returns the pair's orders that began in [from, to] (ms), the first first.
	Begun(ctx context.Context, p Pair, from, to int64) ([]Beginning, error)
	// Sharing returns the orders with that id in which party takes part.
	Sharing(ctx context.Context, party, orderID string) ([]Beginning, error)
	// Beginning returns the begin of one order; ok is false where it has not begun.
	Beginning(ctx context.Context, k Key) (b Beginning, ok bool, err error)
}

// A Beginning is an order that exists: At is the least Tau among the facts of
// its Key that begin it (Begins), LastSeq the highest ledger seq of its Key's facts.
type Beginning struct {
	Key      Key
	IntentID string
	At       int64
	LastSeq  int64
}

// Tau is the time at which a fact is shown: the sender's clock, but never later
// than 10 minutes after arrival.
func (f *Fact) Tau() int64 { return min(f.At, f.ReceivedAt+10*60_000) }

// Begins reports whether the fact makes an order exist: said by a party, about
// an order id, and more than a remark.
func (f *Fact) Begins() bool {
	p, ok := f.Pair()
	return ok && f.OrderID != "" && f.Verb != Note && f.Verb != Exception && p.Has(f.Sender) &&
		(f.Trust == Bound || ruleOf[f.Verb].Unbound)
}

// Members returns every fact that belongs to the order k, by these rules:
//
//   - a fact that names both parties and the id belongs to it;
//   - one that names a single party belongs to the only order of that party
//     with that id, else to none;
//   - one without an id belongs to the order of its pair that its text names,
//     else to the only order of its pair begun in the 30 days before it, else
//     to none.
//
// seq is the highest ledger seq of everything that was weighed, so that it rises
// with every fact that could change the answer, also where a fact leaves.
func Members(ctx context.Context, src Source, k Key) (facts []Fact, seq int64, err error) {
	if facts, err = src.OfKey(ctx, k); err != nil {
		return nil, 0, err
	}
	for i := range facts {
		seq = max(seq, facts[i].Seq)
	}
	weigh := func(bs []Beginning) {
		for _, b := range bs {
			seq = max(seq, b.LastSeq)
		}
	}
	a, b := k.Pair.Parties()
	for _, party := range []string{a, b} {
		lone, err := src.OneSided(ctx, party, k.OrderID)
		if err != nil {
			return nil, 0, err
		}
		if len(lone) == 0 {
			continue
		}
		rivals, err := src.Sharing(ctx, party, k.OrderID)
		if err != nil {
			return nil, 0, err
		}
		weigh(rivals)
		for _, f := range lone {
			seq = max(seq, f.Seq)
			if len(rivals) == 1 {
				facts = append(facts, f)
			}
		}
	}
	begin, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok {
		return facts, seq, err
	}
	named, err := src.Referring(ctx, k.Pair, k.OrderID)
	if err != nil {
		return nil, 0, err
	}
	loose, err := src.Loose(ctx, k.Pair, begin.At, begin.At+reach)
	if err != nil || len(named)+len(loose) == 0 {
		return facts, seq, err
	}
	rivals, err := src.Begun(ctx, k.Pair, begin.At-reach, begin.At+reach)
	if err != nil {
		return nil, 0, err
	}
	weigh(rivals)
	for _, f := range named {
		seq = max(seq, f.Seq)
		facts = append(facts, f)
	}
	for _, f := range loose {
		seq = max(seq, f.Seq)
		if f.Ref == k.OrderID || onlyBegun(rivals, f.Tau()) != k {
			continue
		}
		if f.Ref != "" {
			other, elsewhere, err := src.Beginning(ctx, Key{k.Pair, f.Ref})
			if err != nil {
				return nil, 0, err
			}
			if elsewhere {
				seq = max(seq, other.LastSeq)
				continue
			}
		}
		facts = append(facts, f)
	}
	return facts, seq, nil
}

// onlyBegun is the one order among bs that began in the 30 days before at; the
// zero Key where there is none, or more than one.
func onlyBegun(bs []Beginning, at int64) (only Key) {
	n := 0
	for _, b := range bs {
		if b.At <= at && b.At >= at-reach {
			only, n = b.Key, n+1
		}
	}
	if n != 1 {
		return Key{}
	}
	return only
}

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
	for i := range news {
		bs, err := touchedBy(ctx, src, &news[i])
		if err != nil {
			return nil, err
		}
		add(bs...)
	}
	return keys, nil
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
		if !f.Begins() {
			return bs, nil
		}
		// It may be the first of its order, or move its begin: then what other
		// orders had drawn in may not be theirs alone any more.
		for _, party := range f.Parties {
			lone, err := src.OneSided(ctx, party, f.OrderID)
			if err != nil {
				return nil, err
			}
			if len(lone) > 0 {
				rivals, err := src.Sharing(ctx, party, f.OrderID)
				if err != nil {
					return nil, err
				}
				bs = append(bs, rivals...)
			}
		}
		loose, err := src.Loose(ctx, p, own.At, max(own.At, f.Tau())+reach)
		if err != nil {
			return nil, err
		}
		named, err := src.Referring(ctx, p, f.OrderID)
		if err != nil {
			return nil, err
		}
		if loose = append(loose, named...); len(loose) == 0 {
			return bs, nil
		}
		from, to := own.At, own.At
		for i := range loose {
			from, to = min(from, loose[i].Tau()), max(to, loose[i].Tau())
		}
		near, err := src.Begun(ctx, p, from-reach, to)
		return append(bs, near...), err
	case both:
		bs, err := src.Begun(ctx, p, f.Tau()-reach, f.Tau())
		if err != nil || f.Ref == "" {
			return bs, err
		}
		named, ok, err := src.Beginning(ctx, Key{p, f.Ref})
		if ok {
			bs = append(bs, named)
		}
		return bs, err
	case f.OrderID != "" && len(f.Parties) == 1:
		return src.Sharing(ctx, f.Parties[0], f.OrderID)
	}
	return nil, nil
}

// Assemble reads the order k from its facts, whole. It returns nil where no such
// order exists: none of its facts begins one.
func Assemble(ctx context.Context, src Source, k Key) (*Order, error) {
	begin, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok {
		return nil, err
	}
	facts, seq, err := Members(ctx, src, k)
	if err != nil {
		return nil, err
	}
	o := Fold(k.Pair, slices.Clone(facts))
	o.IntentID, o.Version = begin.IntentID, max(o.Version, seq)
	return o, nil
}
