package orders

import (
	"cmp"
	"slices"
)

// disputable are the verbs of which one must stand before there is anything to dispute:
// money has moved, or goods have.
var disputable = []Verb{Paid, Confirm, Process, Shipped, Delivered}

// judgeDisputes refuses a dispute before there is anything to dispute.
func (f *folding) judgeDisputes() {
	if f.first(nil, disputable...) >= 0 {
		return
	}
	for _, t := range f.accepted(Dispute) {
		t.reason = IllegalTransition
	}
}

// foresight is how much earlier than its dispute a resolution may seem to be:
// clocks differ, and the two cross on the way.
const foresight = int64(10 * 60_000)

// settle finds which disputes each resolution closes, which are left open, and
// the outcome that stands.
//
// A resolution reaches the disputes before it; where there is none, the first
// one that began at most 10 minutes later, and it then counts just after that.
// An admin closes them all; resume closes what its sender raised himself; a
// concession (the seller's cancelled, the buyer's delivered) closes what the
// other side raised. One that closes nothing is refused.
func (f *folding) settle() {
	var disputes []int
	for i := range f.accepted(Dispute) {
		disputes = append(disputes, i)
	}
	type ruling struct{ after, at int } // the position it counts behind, and its own
	var rulings []ruling
	closed := map[int]bool{}
	for i, r := range f.accepted(Resolved) {
		reached, after := f.reach(disputes, i)
		closes := false
		for _, d := range reached {
			if mayClose(r, &f.ts[d]) {
				closed[d], closes = true, true
			}
		}
		if !closes {
			r.reason = IllegalTransition
			continue
		}
		rulings = append(rulings, ruling{after, i})
	}
	slices.SortFunc(rulings, func(a, b ruling) int { return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.at, b.at)) })
	for _, r := range rulings {
		if o := f.ts[r.at].Outcome; o != OutcomeResume {
			f.outcome = o
		}
	}
	f.disputed = slices.ContainsFunc(disputes, func(d int) bool { return !closed[d] })
}

// reach returns the disputes that the resolution at position i speaks of, and
// the position behind which it counts.
func (f *folding) reach(disputes []int, i int) (reached []int, after int) {
	n, _ := slices.BinarySearch(disputes, i)
	if n > 0 {
		return disputes[:n], i
	}
	if len(disputes) > 0 && f.ts[disputes[0]].sigma <= f.ts[i].sigma+foresight {
		return disputes[:1], disputes[0]
	}
	return nil, i
}

// mayClose reports whether the resolution r ends the dispute d.
func mayClose(r, d *telling) bool {
	if !r.Outcome.Valid() {
		return false
	}
	switch {
	case r.role == Admin:
		return true
	case r.Outcome == OutcomeResume:
		return d.Sender == r.Sender
	case r.role == Seller && r.Outcome == OutcomeCancelled, r.role == Buyer && r.Outcome == OutcomeDelivered:
		return d.Sender != r.Sender
	}
	return false
}

// OpenDispute is the message of the timeline with which the present dispute began, nil
// where the order is not disputed. A dispute that is raised while another one is open
// goes with that one.
func (o *Order) OpenDispute() *TimelineEntry {
	if o.Status != StatusDisputed {
		return nil
	}
	var began, last *TimelineEntry
	for i := range o.Timeline {
		e := &o.Timeline[i]
		switch {
		case !e.OK:
		case e.Verb == Dispute:
			if last = e; began == nil {
				began = e
			}
		case e.Verb == Resolved:
			began = nil
		}
	}
	if began == nil { // one of several was closed: which are open is known to the fold alone
		return last
	}
	return began
}

// OpenDisputes are the roles that raised a dispute which nobody has ended yet.
func (o *Order) OpenDisputes() (open Role) {
	if o.Status != StatusDisputed {
		return 0
	}
	for _, e := range o.Timeline {
		role := partyOf(e.Role)
		switch {
		case !e.OK:
		case e.Verb == Dispute:
			open |= role
		case e.Verb != Resolved:
		case role == Admin:
			open = 0
		case e.Outcome == OutcomeResume:
			open &^= role
		default: // who gives in ends what the other side raised
			open &= role
		}
	}
	return open
}

// partyOf reads what Role.String writes of a buyer, a seller or an admin.
func partyOf(name string) Role {
	for _, r := range []Role{Buyer, Seller, Admin} {
		if name == r.String() {
			return r
		}
	}
	return 0
}

// A Case says which admin (hex) works on the dispute of an order, since when (ms).
type Case struct {
	Admin   string
	TakenAt int64
}

// Of reports whether the case is the present dispute's of o: one that was taken before
// that arrived was about an earlier one.
func (c Case) Of(o *Order) bool {
	e := o.OpenDispute()
	return e != nil && c.Admin != "" && c.TakenAt >= e.ReceivedAt
}
