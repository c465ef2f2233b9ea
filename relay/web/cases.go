package web

import (
	"context"
	"net/url"

	"github.com/waybill-relay/waybill/orders"
)

// A CaseForm says who works on an open dispute, with what the viewer, an admin, may do
// about that: for the partial "case".
type CaseForm struct {
	Path    string  // of its forms
	Holder  *Person // nil: nobody
	TakenAt int64   // ms
	From    string  // whom the ledger has, for taking it over from him; of an earlier dispute too
	Mine    bool
	Party   bool // the viewer is a party of the order: he does not judge it
}

// cases are who took the disputes of those orders last.
func (s *server) cases(ctx context.Context, found ...*orders.Order) (map[string]orders.Case, error) {
	if s.cfg.Cases == nil || len(found) == 0 {
		return nil, nil
	}
	ids := make([]string, len(found))
	for i, o := range found {
		ids[i] = o.IntentID
	}
	return s.cfg.Cases.Cases(ctx, ids)
}

// caseForm is what viewer sees of the case of an order, nil where there is none to have;
// people has its admin.
func (s *server) caseForm(o *orders.Order, c orders.Case, viewer string, people map[string]*Person) *CaseForm {
	if s.cfg.Cases == nil || o.OpenDispute() == nil {
		return nil
	}
	f := &CaseForm{Path: "/disputes/" + url.PathEscape(o.IntentID), From: c.Admin, Party: o.Role(viewer) != 0}
	if c.Of(o) {
		f.Holder, f.TakenAt, f.Mine = people[c.Admin], c.TakenAt, c.Admin == viewer
	}
	return f
}

// takeCase: POST /disputes/{id}/take, with from, who was seen to have it. A party of
// the order does not judge it.
func (s *server) takeCase(v *visit) error {
	o, form, err := s.caseOrder(v, "from", "next")
	switch {
	case err != nil:
		return err
	case o.Role(v.viewer) != 0:
		return orders.Errorf(orders.EFORBIDDEN, "who bought or sold does not judge")
	case o.OpenDispute() == nil:
		return orders.Errorf(orders.ECONFLICT, "the dispute is over")
	}
	if err := s.cfg.Cases.TakeCase(v.Context(), o.IntentID, v.viewer, form.Get("from"), v.now.UnixMilli()); err != nil {
		return err
	}
	v.redirect(ownPath(form.Get("next"), "/disputes"))
	return nil
}

// releaseCase: POST /disputes/{id}/release.
func (s *server) releaseCase(v *visit) error {
	o, form, err := s.caseOrder(v, "next")
	if err != nil {
		return err
	}
	if err := s.cfg.Cases.ReleaseCase(v.Context(), o.IntentID, v.viewer); err != nil {
		return err
	}
	v.redirect(ownPath(form.Get("next"), "/disputes"))
	return nil
}

// caseOrder is the order that the path names, with the form that came for it.
func (s *server) caseOrder(v *visit, fields ...string) (*orders.Order, url.Values, error) {
	if s.cfg.Cases == nil {
		return nil, nil, orders.Errorf(orders.ENOTFOUND, "nobody keeps cases here")
	}
	form, err := v.form(fields...)
	if err != nil {
		return nil, nil, err
	}
	o, err := s.cfg.Orders.GetOrder(v.Context(), v.viewer, v.PathValue("id"))
	return o, form, err
}
