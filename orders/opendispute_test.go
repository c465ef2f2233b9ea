package orders

import "testing"

func TestOpenDispute(t *testing.T) {
	paid := []Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 5)}
	for _, tt := range []struct {
		name string
		then []Fact
		want int64 // minutes; -1: none
		by   string
	}{
		{"none", nil, -1, ""},
		{"one", []Fact{says(ana, Dispute, 10)}, 10, ana},
		{"settled", []Fact{says(ana, Dispute, 10), says(judge, Resolved, 20, asAdmin, ends(OutcomeDelivered))}, -1, ""},
		{"raised by both", []Fact{says(bob, Dispute, 10), says(ana, Dispute, 20)}, 10, bob},
		{"withdrawn, and raised again", []Fact{says(ana, Dispute, 10), says(ana, Resolved, 20, ends(OutcomeResume)), says(bob, Dispute, 90)}, 90, bob},
		{"one of two withdrawn", []Fact{says(bob, Dispute, 10), says(ana, Dispute, 20), says(bob, Resolved, 30, ends(OutcomeResume))}, 20, ana},
		{"refused", []Fact{says(eve, Dispute, 10)}, -1, ""},
	} {
		e := Fold(PairOf(ana, bob), append(paid[:2:2], tt.then...)).OpenDispute()
		switch {
		case e == nil && tt.want < 0:
		case e == nil || tt.want < 0 || e.At != noon+tt.want*minute || e.Sender != tt.by:
			t.Errorf("%s: got %+v, want minute %d by %.4s", tt.name, e, tt.want, tt.by)
		}
	}
}
