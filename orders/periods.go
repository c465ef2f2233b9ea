package orders

import (
	"context"
	"time"
)

// A Span is a kind of period by the calendar, in UTC; weeks begin on Monday.
type Span string

// The spans.
const (
	Day   Span = "day"
	Week  Span = "week"
	Month Span = "month"
)

// Spans lists all of them, the shortest first.
var Spans = []Span{Day, Week, Month}

// MaxPeriods is how many periods are added up at once.
const MaxPeriods = 400

// unasked is how many periods there are where nobody says since when.
var unasked = map[Span]int{Day: 30, Week: 12, Month: 12}

// Valid reports whether s is one of Spans.
func (s Span) Valid() bool { return unasked[s] > 0 }

// Begin is when the period that t is in begins.
func (s Span) Begin(t time.Time) time.Time {
	t = t.UTC()
	y, m, d := t.Date()
	switch s {
	case Week:
		d -= (int(t.Weekday()) + 6) % 7
	case Month:
		d = 1
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Next is the beginning of the period after the one that begins at t.
func (s Span) Next(t time.Time) time.Time {
	switch s {
	case Week:
		return t.AddDate(0, 0, 7)
	case Month:
		return t.AddDate(0, 1, 0)
	}
	return t.AddDate(0, 0, 1)
}

// Edges are where the periods of this span begin, and the last one ends (ms). The first
// begins at since (ms), or so many before the last that a page is full; the last ends
// behind until (ms, inclusive), or with the period of now. Their ends may be cut: a
// month from the tenth on is what is left of it. The error is a *ParameterError.
func (s Span) Edges(since, until *int64, now time.Time) ([]int64, error) {
	if !s.Valid() {
		return nil, &ParameterError{"period", "period is day, week or month."}
	}
	end := s.Next(s.Begin(now))
	if until != nil {
		end = time.UnixMilli(*until + 1).UTC()
	}
	start := s.Begin(end.Add(-time.Millisecond))
	if since != nil {
		start = time.UnixMilli(*since).UTC()
	} else {
		for range unasked[s] - 1 {
			start = s.Begin(start.Add(-time.Millisecond))
		}
	}
	if !start.Before(end) {
		return nil, &ParameterError{"since", "since is not over yet when the last period ends."}
	}
	edges := []int64{start.UnixMilli()}
	for at := s.Next(s.Begin(start)); at.Before(end); at = s.Next(at) {
		if edges = append(edges, at.UnixMilli()); len(edges) > MaxPeriods {
			return nil, &ParameterError{"period", "This makes more than 400 periods: take longer ones, or a later since."}
		}
	}
	return append(edges, end.UnixMilli()), nil
}

// A Period is the statistics of one: Since (ms) is in it, Until not any more.
type Period struct {
	Since int64 `json:"since"`
	Until int64 `json:"until"`
	Stats Stats `json:"stats"`
}

// StatsByPeriod is Reader.GetPeriods with the edges beside what is between them.
func StatsByPeriod(ctx context.Context, r Reader, caller string, as Role, edges []int64) ([]Period, error) {
	all, err := r.GetPeriods(ctx, caller, as, edges)
	if err != nil {
		return nil, err
	}
	periods := make([]Period, len(all))
	for i, st := range all {
		periods[i] = Period{edges[i], edges[i+1], st}
	}
	return periods, nil
}

// StatsBetween is the caller's statistics as Buyer or Seller: of the orders begun from
// since to until (ms, both inclusive), nil for no bound. Without any bound they cost
// the same however many orders there are.
func StatsBetween(ctx context.Context, r Reader, caller string, as Role, since, until *int64, now time.Time) (Stats, error) {
	switch {
	case since == nil && until == nil && as == Buyer:
		return r.GetBuyerOrderStats(ctx, caller, caller)
	case since == nil && until == nil:
		return r.GetSellerOrderStats(ctx, caller, caller)
	}
	first, last := int64(0), now.Add(24*time.Hour).UnixMilli()
	if since != nil {
		first = *since
	}
	if until != nil {
		last = *until + 1
	}
	all, err := r.GetPeriods(ctx, caller, as, []int64{first, max(last, first+1)})
	if err != nil {
		return Stats{}, err
	}
	return all[0], nil
}
