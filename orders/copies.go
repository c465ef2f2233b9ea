package orders

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// A telling is one fact of an order as the fold weighs it: its copies merged,
// its place in time found, its speaker's role and the verdict on it.
type telling struct {
	Fact
	rule   Rule
	tau    int64  // the time shown
	sigma  int64  // the time that counts
	role   Role   // of the sender in this order
	reason Reason // why it is refused; "" while it stands
}

// speakers returns the facts with every sender named: who is not named in a
// message that names one party is the other one. Where the key that sealed it is
// his after all, he has proven it.
func (p Pair) speakers(facts []Fact) []Fact {
	facts = slices.Clone(facts)
	for i := range facts {
		f := &facts[i]
		if f.Sender != "" || len(f.Parties) != 1 || !p.Has(f.Parties[0]) {
			continue
		}
		f.Sender = p.other(f.Parties[0])
		if f.Key == f.Sender {
			f.Key, f.Trust = "", Bound
		}
	}
	return facts
}

const (
	hour = int64(60 * 60_000)
	// twinGap is how far apart the clocks of one message built twice may be.
	twinGap = int64(2_000)
)

// merge makes one telling of all copies of a message, and one of twins: the same
// message built twice, once for the recipient and once for the sender himself.
// Nothing else is taken for a repetition.
func merge(facts []Fact) []telling {
	slices.SortFunc(facts, func(a, b Fact) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.N, b.N),
			cmp.Compare(a.ReceivedAt, b.ReceivedAt), cmp.Compare(a.Seq, b.Seq),
			slices.Compare(a.Inboxes, b.Inboxes), slices.Compare(a.Transports, b.Transports))
	})
	var once []Fact
	for _, f := range facts {
		if last := len(once) - 1; last >= 0 && once[last].ID == f.ID && once[last].N == f.N {
			once[last].absorb(&f)
			continue
		}
		once = append(once, f)
	}
	slices.SortStableFunc(once, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.ID, b.ID), cmp.Compare(a.N, b.N))
	})

	var ts []telling
	near := map[string]lanes{} // what is said → the last tellings that say it
	for _, f := range once {
		said := f.said()
		i, ok := near[said].take(&f, ts)
		if ok {
			ts[i].absorb(&f)
		} else {
			i = len(ts)
			ts = append(ts, telling{Fact: f, rule: ruleOf[f.Verb]})
		}
		near[said] = near[said].put(i, ts[i].Inboxes)
	}
	return ts
}

// lanes are positions of tellings that say the same, ascending, apart by the inboxes
// they came through. There are few such sets, however many tellings: who says one thing
// a thousand times in a second must not have each held against all before it.
type lanes []lane

type lane struct {
	inboxes []string
	at      []int
}

// take takes out the first of the tellings of which f is the twin; ok is false for none.
func (ls lanes) take(f *Fact, ts []telling) (i int, ok bool) {
	from := -1
	for n := range ls {
		l := &ls[n]
		for len(l.at) > 0 && f.At-ts[l.at[0]].At > twinGap {
			l.at = l.at[1:] // too old for any later one, too
		}
		if len(l.at) > 0 && apart(f.Inboxes, l.inboxes) && (from < 0 || l.at[0] < ls[from].at[0]) {
			from = n
		}
	}
	if from < 0 {
		return 0, false
	}
	i = ls[from].at[0]
	ls[from].at = ls[from].at[1:]
	return i, true
}

// put adds the telling at position i, which came through inboxes.
func (ls lanes) put(i int, inboxes []string) lanes {
	n := slices.IndexFunc(ls, func(l lane) bool { return slices.Equal(l.inboxes, inboxes) })
	if n < 0 {
		return append(ls, lane{inboxes, []int{i}})
	}
	place, _ := slices.BinarySearch(ls[n].at, i)
	ls[n].at = slices.Insert(ls[n].at, place, i)
	return ls
}

// absorb takes a later copy into f: where else and how it came, never what it says.
func (f *Fact) absorb(later *Fact) {
	f.ReceivedAt = min(f.ReceivedAt, later.ReceivedAt)
	f.Seq = max(f.Seq, later.Seq)
	f.Inboxes = union(f.Inboxes, later.Inboxes)
	f.Transports = union(f.Transports, later.Transports)
	f.Held = f.Held && later.Held
}

// said is everything that twins have in common, as a key.
func (f *Fact) said() string {
	public, err := json.Marshal(f.Public)
	if err != nil { // a product's number that is none: then only itself is its twin
		return FactRef(f.ID, f.N)
	}
	return strings.Join([]string{f.Sender, f.Key, string(f.Trust), string(f.Verb), f.OrderID, string(public)}, "\x00")
}

// apart reports whether two lists, of inboxes or transports, have nothing in common,
// and neither is empty: what came through no inbox has no second copy of this kind.
func apart[T comparable](a, b []T) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

func union[T cmp.Ordered](a, b []T) []T {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// place puts the tellings in the order in which they count.
//
// The sender's clock is a hint, which is bounded both ways (Tau, Sigma).
func place(ts []telling) {
	for i := range ts {
		t := &ts[i]
		t.tau, t.sigma = t.Tau(), t.Sigma()
	}
	slices.SortFunc(ts, func(a, b telling) int {
		return cmp.Or(cmp.Compare(a.sigma, b.sigma), cmp.Compare(a.tau, b.tau),
			cmp.Compare(a.rule.Rank, b.rule.Rank), strings.Compare(a.ID, b.ID), cmp.Compare(a.N, b.N))
	})
}
