package web

import "net/http"

var frontRoutes = []route{
	{pattern: "GET /{$}", serve: (*server).home},
	{pattern: "GET /sign-in", serve: (*server).signIn},
	{pattern: "POST /sign-out", serve: (*server).signOut},
	{pattern: "POST /preferences", serve: (*server).setPreferences},
}

// home: GET /. Who has signed in goes on to the orders.
func (s *server) home(v *visit) error {
	if v.viewer != "" {
		v.redirect("/orders")
		return nil
	}
	return s.show(v, http.StatusOK, "home", nil)
}

// SignIn is the page that signs in.
type SignIn struct {
	Next string // where to go then: a path of this relay
}

// signIn: GET /sign-in, with next.
func (s *server) signIn(v *visit) error {
	next := ownPath(v.URL.Query().Get("next"), "/orders")
	if v.viewer != "" {
		v.redirect(next)
		return nil
	}
	return s.show(v, http.StatusOK, "sign-in", SignIn{Next: next})
}

// signOut: POST /sign-out.
func (s *server) signOut(v *visit) error {
	if err := s.cfg.Visitors.End(v.w, v.Request); err != nil {
		return err
	}
	v.redirect("/")
	return nil
}
