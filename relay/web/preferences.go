package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// preferences are how somebody likes the pages. They are in cookies: also who has not
// signed in has a language.
type preferences struct {
	Language string // one of Languages
	Theme    string // one of themes
	Hides    bool   // amounts and the like are blurred, for who is looked over the shoulder
}

// themes are the colours of the pages; system follows the browser's own.
var themes = []string{"system", "light", "dark"}

// amounts are whether they can be read by whoever sees the screen.
var amounts = []string{"shown", "hidden"}

const (
	languageCookie = "waybill-language"
	themeCookie    = "waybill-theme"
	amountsCookie  = "waybill-amounts"
	preferredFor   = 400 * 24 * time.Hour // the most that browsers keep
)

func speaks(tag string) bool {
	return slices.ContainsFunc(Languages, func(l Language) bool { return l.Tag == tag })
}

func preferencesOf(r *http.Request) preferences {
	p := preferences{Theme: themes[0]}
	if c, err := r.Cookie(themeCookie); err == nil && slices.Contains(themes, c.Value) {
		p.Theme = c.Value
	}
	if c, err := r.Cookie(amountsCookie); err == nil {
		p.Hides = c.Value == "hidden"
	}
	if c, err := r.Cookie(languageCookie); err == nil && speaks(c.Value) {
		p.Language = c.Value
		return p
	}
	p.Language = accepted(r.Header.Get("Accept-Language"))
	return p
}

// accepted is the first language of the header that the pages speak: browsers name
// them in their order, so that weights add nothing.
func accepted(header string) string {
	for _, part := range strings.Split(header, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		if speaks(tag) {
			return tag
		}
	}
	return Languages[0].Tag
}

// setPreferences: POST /preferences, with language, theme, amounts, and the page to go
// back to.
func (s *server) setPreferences(v *visit) error {
	form, err := v.form("language", "theme", "amounts", "next")
	if err != nil {
		return err
	}
	for _, p := range []struct {
		cookie, value string
		known         bool
	}{
		{languageCookie, form.Get("language"), speaks(form.Get("language"))},
		{themeCookie, form.Get("theme"), slices.Contains(themes, form.Get("theme"))},
		{amountsCookie, form.Get("amounts"), slices.Contains(amounts, form.Get("amounts"))},
	} {
		switch {
		case p.value == "":
		case !p.known:
			return orders.Errorf(orders.EINVALID, "there is no such choice")
		default:
			http.SetCookie(v.w, &http.Cookie{
				Name: p.cookie, Value: p.value, Path: "/", MaxAge: int(preferredFor / time.Second),
				HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.TLS != nil,
			})
		}
	}
	v.redirect(ownPath(form.Get("next"), "/"))
	return nil
}
