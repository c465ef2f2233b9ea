package api

import (
	"net/http"
	"net/url"

	"github.com/waybill-relay/waybill/orders"
)

var statsKeys = []string{"as", "since", "until", "period", "include"}

// stats is what a participant's orders add up to.
type stats struct {
	As        string            `json:"as"`
	Since     *int64            `json:"since,omitempty"` // ms
	Until     *int64            `json:"until,omitempty"` // ms, inclusive
	Stats     orders.Stats      `json:"stats"`
	Periods   []orders.Period   `json:"periods,omitempty"`
	Durations *orders.Durations `json:"durations,omitempty"`
}

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
	me, now := c.caller.Pubkey, s.cfg.Now()
	answer := stats{As: as, Since: f.Since, Until: f.Until}
	if query.Has("period") {
		edges, err := spanOf(query).Edges(f.Since, f.Until, now)
		if err != nil {
			return err
		}
		if answer.Periods, err = orders.StatsByPeriod(c.Context(), s.orders, me, f.As, edges); err != nil {
			return err
		}
	}
	if answer.Stats, err = orders.StatsBetween(c.Context(), s.orders, me, f.As, f.Since, f.Until, now); err != nil {
		return err
	}
	if query.Has("include") {
		d, err := s.orders.GetDurations(c.Context(), me, f)
		if err != nil {
			return err
		}
		answer.Durations = &d
	}
	return answerTagged(w, c, "", answer)
}

// spanOf is the period that a query names once.
func spanOf(query url.Values) orders.Span {
	if len(query["period"]) != 1 {
		return ""
	}
	return orders.Span(query.Get("period"))
}
