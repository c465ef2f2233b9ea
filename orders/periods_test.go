package orders

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestEdges(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.FixedZone("", -11*3600)) // the fifth, in UTC
	at := func(text string) *int64 {
		d, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		ms := d.UnixMilli()
		return &ms
	}
	last := func(text string) *int64 { ms := *at(text) - 1; return &ms }
	for _, tt := range []struct {
		name         string
		span         Span
		since, until *int64
		want         []string // as times
	}{
		{"days", Day, at("2026-03-03 12:00:00"), nil, []string{"2026-03-03 12:00:00", "2026-03-04 00:00:00", "2026-03-05 00:00:00", "2026-03-06 00:00:00"}},
		{"weeks begin on Monday", Week, at("2026-02-22 00:00:00"), nil, []string{"2026-02-22 00:00:00", "2026-02-23 00:00:00", "2026-03-02 00:00:00", "2026-03-09 00:00:00"}},
		{"months of a leap year", Month, at("2024-01-31 00:00:00"), last("2024-03-02 00:00:00"), []string{"2024-01-31 00:00:00", "2024-02-01 00:00:00", "2024-03-01 00:00:00", "2024-03-02 00:00:00"}},
		{"less than one", Month, at("2024-01-31 00:00:00"), last("2024-02-01 00:00:00"), []string{"2024-01-31 00:00:00", "2024-02-01 00:00:00"}},
	} {
		edges, err := tt.span.Edges(tt.since, tt.until, now)
		var got []string
		for _, ms := range edges {
			got = append(got, time.UnixMilli(ms).UTC().Format(time.DateTime))
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	for span, want := range map[Span]int{Day: 30, Week: 12, Month: 12} {
		edges, err := span.Edges(nil, nil, now)
		if err != nil || len(edges) != want+1 {
			t.Errorf("%s: got %d edges, %v", span, len(edges), err)
			continue
		}
		if end := time.UnixMilli(edges[want]).UTC(); !end.After(now) || span.Begin(now) != time.UnixMilli(edges[want-1]).UTC() {
			t.Errorf("%s ends at %s", span, end)
		}
	}
	for _, tt := range []struct {
		span         Span
		since, until *int64
		want         string
	}{
		{"year", nil, nil, "period"},
		{Day, at("2026-03-06 00:00:00"), nil, "since"},
		{Day, at("2024-01-01 00:00:00"), nil, "period"},
	} {
		_, err := tt.span.Edges(tt.since, tt.until, now)
		var off *ParameterError
		if !errors.As(err, &off) || off.Parameter != tt.want {
			t.Errorf("%s: got %v, want %s", tt.span, err, tt.want)
		}
	}
	// As many as are added up, and one more.
	since := Day.Begin(now).AddDate(0, 0, 1-MaxPeriods).UnixMilli()
	if edges, err := Day.Edges(&since, nil, now); err != nil || len(edges) != MaxPeriods+1 {
		t.Errorf("got %d edges, %v", len(edges), err)
	}
	since--
	if _, err := Day.Edges(&since, nil, now); err == nil {
		t.Error("401 days are added up")
	}
}

// asked notes what statistics are asked for.
type asked struct {
	Reader
	edges    []int64
	allTime  Role
	periodic Role
}

func (a *asked) GetBuyerOrderStats(context.Context, string, string) (Stats, error) {
	a.allTime = Buyer
	return Stats{TotalOrders: 1}, nil
}

func (a *asked) GetSellerOrderStats(context.Context, string, string) (Stats, error) {
	a.allTime = Seller
	return Stats{TotalOrders: 2}, nil
}

func (a *asked) GetPeriods(_ context.Context, _ string, as Role, edges []int64) ([]Stats, error) {
	a.periodic, a.edges = as, edges
	return make([]Stats, len(edges)-1), nil
}

func TestStatsBetween(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	five, nine := int64(5), int64(9)
	for _, tt := range []struct {
		as           Role
		since, until *int64
		want         []int64 // edges; nil: all of the time
	}{
		{Buyer, nil, nil, nil},
		{Seller, nil, nil, nil},
		{Seller, &five, nil, []int64{5, 1_000_000 + 86_400_000}},
		{Buyer, nil, &nine, []int64{0, 10}},
		{Buyer, &five, &nine, []int64{5, 10}},
	} {
		var a asked
		if _, err := StatsBetween(t.Context(), &a, "me", tt.as, tt.since, tt.until, now); err != nil {
			t.Fatal(err)
		}
		if as := a.allTime | a.periodic; !slices.Equal(a.edges, tt.want) || as != tt.as {
			t.Errorf("%v: asked as %v for %v, want %v", tt, as, a.edges, tt.want)
		}
	}
	periods, err := StatsByPeriod(t.Context(), &asked{}, "me", Seller, []int64{1, 2, 4})
	if err != nil || len(periods) != 2 || periods[1].Since != 2 || periods[1].Until != 4 {
		t.Errorf("got %+v, %v", periods, err)
	}
}
