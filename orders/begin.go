package orders

import (
	"cmp"
	"context"
)

// A Beginning is an order that exists. Of the facts of its Key that begin it
// (Begins) the one that counts first tells when: At is its Tau, Sigma its Sigma,
// Seq its ledger seq (the lowest where several are alike). Least is the least Tau of
// any of them. So Sigma and Least only fall, and Seq only rises; and what comes more
// than two hours late moves none of the first three.
type Beginning struct {
	Key      Key
	IntentID string
	At       int64
	Sigma    int64
	Seq      int64
	Least    int64

	// Mark is the ledger seq of the last time that something of the order was
	// erased, 0 for never; Retired tells that all of it was, and that the order is
	// gone for good: only its id is kept, so that nobody gets it again.
	Mark    int64
	Retired bool
}

// Begins reports whether the fact makes an order exist: said by a party, about
// an order id, and more than words: of the notes those that have a code.
func (f *Fact) Begins() bool {
	p, ok := f.Pair()
	return ok && f.OrderID != "" && (f.Verb != Note || f.Code != "") && p.Has(f.Sender) &&
		(f.Trust == Bound || ruleOf[f.Verb].Unbound)
}

// Tau is the time at which a fact is shown: the sender's clock, but never later
// than 10 minutes after arrival.
func (f *Fact) Tau() int64 { return min(f.At, f.ReceivedAt+10*60_000) }

// Sigma is the time that counts: Tau, but never before the hour that preceded the
// hour of arrival. So what was settled two hours ago stays settled, and copies that
// arrive apart within an hour count alike.
func (f *Fact) Sigma() int64 { return max(f.Tau(), f.ReceivedAt-f.ReceivedAt%hour-hour) }

// A moment is a place in the order in which things count.
type moment struct{ sigma, tau int64 }

func (b *Beginning) moment() moment { return moment{b.Sigma, b.At} }

func (m moment) compare(n moment) int {
	return cmp.Or(cmp.Compare(m.sigma, n.sigma), cmp.Compare(m.tau, n.tau))
}

// arrivals tells when messages first counted, and since when they are known (ledger seq):
// a copy that comes later is no other message, and belongs where the first one does.
type arrivals map[copyOf]arrival

type arrival struct{ sigma, seq int64 }

type copyOf struct {
	id  string
	n   int
	tau int64
}

func firstCopies(facts []Fact) arrivals {
	as := make(arrivals, len(facts))
	for i := range facts {
		f := &facts[i]
		c := copyOf{f.ID, f.N, f.Tau()}
		first, ok := as[c]
		if !ok {
			first = arrival{f.Sigma(), f.Seq}
		}
		as[c] = arrival{min(first.sigma, f.Sigma()), min(first.seq, f.Seq)}
	}
	return as
}

// of is when the message of f first counted.
func (as arrivals) of(f *Fact) moment { return moment{as.first(f).sigma, f.Tau()} }

func (as arrivals) first(f *Fact) arrival { return as[copyOf{f.ID, f.N, f.Tau()}] }

// A choice is between the orders that a fact may belong to which does not say it in
// full: the one that it names, where it names one that exists, and those that come
// into question otherwise.
type choice struct {
	named  *Beginning
	others []Beginning // named may be among them
}

// sidesOf are the orders that a fact which names one party may belong to.
func sidesOf(ctx context.Context, src Source, f *Fact) (c choice, err error) {
	if k, ok := f.withPayee(); ok {
		if c.named, err = begunAs(ctx, src, k); err != nil {
			return c, err
		}
	}
	c.others, err = src.Sharing(ctx, f.Parties[0], f.OrderID)
	return c, err
}

// couldMean are the orders of its pair that a fact without an id may belong to.
func couldMean(ctx context.Context, src Source, p Pair, f *Fact) (c choice, err error) {
	if f.Ref != "" {
		if c.named, err = begunAs(ctx, src, Key{p, f.Ref}); err != nil {
			return c, err
		}
	}
	c.others, err = src.Begun(ctx, p, f.Tau()-reach, f.Tau())
	return c, err
}

func begunAs(ctx context.Context, src Source, k Key) (*Beginning, error) {
	b, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok {
		return nil, err
	}
	return &b, nil
}

// belongs is the order that a fact which counts from at belongs to, the zero Key for
// none: the one it names; or else the only other one. What had begun when it came
// decides, and that for good. Where nothing had, it waits for the first that comes;
// where that is more than one at once, or where there was more than one before it,
// for the one that it names.
//
// So an order that begins, or whose news comes, more than two hours later takes no
// fact away from another: not as a rival, and not because it is the one that was
// named, though that may well be so. What is settled stays.
func (c choice) belongs(at moment) Key {
	named := Key{}
	if c.named != nil {
		if named = c.named.Key; c.named.moment().compare(at) <= 0 {
			return named
		}
	}
	var (
		before, first *Beginning // the one that had begun; the first to come later
		atOnce        bool       // it came together with another one
	)
	for i := range c.others {
		b := &c.others[i]
		switch {
		case b.Key == named:
		case b.moment().compare(at) <= 0:
			if before != nil {
				return named
			}
			before = b
		case first == nil || b.Sigma < first.Sigma:
			first, atOnce = b, false
		case b.Sigma == first.Sigma:
			atOnce = true
		}
	}
	switch {
	case before != nil:
		return before.Key
	case first == nil || atOnce || c.named != nil && c.named.Sigma <= first.Sigma:
		return named
	}
	return first.Key
}

// settled reports whether a fact, among whose copies are those of came, is nothing to the
// others, and was so from the first: when it came the one that it names had begun
// and was known, or more than one of the others. Nothing changes that, for what begins an
// order earlier is itself a later fact. Without this each line of a talkative pair would
// have all of its orders read anew, and so would each of its new orders.
func (c choice) settled(f *Fact, came arrivals) bool {
	at, seq := came.of(f), came.first(f).seq
	had := func(b *Beginning) bool { return b.Seq < seq && b.moment().compare(at) <= 0 }
	if c.named != nil && had(c.named) {
		return true
	}
	n := 0
	for i := range c.others {
		if had(&c.others[i]) {
			n++
		}
		if n == 2 {
			return true
		}
	}
	return false
}

// all are the orders that are weighed.
func (c choice) all() []Beginning {
	if c.named == nil {
		return c.others
	}
	return append(c.others[:len(c.others):len(c.others)], *c.named)
}

func (c choice) has(k Key) bool {
	for _, b := range c.all() {
		if b.Key == k {
			return true
		}
	}
	return false
}

// seq is the highest Seq among them.
func (c choice) seq() (seq int64) {
	for _, b := range c.all() {
		seq = max(seq, b.Seq)
	}
	return seq
}
