package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// Sessions keeps who has signed in (*ledger.Ledger).
type Sessions interface {
	BeginSession(ctx context.Context, s ledger.Session, instead string, idleSince int64) error
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

// Cookies tell by a request's cookie who has signed in: for the API, and for the pages
// beside it. Make them with NewCookies.
type Cookies struct {
	sessions Sessions
	bases    []string // where browsers reach the relay
	ownPages *http.CrossOriginProtection
	now      func() time.Time
}

// NewCookies returns the cookies of a relay that is at those URLs (relay.public_urls).
// Without sessions (nil) nobody is signed in.
func NewCookies(publicURLs []string, sessions Sessions, now func() time.Time) *Cookies {
	k := &Cookies{sessions: sessions, bases: bases(publicURLs), ownPages: http.NewCrossOriginProtection(), now: now}
	for _, base := range k.bases {
		if u, err := url.Parse(base); err == nil {
			// Its only error is an origin that is none.
			_ = k.ownPages.AddTrustedOrigin(u.Scheme + "://" + u.Host)
		}
	}
	return k
}

// secureHost reports whether browsers reach that host by https. A Host that is none
// of ours comes from a proxy that has changed it.
func (k *Cookies) secureHost(host string) bool {
	secure, plain := false, false
	for _, base := range k.bases {
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

func (k *Cookies) name(r *http.Request) string {
	if k.secureHost(r.Host) {
		return secureCookie
	}
	return plainCookie
}

// set gives the browser the cookie; age 0 takes it back.
func (k *Cookies) set(w http.ResponseWriter, r *http.Request, value string, age time.Duration) {
	name := k.name(r)
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: name == secureCookie,
		SameSite: http.SameSiteStrictMode, MaxAge: int(age / time.Second),
	}
	if age == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (k *Cookies) clear(w http.ResponseWriter, r *http.Request) { k.set(w, r, "", 0) }

// Has reports whether the request comes with a cookie of ours.
func (k *Cookies) Has(r *http.Request) bool { return len(r.CookiesNamed(k.name(r))) > 0 }

// token is that of the session which the request's cookie stands for, "" for none.
func (k *Cookies) token(r *http.Request) string {
	cookies := r.CookiesNamed(k.name(r))
	if len(cookies) != 1 { // which of several would count?
		return ""
	}
	return hashOf(cookies[0].Value)
}

// Check refuses a request that changes something and comes from a page of another site.
func (k *Cookies) Check(r *http.Request) error { return k.ownPages.Check(r) }

// Use returns the session that the request's cookie stands for, and notes that it was
// used. errNoSession where there is none, or where it is over.
func (k *Cookies) Use(r *http.Request) (ledger.Session, error) {
	token := k.token(r)
	if k.sessions == nil || token == "" {
		return ledger.Session{}, errNoSession
	}
	found, ok, err := k.sessions.Session(r.Context(), token)
	if err != nil {
		return found, err
	}
	if !ok || k.over(found) {
		return ledger.Session{}, errNoSession
	}
	if now := k.now().UnixMilli(); now-found.UsedAt > usedWithin.Milliseconds() {
		if err := k.sessions.UseSession(r.Context(), found.Token, now); err != nil {
			return ledger.Session{}, err
		}
		found.UsedAt = now
	}
	return found, nil
}

// Who returns the key (hex) that the request's cookie was given to, "" for nobody.
func (k *Cookies) Who(r *http.Request) (pubkey string, err error) {
	found, err := k.Use(r)
	if errors.Is(err, errNoSession) {
		return "", nil
	}
	return found.Pubkey, err
}

// End ends the session of the request, where there is one, and takes the cookie back.
func (k *Cookies) End(w http.ResponseWriter, r *http.Request) error {
	found, err := k.Use(r)
	if err == nil {
		err = k.sessions.EndSession(r.Context(), found.Token)
	}
	if err != nil && !errors.Is(err, errNoSession) {
		return err
	}
	k.clear(w, r)
	return nil
}

// stands reports whether a session is not over yet.
func (k *Cookies) stands(ctx context.Context, token string) bool {
	found, ok, err := k.sessions.Session(ctx, token)
	return err == nil && ok && !k.over(found)
}

func (k *Cookies) over(l ledger.Session) bool {
	now := k.now().UnixMilli()
	return now >= l.ExpiresAt || now >= l.UsedAt+SessionIdle.Milliseconds()
}

// begin signs pubkey (hex) in. What the browser was signed in with before ends, be it as
// the same or as somebody else; a page of another site has nobody signed out.
func (k *Cookies) begin(w http.ResponseWriter, r *http.Request, pubkey string) (ledger.Session, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	value, now := base64.RawURLEncoding.EncodeToString(secret), k.now()
	begun := ledger.Session{
		Token: hashOf(value), Pubkey: pubkey,
		CreatedAt: now.UnixMilli(), UsedAt: now.UnixMilli(), ExpiresAt: now.Add(sessionMost).UnixMilli(),
	}
	instead := ""
	if k.Check(r) == nil {
		instead = k.token(r)
	}
	if err := k.sessions.BeginSession(r.Context(), begun, instead, now.Add(-SessionIdle).UnixMilli()); err != nil {
		return begun, err
	}
	k.set(w, r, value, sessionMost)
	return begun, nil
}

func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}
