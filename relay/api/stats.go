package api

import (
	"net/http"
	"net/url"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

var statsKeys = []string{"as", "since", "until", "period", "include"}

// stats is what a participant's orders add up to.
type stats struct {
	As        string            `json:"as"`
	Since     *int64            `json:"since,omitempty"` // ms
	Until     *int64            `json:"until,omitempty"` // ms, inclusive
	Stats     orders.Stats      `json:"stats"`
	Periods   []period          `json:"periods,omitempty"`
	Durations *orders.Durations `json:"durations,omitempty"`
}

// period is one of them: since (ms) is in it, until not any more.
type period struct {
	Since int64        `json:"since"`
	Until int64        `json:"until"`
	Stats orders.Stats `json:"stats"`
}

// A span is a kind of period.
type span struct {
	name    string
	begin   func(time.Time) time.Time // of the period that t is in
	next    func(time.Time) time.Time // the beginning of the one after
	unasked int                       // how many there are without since
}

// spans are by the calendar, in UTC; weeks begin on Monday.
var spans = []span{
	{"day", midnight, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }, 30},
	{"week", func(t time.Time) time.Time { return midnight(t).AddDate(0, 0, -(int(t.Weekday())+6)%7) },
		func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }, 12},
	{"month", func(t time.Time) time.Time { return midnight(t).AddDate(0, 0, 1-t.Day()) },
		func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }, 12},
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

const maxPeriods = 400

// getStats: GET /api/v1/stats.
func (s *server) getStats(w http.ResponseWriter, c *call) error {
	query := c.URL.Query()
	as := query.Get("as")
	if len(query["as"]) != 1 || as != "buyer" && as != "seller" {
		return badParameter("as", "as is buyer or seller.")
	}
	f, err := s.filter(c, url.Values{"role": {as}, "since": query["since"], "until": query["until"]})
	if err != nil {
		return err
	}
	if query.Has("include") && (len(query["include"]) > 1 || query.Get("include") != "durations") {
		return badParameter("include", "include can be durations.")
	}
	answer := stats{As: as, Since: f.Since, Until: f.Until}
	edges, err := s.edges(query, f)
	if err != nil {
		return err
	}
	if err := s.fill(c, f, &answer, edges); err != nil {
		return err
	}
	if query.Has("include") {
		d, err := s.orders.GetDurations(c.Context(), c.caller.Pubkey, f)
		if err != nil {
			return err
		}
		answer.Durations = &d
	}
	return answerTagged(w, c, "", answer)
}

// fill asks for the statistics: of everything, or of what is within the edges.
func (s *server) fill(c *call, f orders.Filter, to *stats, edges []int64) (err error) {
	me := c.caller.Pubkey
	switch {
	case f.Since == nil && f.Until == nil && f.As == orders.Buyer:
		to.Stats, err = s.orders.GetBuyerOrderStats(c.Context(), me, me)
	case f.Since == nil && f.Until == nil:
		to.Stats, err = s.orders.GetSellerOrderStats(c.Context(), me, me)
	default:
		first, last := int64(0), s.cfg.Now().Add(24*time.Hour).UnixMilli()
		if f.Since != nil {
			first = *f.Since
		}
		if f.Until != nil {
			last = *f.Until + 1
		}
		var all []orders.Stats
		if all, err = s.orders.GetPeriods(c.Context(), me, f.As, []int64{first, max(last, first+1)}); err == nil {
			to.Stats = all[0]
		}
	}
	if err != nil || edges == nil {
		return err
	}
	all, err := s.orders.GetPeriods(c.Context(), me, f.As, edges)
	if err != nil {
		return err
	}
	for i, st := range all {
		to.Periods = append(to.Periods, period{edges[i], edges[i+1], st})
	}
	return nil
}

// edges are where the periods that are asked for begin, and the last one ends; nil for
// none. The first begins at since, the last ends at until, or with the present one.
func (s *server) edges(query url.Values, f orders.Filter) ([]int64, error) {
	if !query.Has("period") {
		return nil, nil
	}
	var sp *span
	for i := range spans {
		if len(query["period"]) == 1 && query.Get("period") == spans[i].name {
			sp = &spans[i]
		}
	}
	if sp == nil {
		return nil, badParameter("period", "period is day, week or month.")
	}
	now := s.cfg.Now().UTC()
	end := sp.next(sp.begin(now))
	if f.Until != nil {
		end = time.UnixMilli(*f.Until + 1).UTC()
	}
	start := sp.begin(end.Add(-time.Millisecond))
	if f.Since != nil {
		start = time.UnixMilli(*f.Since).UTC()
	} else {
		for range sp.unasked - 1 {
			start = sp.begin(start.Add(-time.Millisecond))
		}
	}
	if !start.Before(end) {
		return nil, badParameter("since", "since is not over yet when the last period ends.")
	}
	edges := []int64{start.UnixMilli()}
	for at := sp.next(sp.begin(start)); at.Before(end); at = sp.next(at) {
		if edges = append(edges, at.UnixMilli()); len(edges) > maxPeriods {
			return nil, badParameter("period", "This makes more than 400 periods: take longer ones, or a later since.")
		}
	}
	return append(edges, end.UnixMilli()), nil
}
