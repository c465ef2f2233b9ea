package orders

// A Stay is a status in which an order was, and since when (ms).
type Stay struct {
	Status Status
	From   int64
}

// Path is the statuses that the order has gone through, in the order of its history;
// the last is the one in which it stands. A status that was skipped is not there, one
// to which it came back is there again. No stay begins before the one ahead of it.
func (o *Order) Path() []Stay {
	path := []Stay{{StatusIntentSent, o.CreatedTimestamp}}
	step := func(s Status, at int64) {
		if last := path[len(path)-1]; last.Status != s {
			path = append(path, Stay{s, max(at, last.From)})
		}
	}
	base, ended, disputed := StatusIntentSent, false, false
	for i := range o.Timeline {
		e := &o.Timeline[i]
		if !e.OK {
			continue
		}
		switch raises := ruleOf[e.Verb].Raises; {
		case e.Verb == Dispute:
			disputed = true
			step(StatusDisputed, e.At)
			continue
		case e.Verb == Resolved:
			disputed = false
			if e.Outcome.Valid() && e.Outcome != OutcomeResume {
				base, ended = Status(e.Outcome), true
			}
		case e.Verb == Cancel:
			if !ended {
				base, ended = StatusCancelled, true
			}
		case !ended && progressRank[raises] > progressRank[base]:
			base = raises
		}
		if !disputed {
			step(base, e.At)
		}
	}
	// Several disputes, closed one by one, are told apart by the fold alone.
	step(o.Status, o.UpdatedTimestamp)
	return path
}

// Closed reports whether nothing more is expected in this status.
func (s Status) Closed() bool { return s == StatusDelivered || s == StatusCancelled }

// A Closing is how an order ended.
type Closing string

// The closings. Declined: the seller, before any payment was said. Lapsed: cancelled,
// unpaid, after its payment link had expired. Refunded: cancelled, and paid back.
const (
	ClosedCompleted Closing = "completed"
	ClosedCancelled Closing = "cancelled"
	ClosedDeclined  Closing = "declined"
	ClosedLapsed    Closing = "lapsed"
	ClosedRefunded  Closing = "refunded"
)

// Closings lists all of them.
var Closings = []Closing{ClosedCompleted, ClosedCancelled, ClosedDeclined, ClosedLapsed, ClosedRefunded}

// Closing is how the order ended, "" while it is open.
func (o *Order) Closing() Closing {
	switch {
	case o.Status == StatusDelivered:
		return ClosedCompleted
	case o.Status != StatusCancelled:
		return ""
	case o.Payment == PaymentRefunded:
		return ClosedRefunded
	case o.WasPaid():
		return ClosedCancelled
	case o.PaymentExpiry != 0 && o.since() >= o.PaymentExpiry:
		return ClosedLapsed
	case o.CancelledBy != "" && o.CancelledBy == o.SellerPubkey:
		return ClosedDeclined
	}
	return ClosedCancelled
}

// since is when the order came to its status.
func (o *Order) since() int64 {
	path := o.Path()
	return path[len(path)-1].From
}

// WasPaid reports whether anybody has said that the order is paid, refunded or not.
func (o *Order) WasPaid() bool { return o.Payment != PaymentNone && o.Payment != PaymentRequested }

// Answered reports whether the seller has said anything that counts.
func (o *Order) Answered() bool {
	for i := range o.Timeline {
		if e := &o.Timeline[i]; e.OK && e.Role == Seller.String() {
			return true
		}
	}
	return false
}
