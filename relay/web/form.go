package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

const (
	formBytes  = 16 << 10         // the largest form is one of a webhook
	formWithin = 15 * time.Second // for it to come in whole, as in the API
)

// form reads a form that a page has sent. EINVALID where it cannot be read, or has
// fields that the page does not have.
func (v *visit) form(fields ...string) (url.Values, error) {
	// A writer that cannot do this is one of a test.
	_ = http.NewResponseController(v.w).SetReadDeadline(time.Now().Add(formWithin))
	v.Body = http.MaxBytesReader(v.w, v.Body, formBytes)
	if err := v.ParseForm(); err != nil {
		return nil, orders.Errorf(orders.EINVALID, "the form cannot be read")
	}
	for name := range v.PostForm {
		if !slices.Contains(fields, name) {
			return nil, orders.Errorf(orders.EINVALID, "the form has a field that is none of its own")
		}
	}
	return v.PostForm, nil
}

// asked reads the query of a page. EINVALID for keys that it does not know, and for one
// that is there twice.
func (v *visit) asked(keys ...string) (url.Values, error) {
	query, err := url.ParseQuery(v.URL.RawQuery)
	if err != nil {
		return nil, orders.Errorf(orders.EINVALID, "the address cannot be read")
	}
	for key, values := range query {
		if !slices.Contains(keys, key) || len(values) > 1 {
			return nil, orders.Errorf(orders.EINVALID, "the address asks for what is not here")
		}
	}
	return query, nil
}

// did reads the query key "done": what a form has just done, of those that the page
// can say. EINVALID.
func did(query url.Values, known ...string) (string, error) {
	done := query.Get("done")
	if query.Has("done") && !slices.Contains(known, done) {
		return "", orders.Errorf(orders.EINVALID, "nothing of that name was done")
	}
	return done, nil
}
