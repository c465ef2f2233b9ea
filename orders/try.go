package orders

import (
	"context"
	"slices"
)

// A Trial is what facts would make of an order, before they are said.
type Trial struct {
	Before *Order          // nil: there is no such order yet
	After  *Order          // nil: there would be none
	Lines  []TimelineEntry // of the facts, as they would stand in After's timeline
}

// Try folds the order k with facts that are not in src. It writes nothing; src
// answers as in Assemble. An order that was retired has no Before and no After.
func Try(ctx context.Context, src Source, k Key, said []Fact) (t Trial, err error) {
	src = Batch(src)
	begin, begun, err := src.Beginning(ctx, k)
	if err != nil || begun && begin.Retired {
		return t, err
	}
	var known []Fact
	if begun {
		if t.Before, err = Assemble(ctx, src, k); err != nil {
			return t, err
		}
	}
	if known, _, err = Members(ctx, src, k); err != nil {
		return t, err
	}
	if t.Before == nil && !slices.ContainsFunc(said, func(f Fact) bool { return f.Begins() }) {
		return t, nil
	}
	t.After = Fold(k.Pair, append(slices.Clip(known), said...))
	t.After.IntentID, t.After.OrderID = begin.IntentID, k.OrderID
	for _, line := range t.After.Timeline {
		if slices.ContainsFunc(said, func(f Fact) bool { return FactRef(f.ID, f.N) == line.Fact }) {
			t.Lines = append(t.Lines, line)
		}
	}
	return t, nil
}

// Judge is what there is to say against the lines of a trial by somebody with that
// role: nil, ENOTFOUND (a stranger), EFORBIDDEN (not his to say) or ECONFLICT (the
// order's state does not allow it). A line that counts and is not among the Actions
// of before is ECONFLICT, unless anyway.
func (t *Trial) Judge(role Role, anyway bool) error {
	for _, line := range t.Lines {
		if !line.OK {
			return refused(line)
		}
		if before := t.Before; before != nil && !anyway && !(line.Verb == Intent && before.Stub) &&
			!slices.Contains(before.Actions(role), line.Verb) {
			return Errorf(ECONFLICT, "An order that is %s does not allow %q now.", before.Status, line.Verb)
		}
	}
	return nil
}

func refused(line TimelineEntry) error {
	switch line.Reason {
	case NotAParticipant:
		return notFound()
	case WrongRole, UnboundSender:
		return Errorf(EFORBIDDEN, "%q is not for the %s of an order to say.", line.Verb, line.Role)
	case DuplicateID:
		return Errorf(ECONFLICT, "This order has begun already.")
	}
	return Errorf(ECONFLICT, "The state of the order does not allow %q.", line.Verb)
}
