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

func TestCaseOf(t *testing.T) {
	facts := []Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 5), says(ana, Dispute, 10)}
	o := Fold(PairOf(ana, bob), facts)
	at := facts[2].ReceivedAt
	for c, want := range map[Case]bool{{}: false, {judge, at - 1}: false, {judge, at}: true, {"", at}: false} {
		if got := c.Of(o); got != want {
			t.Errorf("%+v: got %t", c, got)
		}
	}
	if o := Fold(PairOf(ana, bob), facts[:2]); (Case{judge, at}).Of(o) {
		t.Error("there is a case without a dispute")
	}
}
