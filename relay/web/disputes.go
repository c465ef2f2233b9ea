package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// Cases keep which admin works on which dispute (*ledger.Ledger).
type Cases interface {
	Cases(ctx context.Context, intentIDs []string) (map[string]orders.Case, error)
	TakeCase(ctx context.Context, intentID, admin, from string, at int64) error
	ReleaseCase(ctx context.Context, intentID, admin string) error
}

var disputeRoutes = []route{
	{pattern: "GET /disputes", signedIn: true, admin: true, serve: (*server).disputes},
	{pattern: "POST /disputes/{id}/take", signedIn: true, admin: true, serve: (*server).takeCase},
	{pattern: "POST /disputes/{id}/release", signedIn: true, admin: true, serve: (*server).releaseCase},
}

// Disputes is the page of disputes.
type Disputes struct {
	Show    string // open or all
	Views   []Choice
	Rows    []Dispute
	Total   int64  // on all its pages
	Newest  string // address of the first page; "" on it
	Further string // address of the next page; "" on the last
}

// A Dispute is one order that is, or was, disputed.
type Dispute struct {
	Order         *orders.Order
	Href          string
	Cost          *Sum // nil where nobody has said
	Buyer, Seller *Person
	By            *Person // who raised it; nil where nobody knows
	ByRole        string
	Since         int64   // ms
	Lasts         Lasting // while it is open
	Open          bool
	Case          *CaseForm // nil where nobody can take it
}

// disputesPerPage is how many disputes are on one page.
const disputesPerPage = 50

// disputes: GET /disputes, with show and cursor. Of the open ones those stand first
// that wait the longest; of all that were, the newest orders.
func (s *server) disputes(v *visit) error {
	v.as = orders.Admin
	query := v.URL.Query()
	page := Disputes{Show: query.Get("show")}
	f := orders.Filter{As: orders.Admin}
	switch page.Show {
	case "", "open":
		page.Show = "open"
		f.Statuses, f.OldestFirst = []orders.Status{orders.StatusDisputed}, true
	case "all":
		f.Disputed = true
	default:
		return orders.Errorf(orders.EINVALID, "there is no such list")
	}
	for _, show := range []string{"open", "all"} {
		page.Views = append(page.Views, Choice{Key: show, Href: "/disputes?show=" + show, Current: show == page.Show})
	}
	cursor := query.Get("cursor")
	found, err := s.cfg.Orders.FindOrders(v.Context(), v.viewer, f, orders.Query{Limit: disputesPerPage, Cursor: cursor})
	if err != nil {
		return err
	}
	page.Total = found.Total
	if page.Rows, err = s.disputeRows(v, found.Items); err != nil {
		return err
	}
	if page.Show == "open" {
		slices.SortStableFunc(page.Rows, func(a, b Dispute) int { return cmp.Compare(a.Since, b.Since) })
	}
	if cursor != "" {
		page.Newest = "/disputes?show=" + page.Show
	}
	if found.Next != "" {
		page.Further = "/disputes?" + url.Values{"show": {page.Show}, "cursor": {found.Next}}.Encode()
	}
	return s.show(v, http.StatusOK, "disputes", page)
}

func (s *server) disputeRows(v *visit, found []*orders.Order) ([]Dispute, error) {
	cases, err := s.cases(v.Context(), found...)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, o := range found {
		keys = append(keys, o.BuyerPubkey, o.SellerPubkey, o.DisputedBy, cases[o.IntentID].Admin)
	}
	slices.Sort(keys)
	people, err := s.people(v.Context(), slices.Compact(keys)...)
	if err != nil {
		return nil, err
	}
	rows := make([]Dispute, len(found))
	for i, o := range found {
		d := Dispute{
			Order: o, Href: pathOf(o.IntentID), Buyer: people[o.BuyerPubkey], Seller: people[o.SellerPubkey],
			Since: o.DisputeTimestamp, Case: s.caseForm(o, cases[o.IntentID], v.viewer, people),
		}
		if cost, named := costOf(o); named {
			d.Cost = &cost
		}
		by := o.DisputedBy
		if e := o.OpenDispute(); e != nil {
			d.Open, d.Since, by = true, e.At, e.Sender
			d.Lasts = lasting(max(0, v.now.UnixMilli()-e.At))
		}
		d.By, d.ByRole = people[by], o.Role(by).String()
		rows[i] = d
	}
	return rows, nil
}
