package orders

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// told is a Progress in few words.
func (p Progress) told() string {
	var s []string
	say := func(is bool, format string, args ...any) {
		if is {
			s = append(s, fmt.Sprintf(format, args...))
		}
	}
	refused := 0
	for _, l := range p.Lines {
		if !l.OK {
			refused++
		}
	}
	say(len(p.Lines) > 0, "lines %d", len(p.Lines))
	say(refused > 0, "refused %d", refused)
	say(p.Created, "created by %s", p.Source)
	say(p.Answered, "answered")
	say(p.Paid, "paid")
	for _, l := range p.Left {
		say(true, "%s for %d", l.Status, l.Took/minute)
	}
	say(p.Closed != "", "%s", p.Closed)
	say(p.Disputed > 0, "disputed %d", p.Disputed)
	for _, o := range p.Settled {
		say(true, "settled %s", o)
	}
	return strings.Join(s, ", ")
}

// Each step of a life is told once, however the messages come together.
func TestProgress(t *testing.T) {
	intent := says(ana, Intent, 0, sats(100))
	request := says(bob, Request, 10, expires(60))
	paid, shipped := says(ana, Paid, 20), says(bob, Shipped, 50)
	for name, tt := range map[string]struct {
		batches [][]Fact
		want    []string
	}{
		"one by one": {
			[][]Fact{{intent}, {request}, {paid}, {shipped}, {says(ana, Delivered, 90)}, {says(bob, Note, 95)}},
			[]string{"lines 1, created by gamma", "lines 1, answered, intent-sent for 10", "lines 1, paid, payment-requested for 10",
				"lines 1, paid for 30", "lines 1, shipped for 40, completed", "lines 1"},
		},
		"all at once": {
			[][]Fact{{intent, request, paid, shipped}},
			[]string{"lines 4, created by gamma, answered, paid, intent-sent for 10, payment-requested for 10, paid for 30"},
		},
		"a copy tells nothing new": {
			[][]Fact{{intent}, {intent}},
			[]string{"lines 1, created by gamma", ""},
		},
		"a late message puts a status in between": {
			[][]Fact{{intent, paid, shipped}, {request}},
			[]string{"lines 3, created by gamma, answered, paid, intent-sent for 20, paid for 30", "lines 1, payment-requested for 10"},
		},
		"declined": {
			[][]Fact{{intent}, {says(bob, Cancel, 5)}},
			[]string{"lines 1, created by gamma", "lines 1, answered, intent-sent for 5, declined"},
		},
		"lapsed": {
			[][]Fact{{intent, request}, {says(bob, Cancel, 70)}},
			[]string{"lines 2, created by gamma, answered, intent-sent for 10", "lines 1, payment-requested for 60, lapsed"},
		},
		"cancelled once": {
			[][]Fact{{intent, paid}, {says(ana, Cancel, 25)}, {says(bob, Cancel, 30)}},
			[]string{"lines 2, created by gamma, paid, intent-sent for 20", "lines 1, paid for 5, cancelled", "lines 1, answered"},
		},
		"a dispute to its ruling, after the delivery": {
			[][]Fact{{intent, paid, shipped, says(ana, Delivered, 60)}, {says(ana, Dispute, 70)}, {says(judge, Resolved, 80, asAdmin, ends(OutcomeCancelled))}},
			[]string{"lines 4, created by gamma, answered, paid, intent-sent for 20, paid for 30, shipped for 10, completed",
				"lines 1, delivered for 10, disputed 1", "lines 1, disputed for 10, settled cancelled"},
		},
		"withdrawn, and disputed again": {
			[][]Fact{{intent, paid, says(ana, Dispute, 30)}, {says(ana, Resolved, 40, ends(OutcomeResume)), says(ana, Dispute, 50)}},
			[]string{"lines 3, created by gamma, paid, intent-sent for 20, paid for 10, disputed 1",
				"lines 2, disputed for 10, paid for 10, disputed 1, settled resume"},
		},
		"refused": {
			[][]Fact{{intent}, {says(ana, Dispute, 5), says(eve, Shipped, 6)}},
			[]string{"lines 1, created by gamma", "lines 2, refused 2"},
		},
		"what looks like spam counts once its seller answers": {
			[][]Fact{{says(ana, Intent, 0, held)}, {paid}, {request}},
			[]string{"lines 1", "lines 1", "lines 1, created by gamma, answered, paid, intent-sent for 10, payment-requested for 10"},
		},
		"what waited for its order was told of before": {
			[][]Fact{{says(bob, Note, 1, func(f *Fact) { f.OrderID = "" })}, {intent}},
			[]string{"", "lines 1, created by gamma, answered"},
		},
	} {
		var known, all []Fact
		var got []string
		after, pair := int64(0), PairOf(ana, bob)
		for _, batch := range tt.batches {
			for i := range batch {
				all = append(all, batch[i])
				all[len(all)-1].Seq = int64(len(all))
			}
		}
		for _, batch := range tt.batches {
			known = all[:len(known)+len(batch)]
			if slices.ContainsFunc(known, func(f Fact) bool { return f.Begins() }) {
				p, ok := Since(Fold(pair, known), pair, known, after, math.MaxInt64)
				if !ok {
					t.Errorf("%s: nothing new", name)
				}
				got = append(got, p.told())
			} else {
				got = append(got, "")
			}
			// What came meanwhile is in the order already, and is not told of yet.
			early, _ := Since(Fold(pair, all), pair, all, after, int64(len(known)))
			if told := early.told(); told != got[len(got)-1] {
				t.Errorf("%s: with what came later in sight: got %q, want %q", name, told, got[len(got)-1])
			}
			after = int64(len(known))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tt.want)
		}
		if _, ok := Since(Fold(PairOf(ana, bob), known), PairOf(ana, bob), known, after, math.MaxInt64); ok {
			t.Errorf("%s: told again", name)
		}
	}
}

// BenchmarkSince is what counting adds to the projection of an order: of a new one, and
// of one of six messages that gets its seventh.
func BenchmarkSince(b *testing.B) {
	facts := []Fact{says(ana, Intent, 0, sats(100)), says(bob, Request, 1), says(ana, Paid, 2), says(bob, Confirm, 3),
		says(bob, Shipped, 4, parcel("UPS", "1")), says(ana, Note, 5), says(ana, Delivered, 6)}
	for i := range facts {
		facts[i].Seq = int64(i + 1)
	}
	pair := PairOf(ana, bob)
	for name, n := range map[string]int{"new": 1, "seventh": 7} {
		o := Fold(pair, facts[:n])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Since(o, pair, facts[:n], int64(n-1), math.MaxInt64)
			}
		})
		b.Run(name+", the fold itself", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fold(pair, facts[:n])
			}
		})
	}
}
