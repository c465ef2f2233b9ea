package orders

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMeasures(t *testing.T) {
	var m Measures
	life := func(viewed int64, facts ...Fact) { m.Add(Fold(PairOf(ana, bob), facts), viewed) }
	intent := says(ana, Intent, 0, sats(100))
	life(noon+minute, intent, says(ana, Paid, 10), says(bob, Shipped, 40), says(ana, Delivered, 100))
	life(noon+EngagedWithin+1, intent, says(ana, Paid, 30), says(ana, Dispute, 50))
	life(0, intent, says(ana, Paid, 20), says(ana, Dispute, 25), says(judge, Resolved, 30, asAdmin, ends(OutcomeCancelled)))
	life(0, intent, says(bob, Cancel, 5))
	life(0, intent)
	life(0, says(ana, Intent, 0, held))
	want := Measures{Orders: 5, Answered: 2, Paid: 3, Disputed: 2, Open: 1, Viewed: 1,
		Closed: map[Closing]int64{ClosedCompleted: 1, ClosedCancelled: 1, ClosedDeclined: 1}}
	if diff := cmp.Diff(want, m, cmpopts.IgnoreUnexported(Measures{})); diff != "" || m.Ended() != 3 {
		t.Errorf("%d ended, (-want +got):\n%s", m.Ended(), diff)
	}
	for status, want := range map[Status][3]int64{
		StatusIntentSent: {4, 10, 30}, StatusPaid: {3, 20, 30}, StatusDelivered: {0, 0, 0}, StatusDisputed: {1, 5, 5},
	} {
		n, half, most := m.Stayed(status)
		if got := [3]int64{n, half / minute, most / minute}; got != want {
			t.Errorf("%s: got %v, want %v", status, got, want)
		}
	}
}
