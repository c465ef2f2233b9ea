package orders

import "slices"

// Progress is what has happened to an order between two moments: what is counted.
type Progress struct {
	Lines    []TimelineEntry // that are new in its history
	Created  bool            // it is there, and does not look like spam (Held)
	Source   string          // the dialect of Created
	Answered bool            // for the first time, by its seller
	Paid     bool            // for the first time, as anybody says
	Left     []Left          // statuses that it was in and is not any more
	Closed   Closing         // for the first time; "" where it was not
	Disputed int             // how often it was disputed
	Settled  []Outcome       // of the disputes that were closed
}

// Left is a status that an order was in for so long (ms).
type Left struct {
	Status Status
	Took   int64
}

// Compare tells what has happened since the order was as before; nil: since there was
// none. Of an order that looks like spam nothing but its Lines is told, and all the
// rest once its seller has answered.
func Compare(before, after *Order) (p Progress) {
	known := map[string]bool{}
	var was []Stay
	old := before
	if old == nil {
		old = &Order{}
	} else {
		for i := range old.Timeline {
			known[old.Timeline[i].Fact] = true
		}
		was = old.Path()
	}
	for _, e := range after.Timeline {
		if !known[e.Fact] {
			p.Lines = append(p.Lines, e)
		}
	}
	if after.Held {
		return p
	}
	if old.Held {
		old, was = &Order{}, nil
	}
	p.Created = len(was) == 0
	if p.Created {
		p.Source = after.Dialect
	}
	p.Answered = after.Answered() && !old.Answered()
	p.Paid = after.WasPaid() && (p.Created || !old.WasPaid())
	p.path(was, after)
	for _, e := range p.Lines {
		if e.OK && e.Verb == Resolved {
			p.Settled = append(p.Settled, e.Outcome)
		}
	}
	return p
}

// path compares the statuses that the order went through with those known before. A
// late message may put another history in the place of what was told: a status is
// told of as often as it was left.
func (p *Progress) path(was []Stay, after *Order) {
	path := after.Path()
	told := map[Status]int{}
	for i := 0; i+1 < len(was); i++ {
		told[was[i].Status]++
	}
	for i := 0; i+1 < len(path); i++ {
		if s := path[i].Status; told[s] > 0 {
			told[s]--
		} else {
			p.Left = append(p.Left, Left{s, path[i+1].From - path[i].From})
		}
	}
	count := func(path []Stay, is func(Status) bool) (n int) {
		for _, s := range path {
			if is(s.Status) {
				n++
			}
		}
		return n
	}
	disputed := func(s Status) bool { return s == StatusDisputed }
	p.Disputed = max(0, count(path, disputed)-count(was, disputed))
	if count(was, Status.Closed) == 0 {
		p.Closed = after.Closing()
	}
}

// Since tells what those of the facts that o is made of (AssembleFrom) whose Seq is
// above after, and not above upTo, have changed in it; ok is false where there are none.
// What came later still is for another call to tell.
func Since(o *Order, p Pair, facts []Fact, after, upTo int64) (progress Progress, ok bool) {
	var old, now []Fact
	begun, begins := false, false // by what was told before, and by now
	for i := range facts {
		f := &facts[i]
		if f.Seq > upTo {
			continue
		}
		now = append(now, *f)
		begins = begins || f.Begins()
		if f.Seq > after {
			ok = true
			continue
		}
		old = append(old, *f)
		begun = begun || f.Begins()
	}
	if len(now) < len(facts) {
		if ok = ok && begins; ok {
			o = Fold(p, now)
		}
	}
	switch {
	case !ok:
		return Progress{}, false
	case begun:
		return Compare(Fold(p, old), o), true
	}
	// What came before its order began was told of then, as belonging to none.
	progress = Compare(nil, o)
	progress.Lines = slices.DeleteFunc(progress.Lines, func(e TimelineEntry) bool {
		return slices.ContainsFunc(old, func(f Fact) bool { return FactRef(f.ID, f.N) == e.Fact })
	})
	return progress, true
}
