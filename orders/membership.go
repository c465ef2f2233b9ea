package orders

import (
	"context"
	"sort"
	"time"
)

// reach is how long after its begin an order draws in messages that name no order.
const reach = int64(30 * 24 * time.Hour / time.Millisecond)

// A Source answers which facts there are. The ledger is one; a slice of facts
// in a test is another. Copies of one message may come as several facts.
type Source interface {
	// OfKey returns the facts that name both parties and the id.
	OfKey(ctx context.Context, k Key) ([]Fact, error)
	// Stray reports whether any fact could belong to k beside those of OfKey: one of
	// either party alone with its id, or one of the pair without any id. Mostly
	// there is none, and then nothing more need be asked.
	Stray(ctx context.Context, k Key) (bool, error)
	// OneSided returns the facts that carry the id and name party alone; of very many
	// those with the lowest Seq.
	OneSided(ctx context.Context, party, orderID string) ([]Fact, error)
	// Loose returns the pair's facts without an order id whose Tau is in [from, to] (ms).
	Loose(ctx context.Context, p Pair, from, to int64) ([]Fact, error)
	// Referring returns the pair's facts without an order id whose Ref is orderID.
	Referring(ctx context.Context, p Pair, orderID string) ([]Fact, error)
	// Begun returns the pair's orders that began in [from, to] (ms), the first first.
	Begun(ctx context.Context, p Pair, from, to int64) ([]Beginning, error)
	// BeginSeq returns the highest Beginning.Seq among the pair's orders that
	// began at to (ms) or before, 0 for none.
	BeginSeq(ctx context.Context, p Pair, to int64) (int64, error)
	// Sharing returns the orders with that id in which party takes part, at most two
	// of them, those with the lowest Seq: more than one is as good as many.
	Sharing(ctx context.Context, party, orderID string) ([]Beginning, error)
	// Beginning returns the begin of one order; ok is false where it has not begun.
	Beginning(ctx context.Context, k Key) (b Beginning, ok bool, err error)
}

// Bulk is what a Source may offer beside: the same answers for many orders at
// once. See Prefetch.
type Bulk interface {
	// OfKeys returns OfKey of each key. It bounds what it holds: of a key that is not
	// in the map nothing is known, and OfKey is to be asked.
	OfKeys(ctx context.Context, keys []Key) (map[Key][]Fact, error)
	// Strays returns Stray of each key.
	Strays(ctx context.Context, keys []Key) (map[Key]bool, error)
	// Beginnings returns Beginning of each key; one that has not begun is not there.
	Beginnings(ctx context.Context, keys []Key) (map[Key]Beginning, error)
}

// A Beginning is an order that exists: At is the least Tau among the facts of
// its Key that begin it (Begins), Seq the ledger seq of the fact with that Tau
// (the lowest seq where several have it). So At only falls, and Seq only rises.
type Beginning struct {
	Key      Key
	IntentID string
	At       int64
	Seq      int64

	// Mark is the ledger seq of the last time that something of the order was
	// erased, 0 for never; Retired tells that all of it was, and that the order is
	// gone for good: only its id is kept, so that nobody gets it again.
	Mark    int64
	Retired bool
}

// Tau is the time at which a fact is shown: the sender's clock, but never later
// than 10 minutes after arrival.
func (f *Fact) Tau() int64 { return min(f.At, f.ReceivedAt+10*60_000) }

// Begins reports whether the fact makes an order exist: said by a party, about
// an order id, and more than words: of the notes those that have a code.
func (f *Fact) Begins() bool {
	p, ok := f.Pair()
	return ok && f.OrderID != "" && (f.Verb != Note || f.Code != "") && p.Has(f.Sender) &&
		(f.Trust == Bound || ruleOf[f.Verb].Unbound)
}

