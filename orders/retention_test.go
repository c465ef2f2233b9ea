package orders

import "testing"

func TestDue(t *testing.T) {
	const year = 365 * 24 * 60 * int64(60_000)
	whole := func(more ...Fact) []Fact {
		return append([]Fact{says(ana, Intent, 0, sats(100)), says(bob, Request, 1), says(ana, Paid, 2),
			says(bob, Confirm, 3), says(bob, Shipped, 4), says(ana, Delivered, 5)}, more...)
	}
	last := noon + 5*minute
	tests := map[string]struct {
		facts []Fact
		now   int64
		after int64
		want  bool
	}{
		"delivered, long ago":          {whole(), last + year, year, true},
		"delivered, a ms too soon":     {whole(), last + year - 1, year, false},
		"nothing is to be erased":      {whole(), last + year, 0, false},
		"a negative span":              {whole(), last + year, -1, false},
		"shipped only":                 {whole()[:5], last + 9*year, year, false},
		"cancelled before it was paid": {[]Fact{says(ana, Intent, 0), says(ana, Cancel, 1)}, noon + minute + year, year, true},
		"cancelled, money is due back": {[]Fact{says(ana, Intent, 0, sats(9)), says(ana, Paid, 1), says(bob, Confirm, 2), says(bob, Cancel, 3)}, noon + 9*year, year, false},
		"cancelled and paid back":      {[]Fact{says(ana, Intent, 0, sats(9)), says(ana, Paid, 1), says(bob, Confirm, 2), says(bob, Cancel, 3), says(bob, Refunded, 4)}, noon + 4*minute + year, year, true},
		"disputed":                     {whole(says(ana, Dispute, 6)), last + 9*year, year, false},
		"disputed once, and settled":   {whole(says(ana, Dispute, 6), says(ana, Resolved, 7, ends(OutcomeResume))), last + 9*year, year, false},
		"a late note":                  {whole(says(bob, Note, 30)), last + year, year, false},
		"a late word that is refused":  {whole(says(ana, Cancel, 30)), last + year, year, false},
		"a late word of a stranger":    {whole(says(eve, Note, 30)), last + year, year, true},
		"a late unbound cancel":        {whole(says(ana, Cancel, 30, unbound)), last + year, year, true},
		"an old word that came late":   {whole(says(bob, Note, 30, backdated(1))), last + year, year, false},
	}
	for name, tt := range tests {
		if got := fold(tt.facts...).Due(tt.now, tt.after); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}
