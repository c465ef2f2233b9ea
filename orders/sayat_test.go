package orders

import "testing"

// Whoever has seen what was said speaks after it, also within the same second.
func TestSayAt(t *testing.T) {
	begun := []Fact{says(ana, Intent, 0), says(ana, Paid, 0), says(ana, Dispute, 0), says(ana, Resolved, 0, ends(OutcomeResume))}
	o := fold(begun...)
	for name, tt := range map[string]struct {
		verb      Verb
		now, want int64
	}{
		"a dispute after one was settled":  {Dispute, noon + 300, noon + 1000},
		"another in that second":           {Resolved, noon + 300, noon + 1000},
		"what counts after it anyway":      {Note, noon + 300, noon + 300},
		"a second later":                   {Dispute, noon + 1000, noon + 1000},
		"by a clock that is behind theirs": {Dispute, noon - 60_000, noon + 1000},
	} {
		if got := o.SayAt(tt.verb, tt.now); got != tt.want {
			t.Errorf("%s: got %d ms after noon, want %d", name, got-noon, tt.want-noon)
		}
	}

	again := says(ana, Dispute, 0, id("again"))
	if got := fold(append(begun, again)...).Status; got == StatusDisputed {
		t.Error("in the same second it is one of those that were settled: there would be nothing to mend")
	}
	again.At = o.SayAt(Dispute, again.At)
	if got := fold(append(begun, again)...).Status; got != StatusDisputed {
		t.Errorf("raised again: got %s, want disputed", got)
	}
}
