package orders

import (
	"context"
	"iter"
)

// FindOrders returns one page of the orders that f means, as a list shows them: of
// the caller's own, or, with f.As Admin, of everybody's (EFORBIDDEN for others), with
// their public fields only where they were never disputed.
func (r *reader) FindOrders(ctx context.Context, caller string, f Filter, q Query) (Found, error) {
	if caller == "" {
		return Found{}, Errorf(EFORBIDDEN, "these orders are somebody else's")
	}
	if f.As == Admin && !r.admin(caller) {
		return Found{}, Errorf(EFORBIDDEN, "only an admin lists everybody's orders")
	}
	found, err := r.index.Find(ctx, caller, f, q)
	for _, o := range found.Items {
		r.showIn(f, o, caller)
	}
	return found, err
}

func (r *reader) showIn(f Filter, o *Order, caller string) {
	if f.As == Admin {
		r.showAny(o)
	} else {
		r.show(o, o.Role(caller))
	}
}

// EachOrder yields every order that f means, with the boxes that are sealed to the
// caller: FindOrders to its end, a page at a time. An error ends it.
func (r *reader) EachOrder(ctx context.Context, caller string, f Filter) iter.Seq2[*Order, error] {
	return func(yield func(*Order, error) bool) {
		for q := (Query{Limit: 200}); ; {
			found, err := r.FindOrders(ctx, caller, f, q)
			if err == nil {
				err = r.index.Unbox(ctx, found.Items)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range found.Items {
				o.keepBoxes(caller)
				if f.As == Admin && !o.WasDisputed() {
					o.hidePrivate()
				}
				if !yield(o, nil) {
					return
				}
			}
			if q.Cursor = found.Next; q.Cursor == "" {
				return
			}
		}
	}
}

// GetPeriods is the caller's statistics as Buyer or Seller of the orders begun in
// [edges[i], edges[i+1]) (ms), for each i.
func (r *reader) GetPeriods(ctx context.Context, caller string, as Role, edges []int64) ([]Stats, error) {
	if caller == "" {
		return nil, Errorf(EFORBIDDEN, "these statistics are somebody else's")
	}
	return r.index.Periods(ctx, as, caller, edges)
}

// Durations is how long orders stayed in each status before they left it.
type Durations struct {
	Orders   int64               `json:"orders"` // that were looked at
	All      bool                `json:"all"`    // they are all that the filter means; else its newest
	ByStatus map[Status]Duration `json:"byStatus"`
}

// Duration is how long orders stayed in one status.
type Duration struct {
	Orders    int64 `json:"orders"` // that have left it
	AverageMs int64 `json:"averageMs"`
}

// maxMeasured is how many orders are looked at one by one for Durations and Measures.
const maxMeasured = 2000

// GetDurations looks at the orders that f means, the newest 2,000 of them.
func (r *reader) GetDurations(ctx context.Context, caller string, f Filter) (d Durations, err error) {
	sums, counts := map[Status]float64{}, map[Status]int64{}
	d.All, err = r.newest(ctx, caller, f, func(o *Order) {
		d.Orders++
		for s, ms := range o.TimePerStatus() {
			sums[s] += float64(ms)
			counts[s]++
		}
	})
	if err != nil {
		return d, err
	}
	d.ByStatus = map[Status]Duration{}
	for s, n := range counts {
		d.ByStatus[s] = Duration{n, int64(sums[s] / float64(n))}
	}
	return d, nil
}

// GetMeasures is the measures of success of the orders that f means, of the newest
// 2,000 of them; all reports that these are all. Who looked at them is not asked.
func (r *reader) GetMeasures(ctx context.Context, caller string, f Filter) (m *Measures, all bool, err error) {
	m = &Measures{}
	all, err = r.newest(ctx, caller, f, func(o *Order) { m.Add(o, 0) })
	return m, all, err
}

// newest hands over the newest orders that f means, maxMeasured of them at most, and
// reports whether these are all.
func (r *reader) newest(ctx context.Context, caller string, f Filter, each func(*Order)) (all bool, err error) {
	f.OldestFirst = false
	for q, n := (Query{Limit: 200}), 0; n < maxMeasured; {
		found, err := r.FindOrders(ctx, caller, f, q)
		if err != nil {
			return false, err
		}
		n += len(found.Items)
		for _, o := range found.Items {
			each(o)
		}
		if q.Cursor = found.Next; q.Cursor == "" {
			return true, nil
		}
	}
	return false, nil
}

// TimePerStatus is how long (ms) the order stayed in each status that it has left, by
// the times shown in its timeline. What came late does not count back: where a
// later status was said first, the one before it lasted no time.
func (o *Order) TimePerStatus() map[Status]int64 {
	spent := map[Status]int64{}
	now, since := StatusIntentSent, o.CreatedTimestamp
	enter := func(s Status, at int64) {
		spent[now] += max(0, at-since)
		now, since = s, max(at, since)
	}
	before := now // a dispute that is withdrawn leads back to it
	for _, e := range o.Timeline {
		if !e.OK {
			continue
		}
		switch raised := ruleOf[e.Verb].Raises; {
		case e.Verb == Resolved && now == StatusDisputed && e.Outcome == OutcomeResume:
			enter(before, e.At)
		case e.Verb == Resolved && now == StatusDisputed:
			enter(Status(e.Outcome), e.At)
		case raised == "" || raised == now:
		case raised == StatusDisputed:
			before = now
			enter(raised, e.At)
		case now == StatusDisputed:
			if progressRank[raised] > progressRank[before] {
				before = raised
			}
		case now == StatusCancelled:
		case raised == StatusCancelled || progressRank[raised] > progressRank[now]:
			enter(raised, e.At)
		}
	}
	delete(spent, o.Status) // it is in it still
	return spent
}
