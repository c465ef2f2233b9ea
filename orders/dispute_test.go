package orders

import (
	"slices"
	"testing"
)

// TestDisputable: what must stand before there is anything to dispute, and that a dispute
// is offered exactly where it counts.
func TestDisputable(t *testing.T) {
	for name, tt := range map[string]struct {
		said Fact
		want bool
	}{
		"nothing more":             {says(bob, Request, 1), false},
		"a claim":                  {says(ana, Paid, 2), true},
		"a confirmation alone":     {says(bob, Confirm, 2), true},
		"work alone":               {says(bob, Process, 2), true},
		"a parcel alone":           {says(bob, Shipped, 2), true},
		"a delivery alone":         {says(ana, Delivered, 2), true},
		"a cancellation":           {says(bob, Cancel, 2), false},
		"an address":               {says(ana, Address, 2), false},
		"trouble":                  {says(bob, Exception, 2), false},
		"the buyer's confirmation": {says(ana, Confirm, 2), false},
		"a stranger's":             {says(eve, Confirm, 2), false},
		"a throw-away key's":       {says(bob, Confirm, 2, unbound), false},
		"an acceptance, of which nobody has said that it is paid": {
			says(bob, Confirm, 2, func(f *Fact) { f.Acceptance = true }), false},
	} {
		t.Run(name, func(t *testing.T) {
			facts := []Fact{says(ana, Intent, 0), says(bob, Request, 1), tt.said}
			for who, role := range map[string]Role{ana: Buyer, bob: Seller} {
				if got := slices.Contains(fold(facts...).Actions(role), Dispute); got != tt.want {
					t.Errorf("offered to the %s: got %v, want %v", role, got, tt.want)
				}
				for _, at := range []int64{0, 9} { // early or late: the set counts, not the order
					o := fold(append(facts[:len(facts):len(facts)], says(who, Dispute, at, id("dispute")))...)
					if got := o.Status == StatusDisputed; got != tt.want {
						t.Errorf("by the %s at %d: got %s, want disputed: %v", role, at, o.Status, tt.want)
					}
				}
			}
		})
	}
}
