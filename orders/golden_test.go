package orders

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// lives leads to each status once.
func lives() map[Status][]Fact {
	m := map[Status][]Fact{StatusIntentSent: {says(ana, Intent, 0, sats(100))}}
	prev := StatusIntentSent
	for i, f := range []Fact{
		says(bob, Request, 10), says(ana, Paid, 20, sats(100)), says(bob, Process, 30), says(bob, Shipped, 40), says(ana, Delivered, 50),
	} {
		next := Statuses[i+1]
		m[next] = append(append([]Fact{}, m[prev]...), f)
		prev = next
	}
	m[StatusCancelled] = append(append([]Fact{}, m[StatusPaid]...), says(bob, Cancel, 60))
	m[StatusDisputed] = append(append([]Fact{}, m[StatusShipped]...), says(ana, Dispute, 60))
	return m
}

// next is a fact that role says an hour and more after everything in lives.
func next(role Role, v Verb) Fact {
	who := map[Role]string{Buyer: ana, Seller: bob, Admin: judge, Node: carol, 0: eve}[role]
	f := says(who, v, 90, id("next"))
	f.ByAdmin, f.ByNode = role == Admin, role == Node
	switch v {
	case Resolved:
		f.Outcome = OutcomeResume
	case Refunded:
		sats(100)(&f)
	}
	return f
}

// TestGolden holds what every verb by every role does in every status against
// testdata/transitions.golden (go test ./orders -run Golden -update).
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, status := range Statuses {
		for _, r := range Rules {
			for _, role := range []Role{Buyer, Seller, Admin, Node, 0} {
				o := fold(append(lives()[status], next(role, r.Verb))...)
				last := o.Timeline[len(o.Timeline)-1]
				verdict := "ok"
				if !last.OK {
					verdict = string(last.Reason)
				}
				who := role.String()
				if role == 0 {
					who = "stranger"
				}
				fmt.Fprintf(&b, "%-17s %-9s %-8s -> %-17s payment %-10s %s %s\n",
					status, r.Verb, who, o.Status, o.Payment, verdict, codes(o))
			}
		}
	}
	const file = "testdata/transitions.golden"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("the table of transitions has changed; got:\n%s", got)
	}
}

// What a user is offered is never refused.
func TestActionsAreAccepted(t *testing.T) {
	for status, facts := range lives() {
		for _, role := range []Role{Buyer, Seller, Admin} {
			for _, v := range fold(facts...).Actions(role) {
				f := next(role, v)
				if v == Resolved && role == Seller {
					f.Outcome = OutcomeCancelled // the other side's dispute can only be conceded
				}
				o := fold(append(facts, f)...)
				if last := o.Timeline[len(o.Timeline)-1]; !last.OK {
					t.Errorf("%s: %s is offered %s, which is refused: %s", status, role, v, last.Reason)
				}
			}
		}
	}
}