// Members returns every fact that belongs to the order k, by these rules:
//
//   - a fact that names both parties and the id belongs to it;
//   - one that names a single party belongs to the order with that id between him
//     and its payee, else to the only order of that party with that id, else to none;
//   - one without an id belongs to the order of its pair that its text names,
//     else to the only order of its pair begun in the 30 days before it, else
//     to none.
//
// seq is the highest ledger seq of everything that was weighed, so that it rises
// with every fact that could change the answer, also where a fact leaves. What is
// weighed only grows: that is why all earlier orders of the pair are, and not
// only those near enough to be rivals now.
func Members(ctx context.Context, src Source, k Key) (facts []Fact, seq int64, err error) {
	if facts, err = src.OfKey(ctx, k); err != nil {
		return nil, 0, err
	}
	for i := range facts {
		seq = max(seq, facts[i].Seq)
	}
	if stray, err := src.Stray(ctx, k); err != nil || !stray {
		return facts, seq, err
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
		var rival int64
		for _, r := range rivals {
			rival = max(rival, r.Seq)
		}
		for _, f := range lone {
			if paid, ok := f.withPayee(); len(rivals) == 1 || ok && paid == k {
				seq = max(seq, f.Seq)
				facts = append(facts, f)
			}
			if f.Seq < rival { // it may have belonged here until the rival came
				seq = max(seq, rival)
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
	for _, f := range named {
		seq = max(seq, f.Seq)
		facts = append(facts, f)
	}
	loose, looseSeq, err := drawnIn(ctx, src, begin)
	return append(facts, loose...), max(seq, looseSeq), err
}

// drawnIn returns the facts without an id that belong to the order because no
// other one of its pair can be meant.
func drawnIn(ctx context.Context, src Source, own Beginning) (facts []Fact, seq int64, err error) {
	p := own.Key.Pair
	loose, err := src.Loose(ctx, p, own.At, own.At+reach)
	if err != nil || len(loose) == 0 {
		return nil, 0, err
	}
	rivals, err := src.Begun(ctx, p, own.At-reach, own.At+reach)
	if err != nil {
		return nil, 0, err
	}
	if seq, err = src.BeginSeq(ctx, p, own.At+reach); err != nil {
		return nil, 0, err
	}
	for _, f := range loose {
		seq = max(seq, f.Seq)
		if f.Ref == own.Key.OrderID {
			continue // it is among the named
		}
		if f.Ref != "" {
			other, elsewhere, err := src.Beginning(ctx, Key{p, f.Ref})
			if err != nil {
				return nil, 0, err
			}
			if elsewhere {
				seq = max(seq, other.Seq)
				continue
			}
		}
		if onlyBegun(rivals, f.Tau()) == own.Key {
			facts = append(facts, f)
		}
	}
	return facts, seq, nil
}

// onlyBegun is the one order among bs, the first first, that began in the 30 days
// before at; the zero Key where there is none, or more than one.
func onlyBegun(bs []Beginning, at int64) Key {
	first := sort.Search(len(bs), func(i int) bool { return bs[i].At >= at-reach })
	if first == len(bs) || bs[first].At > at || first+1 < len(bs) && bs[first+1].At <= at {
		return Key{}
	}
	return bs[first].Key
}

// withPayee is the order that a fact which names one party would belong to if it is
// between him and whom he pays.
func (f *Fact) withPayee() (k Key, ok bool) {
	if len(f.Parties) != 1 || f.Payee == "" || f.Payee == f.Parties[0] {
		return Key{}, false
	}
	return Key{PairOf(f.Parties[0], f.Payee), f.OrderID}, true
}

// sidesOf returns the orders that a fact which names one party may belong to: the
// only one, or those between which it cannot be told.
func sidesOf(ctx context.Context, src Source, f *Fact) ([]Beginning, error) {
	if k, ok := f.withPayee(); ok {
		if b, begun, err := src.Beginning(ctx, k); err != nil || begun {
			return []Beginning{b}, err
		}
	}
	return src.Sharing(ctx, f.Parties[0], f.OrderID)
}

// Home is the order that the fact belongs to by the rules of Members, as things
// stand; ok is false where it belongs to none.
func Home(ctx context.Context, src Source, f *Fact) (k Key, ok bool, err error) {
	p, both := f.Pair()
	switch {
	case both && f.OrderID != "":
		return Key{p, f.OrderID}, true, nil
	case f.OrderID != "" && len(f.Parties) == 1:
		bs, err := sidesOf(ctx, src, f)
		if err != nil || len(bs) != 1 {
			return Key{}, false, err
		}
		return bs[0].Key, true, nil
	case !both || f.OrderID != "":
		return Key{}, false, nil
	}
	if f.Ref != "" {
		if named, ok, err := src.Beginning(ctx, Key{p, f.Ref}); err != nil || ok {
			return named.Key, ok, err
		}
	}
	bs, err := src.Begun(ctx, p, f.Tau()-reach, f.Tau())
	if err != nil {
		return Key{}, false, err
	}
	k = onlyBegun(bs, f.Tau())
	return k, k != Key{}, nil
}

// Assemble reads the order k from its facts, whole. It returns nil where no such
// order exists: none of its facts begins one, or it was retired.
func Assemble(ctx context.Context, src Source, k Key) (*Order, error) {
	begin, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok || begin.Retired {
		return nil, err
	}
	facts, seq, err := Members(ctx, src, k)
	if err != nil {
		return nil, err
	}
	o := Fold(k.Pair, facts)
	o.IntentID, o.OrderID, o.Version = begin.IntentID, k.OrderID, max(o.Version, seq, begin.Mark)
	return o, nil
}
