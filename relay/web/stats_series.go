package web

import (
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A Series is the money of one period after the other: a table, and the chart of it.
type Series struct {
	Span  orders.Span
	Rows  []SeriesRow
	Ticks []int64 // sats, from the top down, as far from each other
	Width int     // of the chart's box
	Named []When  // a few of the periods, as far from each other
}

// A SeriesRow is one period.
type SeriesRow struct {
	When
	Sats, Orders, Average int64
	Bar
}

// When names a period by its first day.
type When struct {
	Span             orders.Span
	Day, Month, Year int
	Unix             int64 // s
}

func whenOf(span orders.Span, ms int64) When {
	y, m, d := time.UnixMilli(ms).UTC().Date()
	return When{Span: span, Day: d, Month: int(m), Year: y, Unix: ms / 1000}
}

func newSeries(span orders.Span, periods []orders.Period, as orders.Role) *Series {
	s := &Series{Span: span, Rows: make([]SeriesRow, len(periods)), Width: barStep * len(periods)}
	values := make([]int64, len(periods))
	for i, p := range periods {
		values[i] = turnoverOf(p.Stats, as)
		s.Rows[i] = SeriesRow{When: whenOf(span, p.Since), Sats: values[i], Orders: p.Stats.TotalOrders, Average: p.Stats.AverageOrderValue}
	}
	top := topOf(values)
	s.Ticks = []int64{top, top / 2, 0}
	for i, b := range barsOf(values, top) {
		s.Rows[i].Bar = b
	}
	s.Named = append(s.Named, s.Rows[0].When)
	if n := len(s.Rows); n > 2 {
		s.Named = append(s.Named, s.Rows[n/2].When)
	}
	if n := len(s.Rows); n > 1 {
		s.Named = append(s.Named, s.Rows[n-1].When)
	}
	return s
}

// sparks are the small lines of the money and of the orders.
func (s *Series) sparks() (sats, n string) {
	money, counts := make([]int64, len(s.Rows)), make([]int64, len(s.Rows))
	for i, r := range s.Rows {
		money[i], counts[i] = r.Sats, r.Orders
	}
	return sparkOf(money), sparkOf(counts)
}
