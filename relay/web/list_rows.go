package web

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A Row is one order of a list.
type Row struct {
	Order   *orders.Order
	Href    string
	Other   *Person // nil where nobody is known yet
	Cost    *Sum    // nil where nobody has said
	Titles  []string
	More    int  // products beside those
	Age     Age  // in its status
	Late    bool // it should have arrived
	Expired bool // its payment link is too old
	Look    bool // something else is odd about it
	Next    orders.Verb
}

// maxTitles is how many products a row names.
const maxTitles = 2

// rows are the orders as the viewer's list shows them.
func (s *server) rows(ctx context.Context, l list, found []*orders.Order, now time.Time) ([]Row, error) {
	if err := s.entitle(ctx, found...); err != nil {
		return nil, err
	}
	others := make([]string, 0, len(found))
	for _, o := range found {
		if k := otherParty(o, l.role); !slices.Contains(others, k) {
			others = append(others, k)
		}
	}
	people, err := s.people(ctx, others...)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(found))
	for i, o := range found {
		path := o.Path()
		r := Row{
			Order: o, Href: pathOf(o.IntentID), Other: people[otherParty(o, l.role)],
			Age: ageOf(path[len(path)-1].From, now), Next: nextStep(o, l.role),
		}
		if cost, named := costOf(o); named {
			r.Cost = &cost
		}
		r.nameProducts()
		r.noteExceptions()
		rows[i] = r
	}
	return rows, nil
}

func otherParty(o *orders.Order, role orders.Role) string {
	if role == orders.Buyer {
		return o.SellerPubkey
	}
	return o.BuyerPubkey
}

// peopleOf are the other parties of the rows, each once.
func peopleOf(rows []Row) (people []*Person) {
	for _, r := range rows {
		if r.Other != nil && !slices.Contains(people, r.Other) {
			people = append(people, r.Other)
		}
	}
	return people
}

func (r *Row) nameProducts() {
	for _, p := range r.Order.Products[:min(len(r.Order.Products), maxTitles)] {
		title := p.Title
		if title == "" {
			title = middle(p.ProductID)
		}
		if p.Quantity > 1 {
			title = strconv.FormatInt(p.Quantity, 10) + " × " + title
		}
		r.Titles = append(r.Titles, title)
	}
	r.More = len(r.Order.Products) - len(r.Titles)
}

func (r *Row) noteExceptions() {
	for _, e := range r.Order.Exceptions {
		switch e.Code {
		case "late":
			r.Late = true
		case "expired":
			r.Expired = true
		default:
			r.Look = true
		}
	}
}

// An Age is how long something has lasted, in the greatest unit that it fills.
type Age struct {
	Unit string // now, minute, hour, day, week or month
	N    int64
}

var ages = []struct {
	unit string
	d    time.Duration
}{{"month", 30 * 24 * time.Hour}, {"week", 14 * 24 * time.Hour}, {"day", 24 * time.Hour}, {"hour", time.Hour}}

// ageOf is how long ago a time (ms) is. Weeks are counted from the second on.
func ageOf(since int64, now time.Time) Age {
	d := max(0, now.Sub(time.UnixMilli(since)))
	for _, a := range ages {
		if d < a.d {
			continue
		}
		if a.unit == "week" {
			return Age{a.unit, int64(d / (7 * 24 * time.Hour))}
		}
		return Age{a.unit, int64(d / a.d)}
	}
	if d < time.Minute {
		return Age{"now", 0}
	}
	return Age{"minute", int64(d / time.Minute)}
}
