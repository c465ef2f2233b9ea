package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

var statsRoutes = []route{
	{pattern: "GET /stats", signedIn: true, serve: (*server).stats},
}

// Figures is the page of figures.
type Figures struct {
	As                    string // buyer or seller
	Roles, Ranges, Spans  []Choice
	Since, Until          string // the dates that were asked for; "" for none
	AllTime               string // address of everything there is
	None                  bool   // the viewer has no order in this role, at any time
	TooMany               bool   // more orders than are added up at once
	Stats                 orders.Stats
	Sum                   int64 // sats: revenue, or what was spent
	Completion, Disputes  Rate
	Looked                int64 // orders that rates and times are of
	All                   bool  // they are all that are meant
	Lines                 []StatusLine
	Series                *Series
	SparkSum, SparkOrders string // paths
}

// A Rate is N of Of, in percent as the reader writes it; "" of nothing.
type Rate struct {
	N, Of   int64
	Percent string
}

// A StatusLine is what there is to say of one status.
type StatusLine struct {
	Status     orders.Status
	Orders     int64
	Share      float64 // of all orders, in percent
	Left       int64   // orders that have left it
	Half, Most Lasting // within which half of them did, and nine in ten
}

// stats: GET /stats, with as, range or since and until, and period.
func (s *server) stats(v *visit) error {
	ctx := v.Context()
	q, err := s.statsQuery(v)
	if err != nil {
		return err
	}
	v.as = q.as
	page := Figures{
		As: q.as.String(), Roles: q.roles(), Ranges: q.ranges(), Since: q.since, Until: q.until,
		AllTime: q.href("range", "all"),
	}
	f := orders.Filter{As: q.as, Since: q.filter.Since, Until: q.filter.Until}
	first, err := s.firstOrder(ctx, v.viewer, q.as)
	if err != nil {
		return err
	}
	if page.None = first == 0; page.None {
		return s.show(v, http.StatusOK, "stats", page)
	}
	if err := s.series(ctx, v, &q, first, &page); err != nil {
		return err
	}
	m, all, err := s.cfg.Orders.GetMeasures(ctx, v.viewer, f)
	if err != nil {
		return err
	}
	page.measure(m, all, v.prefs.Language)
	return s.show(v, http.StatusOK, "stats", page)
}

// firstOrder is when the viewer's first order in the role began (ms), 0 for never.
func (s *server) firstOrder(ctx context.Context, viewer string, as orders.Role) (int64, error) {
	found, err := s.cfg.Orders.FindOrders(ctx, viewer, orders.Filter{As: as, OldestFirst: true}, orders.Query{Limit: 1})
	if err != nil || len(found.Items) == 0 {
		return 0, err
	}
	return max(1, found.Items[0].CreatedTimestamp), nil
}

// series adds up what the query means, and its periods. Where these are too many
// orders for that, the page says so.
func (s *server) series(ctx context.Context, v *visit, q *statsQuery, first int64, page *Figures) error {
	since := q.filter.Since
	if since == nil {
		since = &first
	}
	edges, err := q.edges(since, v.now)
	if err != nil {
		return err
	}
	page.Spans = q.spans()
	periods, err := orders.StatsByPeriod(ctx, s.cfg.Orders, v.viewer, q.as, edges)
	if page.TooMany = orders.ErrorCode(err) == orders.EINVALID; page.TooMany {
		return nil
	}
	if err != nil {
		return err
	}
	page.Stats, err = orders.StatsBetween(ctx, s.cfg.Orders, v.viewer, q.as, q.filter.Since, q.filter.Until, v.now)
	if err != nil {
		return err
	}
	page.Sum = turnoverOf(page.Stats, q.as)
	page.Series = newSeries(q.span, periods, q.as)
	page.SparkSum, page.SparkOrders = page.Series.sparks()
	return nil
}

// turnoverOf is the money in statistics (sats).
func turnoverOf(st orders.Stats, as orders.Role) int64 {
	if as == orders.Buyer {
		return st.TotalSpent
	}
	return st.TotalRevenue
}

// measure fills in what orders are looked at one by one for.
func (p *Figures) measure(m *orders.Measures, all bool, language string) {
	p.Looked, p.All = m.Orders, all
	p.Completion = rateOf(m.Closed[orders.ClosedCompleted], m.Ended(), language)
	p.Disputes = rateOf(m.Disputed, m.Paid, language)
	for _, status := range orders.Statuses {
		n, half, most := m.Stayed(status)
		p.Lines = append(p.Lines, StatusLine{
			Status: status, Orders: p.Stats.OrdersByStatus[status], Share: shareOf(p.Stats.OrdersByStatus[status], p.Stats.TotalOrders),
			Left: n, Half: lasting(half), Most: lasting(most),
		})
	}
}

func rateOf(n, of int64, language string) Rate {
	r := Rate{N: n, Of: of}
	if of == 0 {
		return r
	}
	// A tenth of a percent: more would say more than so few orders can.
	r.Percent = plainNumber(float64(int64(shareOf(n, of)*10+0.5)) / 10)
	if language == "de" {
		r.Percent = strings.Replace(r.Percent, ".", ",", 1)
	}
	return r
}

// Lasting is how long something lasted, in its two greatest units.
type Lasting struct {
	Unit string // of More: minutes, hours or days
	More int64
	Less int64 // of the unit below; of minutes none
}

func lasting(ms int64) Lasting {
	d := (time.Duration(ms) * time.Millisecond).Round(time.Minute)
	switch hours := int64(d / time.Hour); {
	case hours >= 24:
		return Lasting{"days", hours / 24, hours % 24}
	case hours > 0:
		return Lasting{"hours", hours, int64(d/time.Minute) % 60}
	}
	return Lasting{"minutes", int64(d / time.Minute), 0}
}
