package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/edge"
)

// A visit is one request for a page.
type visit struct {
	*http.Request
	w      http.ResponseWriter
	viewer string // public key (hex); "" for who has not signed in
	admin  bool
	as     orders.Role // in which the viewer sees what is on the page; 0: in none
	prefs  preferences
	path   string // of the page, with its query: where its forms lead back to
	now    time.Time
}

// edge is what every request for a page passes.
func (s *server) edge(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		start := time.Now()
		out := edge.Watch(w)
		v := &visit{Request: req, w: out, prefs: preferencesOf(req), path: req.URL.RequestURI(), now: s.cfg.Now()}
		s.setHeaders(w.Header())
		defer func() { s.cfg.Observe(r.pattern, out.Status(), time.Since(start)) }()
		defer edge.Recover(s.cfg.Log, req, func() { s.failed(v) })
		if err := s.serve(r, v); err != nil {
			s.refuse(v, err)
		}
	})
}

func (s *server) serve(r route, v *visit) (err error) {
	if !safe(v.Method) {
		if err := s.cfg.Visitors.Check(v.Request); err != nil {
			return orders.Errorf(orders.EFORBIDDEN, "this request comes from a page of another site")
		}
	}
	if v.viewer, err = s.cfg.Visitors.Who(v.Request); err != nil {
		return err
	}
	v.admin = v.viewer != "" && s.cfg.Admin(v.viewer)
	if r.signedIn && v.viewer == "" {
		if safe(v.Method) {
			v.redirect("/sign-in?next=" + url.QueryEscape(v.URL.RequestURI()))
			return nil
		}
		return orders.Errorf(orders.EFORBIDDEN, "sign in first")
	}
	if r.admin && !v.admin {
		return orders.Errorf(orders.ENOTFOUND, "there is nothing here")
	}
	return r.serve(s, v)
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// redirect sends the browser to a path of this relay, to be asked for with GET.
func (v *visit) redirect(path string) { http.Redirect(v.w, v.Request, path, http.StatusSeeOther) }

// ownPath returns next where it is a path of this relay, else another.
func ownPath(next, other string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return other
	}
	return next
}

// policy is the Content-Security-Policy of every page: nothing comes from anywhere
// else; sockets go to the relay itself, and to the relays of remote signers and of
// other people's inboxes.
func policy(publicURLs []string) string {
	sockets := ""
	for _, u := range publicURLs {
		if parsed, err := url.Parse(u); err == nil && parsed.Host != "" {
			sockets += " " + parsed.Scheme + "://" + parsed.Host
		}
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; " +
		"connect-src 'self' wss:" + sockets + "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; " +
		"require-trusted-types-for 'script'; trusted-types waybill"
}

func (s *server) setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", s.policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Cookie, Accept-Language, Accept-Encoding")
}

// statusOf is what an error means in HTTP. What is forbidden to an order's reader does
// not exist for him already (package orders).
var statusOf = map[orders.Code]int{
	orders.EINVALID: http.StatusBadRequest, orders.EFORBIDDEN: http.StatusForbidden, orders.ENOTFOUND: http.StatusNotFound,
	orders.ECONFLICT: http.StatusConflict, orders.EUNAVAILABLE: http.StatusServiceUnavailable,
}

// refuse answers with the page that says what is wrong.
func (s *server) refuse(v *visit, err error) {
	status, known := statusOf[orders.ErrorCode(err)]
	if !known {
		status = http.StatusInternalServerError
		if v.Context().Err() == nil {
			s.cfg.Log.Error().Err(err).Str("route", v.Pattern).Msg("a page failed")
		}
	}
	if status == http.StatusServiceUnavailable {
		v.w.Header().Set("Retry-After", retryAfter)
	}
	s.showFailure(v, status, orders.ErrorCode(err))
}

// retryAfter is when to ask again for what cannot be answered now (s).
const retryAfter = "10"

// showFailure shows the page of errors: where it is not known who the viewer is, for
// what tells that is away itself, to nobody in particular.
func (s *server) showFailure(v *visit, status int, code orders.Code) {
	page := Failure{Status: status, Code: code}
	if code == orders.ENOTFOUND {
		v.path = "/" // nothing is there to come back to, and nothing of what was asked is said again
	}
	err := s.show(v, status, "error", page)
	if err != nil && v.viewer != "" {
		v.viewer, v.admin = "", false
		err = s.show(v, status, "error", page)
	}
	if err != nil {
		s.cfg.Log.Error().Err(err).Msg("the page of errors failed")
		http.Error(v.w, http.StatusText(status), status)
	}
}

// Failure is the page of errors.
type Failure struct {
	Status int
	Code   orders.Code
}

func (s *server) nowhere(*visit) error {
	return orders.Errorf(orders.ENOTFOUND, "there is nothing here")
}

// failed answers for a page that panicked.
func (s *server) failed(v *visit) {
	v.viewer, v.admin = "", false // what tells who he is may be what failed
	s.showFailure(v, http.StatusInternalServerError, orders.EINTERNAL)
}
