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
	Next    string // where to go then: a path of this relay
	Meeting string // a relay where pages and remote signers meet, to begin with
}

// meetingRelay is what the field proposes. This relay is none: it takes no events of
// NIP-46, which are anybody's and about nothing here.
const meetingRelay = "wss://relay.nsec.app"

// signIn: GET /sign-in, with next; again is for who has a session, and a signer that is
// at another account or not remembered.
func (s *server) signIn(v *visit) error {
	query := v.URL.Query()
	next := ownPath(query.Get("next"), "/orders")
	if v.viewer != "" && !query.Has("again") {
		v.redirect(next)
		return nil
	}
	return s.show(v, http.StatusOK, "sign-in", SignIn{Next: next, Meeting: meetingRelay})
}

// signOut: POST /sign-out.
func (s *server) signOut(v *visit) error {
	if err := s.cfg.Visitors.End(v.w, v.Request); err != nil {
		return err
	}
	v.redirect("/")
	return nil
}
