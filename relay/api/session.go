package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// admitSession signs in by the cookie. What changes something must come from a page
// of the relay's own.
func (s *server) admitSession(w http.ResponseWriter, c *call) error {
	if err := s.cookies.Check(c.Request); err != nil {
		return fail(codeCrossSite, "This request comes from a page of another site.")
	}
	found, err := s.cookies.Use(c.Request)
	if errors.Is(err, errNoSession) {
		s.cookies.clear(w, c.Request)
	}
	if err != nil {
		return err
	}
	c.session = &found
	return nil
}

// signedIn is a session as its owner sees it.
type signedIn struct {
	Pubkey    string     `json:"pubkey"`
	Npub      string     `json:"npub"`
	CreatedAt *time.Time `json:"createdAt,omitempty"`
	IdleUntil *time.Time `json:"idleUntil,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

func describe(pubkey string, l *ledger.Session) signedIn {
	in := signedIn{Pubkey: pubkey, Npub: orders.Npub(pubkey)}
	if l != nil {
		at := func(ms int64) *time.Time { return new(time.UnixMilli(ms).UTC().Truncate(time.Second)) }
		in.CreatedAt, in.ExpiresAt = at(l.CreatedAt), at(l.ExpiresAt)
		in.IdleUntil = at(min(l.ExpiresAt, l.UsedAt+SessionIdle.Milliseconds()))
	}
	return in
}

// beginSession: POST /api/v1/session.
func (s *server) beginSession(w http.ResponseWriter, c *call) error {
	now := s.cfg.Now()
	if s.cfg.Sessions == nil {
		return fail(orders.EUNAVAILABLE, "This relay keeps no sessions.")
	}
	if err := s.logins.take(c.addr, now); err != nil {
		return err
	}
	begun, err := s.cookies.begin(w, c.Request, c.caller.Pubkey)
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, describe(begun.Pubkey, &begun))
}

// showSession: GET /api/v1/session.
func (s *server) showSession(w http.ResponseWriter, c *call) error {
	return answer(w, http.StatusOK, describe(c.caller.Pubkey, c.session))
}

// endSession: DELETE /api/v1/session. Who signs in with a token has none, and ends
// all: from another device than the one that was lost.
func (s *server) endSession(w http.ResponseWriter, c *call) error {
	every, err := flagOf(c.URL.Query(), "all")
	if err != nil {
		return err
	}
	if s.cfg.Sessions == nil {
		return fail(orders.EUNAVAILABLE, "This relay keeps no sessions.")
	}
	switch {
	case c.session == nil || every:
		err = s.cfg.Sessions.EndSessions(c.Context(), c.caller.Pubkey)
	default:
		err = s.cfg.Sessions.EndSession(c.Context(), c.session.Token)
	}
	if err != nil {
		return err
	}
	if c.session != nil {
		s.cookies.clear(w, c.Request)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
