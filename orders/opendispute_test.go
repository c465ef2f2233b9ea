package orders

import (
	"slices"
	"testing"
)

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

// Who raised what nobody has ended yet.
func TestOpenDisputes(t *testing.T) {
	entry := func(role string, v Verb, outcome Outcome) TimelineEntry {
		return TimelineEntry{Role: role, Verb: v, Outcome: outcome, OK: true}
	}
	by := func(role string) TimelineEntry { return entry(role, Dispute, "") }
	ends := func(role string, o Outcome) TimelineEntry { return entry(role, Resolved, o) }
	refused := by("seller")
	refused.OK = false
	for name, tt := range map[string]struct {
		timeline []TimelineEntry
		want     string
	}{
		"none":           {nil, ""},
		"one":            {[]TimelineEntry{by("buyer")}, "buyer"},
		"refused":        {[]TimelineEntry{by("buyer"), refused}, "buyer"},
		"both":           {[]TimelineEntry{by("buyer"), by("seller")}, "buyer, seller"},
		"withdrawn":      {[]TimelineEntry{by("buyer"), by("seller"), ends("buyer", OutcomeResume)}, "seller"},
		"seller gave in": {[]TimelineEntry{by("buyer"), by("seller"), ends("seller", OutcomeCancelled)}, "seller"},
		"buyer gave in":  {[]TimelineEntry{by("seller"), ends("buyer", OutcomeDelivered)}, ""},
		"ruled":          {[]TimelineEntry{by("buyer"), by("seller"), ends("admin", OutcomeResume)}, ""},
		"raised again":   {[]TimelineEntry{by("buyer"), ends("buyer", OutcomeResume), by("buyer")}, "buyer"},
	} {
		o := &Order{Status: StatusDisputed, Timeline: tt.timeline}
		if got := o.OpenDisputes().String(); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		o.Status = StatusShipped
		if got := o.OpenDisputes(); got != 0 {
			t.Errorf("%s: open in an order that is not disputed: %s", name, got)
		}
	}
}

// Admins read what is said in disputes alone: who did not raise it answers in one.
func TestBothSidesAreHeard(t *testing.T) {
	paid := TimelineEntry{Role: "buyer", Verb: Paid, OK: true}
	raised := TimelineEntry{Role: "buyer", Verb: Dispute, OK: true}
	answered := TimelineEntry{Role: "seller", Verb: Dispute, OK: true}
	for name, tt := range map[string]struct {
		timeline []TimelineEntry
		want     Role // who may raise one
	}{
		"raised":   {[]TimelineEntry{paid, raised}, Seller},
		"answered": {[]TimelineEntry{paid, raised, answered}, 0},
	} {
		o := &Order{Status: StatusDisputed, Timeline: tt.timeline}
		for _, role := range []Role{Buyer, Seller, Admin} {
			if got := slices.Contains(o.Actions(role), Dispute); got != (tt.want&role != 0) {
				t.Errorf("%s: the %s may raise a dispute: %v", name, role, got)
			}
		}
	}
}
