package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Sessions keeps who has signed in (*ledger.Ledger).
type Sessions interface {
	BeginSession(ctx context.Context, s ledger.Session, idleSince int64) error
	Session(ctx context.Context, token string) (s ledger.Session, ok bool, err error)
	UseSession(ctx context.Context, token string, at int64) error
	EndSession(ctx context.Context, token string) error
	EndSessions(ctx context.Context, pubkey string) error
}

const (
	// SessionIdle is how long a session lasts that nobody uses.
	SessionIdle = 12 * time.Hour
	// sessionMost is how long one lasts that is used all the time.
	sessionMost = 30 * 24 * time.Hour
	// usedWithin is how exactly the last use is noted: not each one is worth a write.
	usedWithin = 5 * time.Minute
)

// The cookie. A browser takes the first name only with Secure and from https (RFC
// 6265bis), and then no other site beneath the same domain can put one there. Where
// the relay's address is http there is no such protection, and no such name.
const (
	secureCookie = "__Host-waybill"
	plainCookie  = "waybill"
)

// secureHost reports whether browsers reach that host by https. A Host that is none
// of ours comes from a proxy that has changed it.
func (s *signIn) secureHost(host string) bool {
	secure, plain := false, false
	for _, base := range s.bases {
		u, err := url.Parse(base)
		if err != nil {
			continue // it was parsed before
		}
		ours := strings.EqualFold(u.Host, host)
		switch {
		case u.Scheme == "https" && ours:
			return true
		case u.Scheme == "https":
			secure = true
		case ours:
			plain = true
		}
	}
	return secure && !plain
}

// origins are the relay's own pages, for http.CrossOriginProtection.
func (s *signIn) origins() *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	for _, base := range s.bases {
		if u, err := url.Parse(base); err == nil {
			// Its only error is an origin that is none.
			_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host)
		}
	}
	return p
}

func (s *server) cookieName(r *http.Request) string {
	if s.signIn.secureHost(r.Host) {
		return secureCookie
	}
	return plainCookie
}

func (s *server) setCookie(w http.ResponseWriter, r *http.Request, value string, age time.Duration) {
	name := s.cookieName(r)
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: name == secureCookie,
		SameSite: http.SameSiteStrictMode, MaxAge: int(age / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// hasCookie reports whether the request is to be signed in by its cookie: it has one,
// and no token.
func (s *server) hasCookie(r *http.Request) bool {
	return len(r.Header["Authorization"]) == 0 && len(r.CookiesNamed(s.cookieName(r))) > 0
}

// session finds the session of a request that hasCookie.
func (s *server) session(r *http.Request) (ledger.Session, error) {
	if s.cfg.Sessions == nil {
		return ledger.Session{}, errNoSession
	}
	cookies := r.CookiesNamed(s.cookieName(r))
	if len(cookies) != 1 { // which of them counts?
		return ledger.Session{}, errNoSession
	}
	found, ok, err := s.cfg.Sessions.Session(r.Context(), hashOf(cookies[0].Value))
	if err != nil {
		return found, err
	}
	if !ok || s.over(found) {
		return ledger.Session{}, errNoSession
	}
	return found, nil
}

func (s *server) over(l ledger.Session) bool {
	now := s.cfg.Now().UnixMilli()
	return now >= l.ExpiresAt || now >= l.UsedAt+SessionIdle.Milliseconds()
}

// admitSession signs in by the cookie. What changes something must come from a page
// of the relay's own.
func (s *server) admitSession(w http.ResponseWriter, c *call) error {
	if err := s.ownPages.Check(c.Request); err != nil {
		return fail(codeCrossSite, "This request comes from a page of another site.")
	}
	found, err := s.session(c.Request)
	if err == errNoSession {
		s.setCookie(w, c.Request, "", 0)
	}
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	if now.UnixMilli()-found.UsedAt > usedWithin.Milliseconds() {
		if err := s.cfg.Sessions.UseSession(c.Context(), found.Token, now.UnixMilli()); err != nil {
			return err
		}
		found.UsedAt = now.UnixMilli()
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
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	value := base64.RawURLEncoding.EncodeToString(secret)
	begun := ledger.Session{
		Token: hashOf(value), Pubkey: c.caller.Pubkey,
		CreatedAt: now.UnixMilli(), UsedAt: now.UnixMilli(), ExpiresAt: now.Add(sessionMost).UnixMilli(),
	}
	if err := s.cfg.Sessions.BeginSession(c.Context(), begun, now.Add(-SessionIdle).UnixMilli()); err != nil {
		return err
	}
	s.setCookie(w, c.Request, value, sessionMost)
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
	if c.session == nil || every {
		err = s.cfg.Sessions.EndSessions(c.Context(), c.caller.Pubkey)
	} else {
		err = s.cfg.Sessions.EndSession(c.Context(), c.session.Token)
	}
	if err != nil {
		return err
	}
	if c.session != nil {
		s.setCookie(w, c.Request, "", 0)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}
