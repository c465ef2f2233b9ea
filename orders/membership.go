package orders

import (
	"context"
	"math"
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
	// Begun returns the pair's orders whose At is in [from, to] (ms), the first first.
	Begun(ctx context.Context, p Pair, from, to int64) ([]Beginning, error)
	// BeginSeq returns the highest Beginning.Seq among the pair's orders whose Least
	// is to (ms) or before, 0 for none.
	BeginSeq(ctx context.Context, p Pair, to int64) (int64, error)
	// Sharing returns the orders with that id in which party takes part, at most two
	// of them, those the ledger knew first: more than one is as good as many. Which
	// two they are never changes.
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

// Members returns every fact that belongs to the order k, by these rules:
//
//   - a fact that names both parties and the id belongs to it;
//   - one that names a single party belongs to the order with that id between him
//     and its payee, else to the only order of that party with that id, else to none;
//   - one without an id belongs to the order of its pair that its text names,
//     else to the only order of its pair begun in the 30 days before it, else
//     to none.
//
// What a fact is weighed against is what had begun when it came (see belongs): no
// order that begins later, whatever it is dated, takes it away again.
//
// seq is the highest ledger seq of everything that was weighed, so that it rises
// with every fact that could change the answer, also where a fact leaves. What is
// weighed only grows: that is why all earlier orders of the pair are, and not
// only those near enough to be rivals now. A text that was settled when it came
// weighs nothing with the others (see choice.settled).
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
	own, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok {
		return facts, seq, err
	}
	all := batched(src) // the same is asked for each of them
	a, b := k.Pair.Parties()
	for _, party := range []string{a, b} {
		lone, loneSeq, err := oneSided(ctx, all, own, party)
		if err != nil {
			return nil, 0, err
		}
		facts, seq = append(facts, lone...), max(seq, loneSeq)
	}
	texts, textSeq, err := drawnIn(ctx, all, own)
	return append(facts, texts...), max(seq, textSeq), err
}

// oneSided returns the facts that name party alone and belong to the order.
func oneSided(ctx context.Context, src Source, own Beginning, party string) (facts []Fact, seq int64, err error) {
	lone, err := src.OneSided(ctx, party, own.Key.OrderID)
	if err != nil || len(lone) == 0 {
		return nil, 0, err
	}
	came := firstCopies(lone)
	for i := range lone {
		f := &lone[i]
		c, err := sidesOf(ctx, src, f)
		if err != nil {
			return nil, 0, err
		}
		if !c.has(own.Key) {
			continue
		}
		seq = max(seq, f.Seq, c.seq())
		if c.belongs(came.of(f)) == own.Key {
			facts = append(facts, *f)
		}
	}
	return facts, seq, nil
}

// drawnIn returns the facts without an id that belong to the order, because they
// name it or because no other one of its pair can be meant.
func drawnIn(ctx context.Context, src *batch, own Beginning) (facts []Fact, seq int64, err error) {
	p := own.Key.Pair
	texts, err := src.Referring(ctx, p, own.Key.OrderID)
	if err != nil {
		return nil, 0, err
	}
	loose, err := src.Loose(ctx, p, own.At, own.At+reach)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range loose {
		if f.Ref != own.Key.OrderID { // else it is among them
			texts = append(texts, f)
		}
	}
	if len(texts) == 0 {
		return nil, 0, nil
	}
	came, last := firstCopies(texts), int64(math.MinInt64)
	for i := range texts {
		f := &texts[i]
		m, err := src.meant(ctx, p, f, came)
		if err != nil {
			return nil, 0, err
		}
		if m.home == own.Key {
			facts, seq = append(facts, *f), max(seq, f.Seq)
		}
		if !m.settled {
			last, seq = max(last, f.Tau()), max(seq, f.Seq, m.named)
		}
	}
	begun, err := src.BeginSeq(ctx, p, last)
	return facts, max(seq, begun), err
}

// withPayee is the order that a fact which names one party would belong to if it is
// between him and whom he pays.
func (f *Fact) withPayee() (k Key, ok bool) {
	if len(f.Parties) != 1 || f.Payee == "" || f.Payee == f.Parties[0] {
		return Key{}, false
	}
	return Key{PairOf(f.Parties[0], f.Payee), f.OrderID}, true
}

// Home is the order that the fact belongs to by the rules of Members, as things
// stand; ok is false where it belongs to none.
func Home(ctx context.Context, src Source, f *Fact) (k Key, ok bool, err error) {
	p, both := f.Pair()
	var (
		c      choice
		copies []Fact
	)
	switch {
	case both && f.OrderID != "":
		return Key{p, f.OrderID}, true, nil
	case f.OrderID != "" && len(f.Parties) == 1:
		if c, err = sidesOf(ctx, src, f); err == nil {
			copies, err = src.OneSided(ctx, f.Parties[0], f.OrderID)
		}
	case both:
		if c, err = couldMean(ctx, src, p, f); err == nil {
			copies, err = src.Loose(ctx, p, f.Tau(), f.Tau())
		}
	}
	if err != nil {
		return Key{}, false, err
	}
	k = c.belongs(firstCopies(append(copies, *f)).of(f))
	return k, k != Key{}, nil
}

// Assemble reads the order k from its facts, whole. It returns nil where no such
// order exists: none of its facts begins one, or it was retired.
func Assemble(ctx context.Context, src Source, k Key) (*Order, error) {
	o, _, err := AssembleFrom(ctx, src, k)
	return o, err
}

// AssembleFrom is Assemble, and returns beside the order the facts that it is made of.
func AssembleFrom(ctx context.Context, src Source, k Key) (*Order, []Fact, error) {
	begin, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok || begin.Retired {
		return nil, nil, err
	}
	facts, seq, err := Members(ctx, src, k)
	if err != nil {
		return nil, nil, err
	}
	o := Fold(k.Pair, facts)
	o.IntentID, o.OrderID, o.Version = begin.IntentID, k.OrderID, max(o.Version, seq, begin.Mark)
	return o, facts, nil
}
