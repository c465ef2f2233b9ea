package api

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/edge"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A call is a request that has passed the edge.
type call struct {
	*http.Request
	caller  enrol.Caller    // where the route is signedIn
	session *ledger.Session // where the caller signed in by a cookie
	body    []byte          // valid until the handler returns, then cleared: it may hold a secret
	addr    netip.Addr      // whom limits per address count it for
	large   bool            // the body may be that of many messages
	room    *places         // where the body has its place; nil: nowhere
}

// edge is what every request passes, in this order: the query, the token, the
// body. What costs more comes later, and nothing is read for whom it is not.
func (s *server) edge(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		setHeaders(w.Header())
		defer edge.Recover(s.cfg.Log, req, func() { s.refuse(w, req, fail(orders.EINTERNAL, "")) })
		s.bound(w, req)
		c := &call{Request: req, large: r.large, addr: edge.Account(s.cfg.ClientIP(req))}
		defer s.finish(c)
		if err := s.serve(r, w, c); err != nil {
			s.refuse(w, req, err)
		}
	})
}

// bound sets the time for a body. It also bounds the server, which reads the rest
// of one away before it answers, and lifts the deadline at the body's end. Where it
// cannot be set (a recorder in a test) there are no slow clients either.
func (s *server) bound(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.cfg.BodyTimeout))
	}
}

func (s *server) serve(r route, w http.ResponseWriter, c *call) error {
	if err := knownQuery(c.URL.RawQuery, r.query); err != nil {
		return err
	}
	switch {
	case r.signedIn:
		if err := s.admit(r, w, c); err != nil {
			return err
		}
	case c.ContentLength != 0:
		return fail(codeMalformed, "This takes no body.")
	}
	return r.serve(s, w, c)
}

// admit signs the caller in, by a token or by the cookie of a session, and reads the
// body, which the token speaks of.
func (s *server) admit(r route, w http.ResponseWriter, c *call) error {
	var t token
	var err error
	if len(c.Header["Authorization"]) == 0 && s.cookies.Has(c.Request) && !r.byToken {
		if err := s.admitSession(w, c); err != nil {
			return err
		}
	} else if t, err = s.signIn.open(c.Request, func() error { return s.forged.check(c.addr, s.cfg.Now()) }); err != nil {
		return s.failed(c, err)
	}
	if r.body {
		if err := wantJSON(c.Header); err != nil {
			return err
		}
	}
	if err := s.readBody(w, c); err != nil {
		return err
	}
	if c.session != nil {
		c.caller = enrol.Caller{Pubkey: c.session.Pubkey, Door: enrol.DoorHTTP}
	} else {
		if err := s.signIn.accept(t, c.body, c.addr); err != nil {
			return err
		}
		c.caller = enrol.Caller{Pubkey: t.pubkey, Door: enrol.DoorHTTP}
	}
	if !r.body && len(c.body) > 0 {
		return fail(codeMalformed, "This takes no body.")
	}
	return nil
}

// failed counts a token that was forged.
func (s *server) failed(c *call, err error) error {
	if err == errID || err == errSignature {
		s.forged.note(c.addr, s.cfg.Now())
	}
	return err
}

// setHeaders are on every answer: none is to be kept, guessed at, or framed.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	share(h)
}

// knownQuery refuses keys that a route does not know: a filter with a slip of
// the pen must not answer with everything.
func knownQuery(raw string, known []string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return fail(codeMalformed, "The query cannot be read.")
	}
	for key := range query {
		if !slices.Contains(known, key) {
			return fail(codeMalformed, "This has no query parameter "+named(key)+".").with("parameter", named(key))
		}
	}
	return nil
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that has gone does not read it.
	_, _ = w.Write(append(b, '\n'))
	return nil
}
