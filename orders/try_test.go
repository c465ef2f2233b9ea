package orders

import (
	"testing"
)

func TestTry(t *testing.T) {
	bought := []Fact{says(ana, Intent, 0), says(bob, Request, 1)}
	shipped := append(bought[:2:2], says(bob, Shipped, 2))
	cancelled := append(bought[:2:2], says(bob, Cancel, 2))
	for name, tt := range map[string]struct {
		known  []Fact
		says   Fact
		role   Role
		anyway bool
		want   Code // "" where it may be said
	}{
		"the first word":                    {nil, says(ana, Intent, 3), Buyer, false, ""},
		"the next":                          {bought, says(ana, Paid, 3), Buyer, false, ""},
		"the first word again":              {bought, says(ana, Intent, 3, id("again")), Buyer, true, ECONFLICT},
		"the first word of a stub":          {[]Fact{says(bob, Request, 1)}, says(ana, Intent, 3), Buyer, false, ""},
		"the other's word":                  {bought, says(ana, Shipped, 3), Buyer, true, EFORBIDDEN},
		"a stranger's":                      {bought, says(eve, Dispute, 3), 0, true, ENOTFOUND},
		"too late":                          {shipped, says(ana, Cancel, 3), Buyer, true, ECONFLICT},
		"of no use":                         {cancelled, says(bob, Shipped, 3), Seller, false, ECONFLICT},
		"of no use, and meant":              {cancelled, says(bob, Shipped, 3), Seller, true, ""},
		"a withdrawal where nothing is":     {bought, says(ana, Resolved, 3, ends(OutcomeResume)), Buyer, true, ECONFLICT},
		"how a buyer pays, which a note is": {bought, says(ana, Request, 3, asLeg), Buyer, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := Key{PairOf(ana, bob), "A-1"}
			before := len(tt.known)
			trial, err := Try(t.Context(), memory(tt.known), k, []Fact{tt.says})
			if err != nil {
				t.Fatal(err)
			}
			if got := ErrorCode(trial.Judge(tt.role, tt.anyway)); got != tt.want || len(trial.Lines) != 1 {
				t.Errorf("got %q for %+v, want %q", got, trial.Lines, tt.want)
			}
			if (trial.Before == nil) != (before == 0) || len(trial.After.Timeline) != before+1 || len(tt.known) != before {
				t.Errorf("before %+v, after %+v", trial.Before, trial.After)
			}
		})
	}
	if trial, err := Try(t.Context(), memory(nil), Key{PairOf(ana, bob), "A-1"}, []Fact{says(ana, Note, 1)}); err != nil || trial.After != nil {
		t.Errorf("what begins nothing: got %+v, %v", trial.After, err)
	}
}
