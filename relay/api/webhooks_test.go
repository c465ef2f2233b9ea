package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

func (h *herald) hooks(who *nip17.SecretSigner) []notify.Webhook {
	h.t.Helper()
	var list struct{ Data []notify.Webhook }
	h.got(ask{method: "GET", path: hooksPath, as: who}, 200, &list)
	return list.Data
}

func TestWebhooks(t *testing.T) {
	h := newHerald(t)
	if list := h.hooks(h.seller); list == nil || len(list) != 0 {
		t.Errorf("got %v", list)
	}
	a := ask{method: "POST", path: hooksPath, as: h.seller, body: `{"url":"` + h.shop.URL + `/x","events":["shipped"]}`}
	var added notify.Webhook
	resp := h.got(a, 201, &added)
	if got := resp.Header.Get("Location"); got != hooksPath+"/"+added.ID {
		t.Errorf("Location %s", got)
	}
	if _, err := notify.ParseSecret(added.Secret); err != nil || added.URL != h.shop.URL+"/x" || strings.Join(added.Events, " ") != "order.shipped" {
		t.Errorf("got %+v, %v", added, err)
	}
	// The secret is shown once.
	if list := h.hooks(h.seller); len(list) != 1 || list[0].ID != added.ID || list[0].Secret != "" || list[0].Disabled != "" {
		t.Errorf("got %+v", list)
	}
	var rotated notify.Webhook
	h.got(ask{method: "POST", path: hooksPath + "/" + added.ID + "/rotate", as: h.seller}, 200, &rotated)
	if _, err := notify.ParseSecret(rotated.Secret); err != nil || rotated.Secret == added.Secret || rotated.ID != added.ID {
		t.Errorf("got %+v, %v", rotated, err)
	}
	if out := h.log.String(); strings.Count(out, added.Secret) != 1 || strings.Count(out, rotated.Secret) != 1 {
		t.Error("a secret came out more than once")
	}
	for range 4 {
		h.hook(h.seller, "")
	}
	h.refused(a, 409, "conflict")
	h.got(ask{method: "DELETE", path: hooksPath + "/" + added.ID, as: h.seller}, 204, nil)
	h.refused(ask{method: "DELETE", path: hooksPath + "/" + added.ID, as: h.seller}, 404, "not_found")
	h.hook(h.seller, "")
	if list := h.hooks(h.seller); len(list) != 5 {
		t.Errorf("%d webhooks", len(list))
	}
}

// A webhook that answers 410 is disabled, until its owner enables it.
func TestEnableWebhook(t *testing.T) {
	h := newHerald(t)
	hook := h.hook(h.seller, "")
	h.answer.Store(410)
	h.order("A-1")
	h.settled(1, ledger.NoticeFailed)
	if list := h.hooks(h.seller); list[0].Disabled != "gone" {
		t.Errorf("got %+v", list)
	}
	h.answer.Store(204)
	h.got(ask{method: "POST", path: hooksPath + "/" + hook.ID + "/enable", as: h.seller}, 204, nil)
	if list := h.hooks(h.seller); list[0].Disabled != "" {
		t.Errorf("got %+v", list)
	}
}

// Nobody but its owner knows of a webhook.
func TestWebhooksAreTheOwners(t *testing.T) {
	h := newHerald(t)
	hook := h.hook(h.seller, "")
	at := hooksPath + "/" + hook.ID
	for _, who := range []*nip17.SecretSigner{h.buyer, h.stranger} {
		if list := h.hooks(who); len(list) != 0 {
			t.Errorf("got %+v", list)
		}
		c := h.login(who)
		for _, a := range []ask{
			{method: "DELETE", path: at}, {method: "POST", path: at + "/rotate"}, {method: "POST", path: at + "/enable"}, {method: "GET", path: at + "/deliveries"},
		} {
			token := a
			token.as = who
			h.refused(token, 404, "not_found")
			h.refused(a.by(c), 404, "not_found")
		}
	}
	if list := h.hooks(h.seller); len(list) != 1 || list[0].ID != hook.ID {
		t.Errorf("got %+v", list)
	}
	// The operator's own, in the same table, are nobody's here.
	if err := h.ledger.KeepWebhooks(t.Context(), []ledger.Webhook{{ID: "whe_operator"}}, 1); err != nil {
		t.Fatal(err)
	}
	h.refused(ask{method: "GET", path: hooksPath + "/whe_operator/deliveries", as: h.seller}, 404, "not_found")
	h.refused(ask{method: "DELETE", path: hooksPath + "/whe_operator", as: h.seller}, 404, "not_found")
}

// noticeAsks are what can be asked of the notices, each with what is right otherwise.
func noticeAsks() (asks []ask) {
	for _, r := range routes {
		if !strings.Contains(r.pattern, "/notices") && !strings.Contains(r.pattern, "/webhooks") {
			continue
		}
		a := ask{method: r.method, path: strings.Replace(r.pattern, "{id}", "1", 1)}
		if r.body {
			a.body = "{}"
		}
		asks = append(asks, a)
	}
	return asks
}

// Every path needs a token for itself, now, once; or a session that lasts, from a page
// of the relay's own.
func TestNoticesNeedSignIn(t *testing.T) {
	h := newHerald(t)
	asks := noticeAsks()
	if len(asks) != 13 {
		t.Fatalf("%d paths", len(asks))
	}
	over := h.login(h.seller)
	h.later(13 * time.Hour)
	c := h.login(h.seller)
	refused := func(name string, a ask, reason string) {
		t.Helper()
		if p := h.refused(a, 401, "unauthenticated"); p["reason"] != reason {
			t.Errorf("%s %s, %s: got %v", a.method, a.path, name, p)
		}
		h.later(4 * time.Second) // or the failures of this address were too many
	}
	for _, a := range asks {
		refused("nobody", a, "missing")
		refused("an expired session", a.by(over), "session")
		once := a
		once.auth = header(h.token(h.seller, a.method, h.url+a.path, a.body))
		if resp, text := h.do(once); resp.StatusCode == 401 {
			t.Errorf("%s %s: got %s", a.method, a.path, text)
		}
		refused("a token again", once, "replayed")
		other := a
		other.auth = header(h.token(h.seller, a.method, h.url+"/api/v1/session", a.body))
		refused("a token for another path", other, "url")
		if a.method != "GET" {
			h.refused(a.by(c).fromPage("https://evil.example", "cross-site"), 403, "cross_site")
		}
	}
}

func TestNoNotices(t *testing.T) {
	h := newHouse(t)
	for _, a := range noticeAsks() {
		a.as = newSigner(t)
		h.refused(a, 503, "unavailable")
	}
}

// Keys cost nothing, so what is changed is counted for the address.
func TestNoticeChangesAreLimited(t *testing.T) {
	h := newHerald(t)
	put := func() ask {
		return ask{method: "PUT", path: settingsPath, as: newSigner(t), body: `{"dm":"on","events":[]}`}
	}
	for range 60 {
		h.got(put(), 200, nil)
	}
	for _, a := range []ask{
		put(),
		{method: "PUT", path: emailPath, body: `{"address":"a@b.example"}`},
		{method: "POST", path: emailPath + "/confirm", body: `{"code":"12345678"}`},
		{method: "POST", path: "/api/v1/notices/1/redeliver"},
		{method: "POST", path: hooksPath, body: fmt.Sprintf(`{"url":%q}`, h.shop.URL)},
		{method: "POST", path: hooksPath + "/whe_1/rotate"},
		{method: "POST", path: hooksPath + "/whe_1/enable"},
	} {
		a.as = newSigner(t)
		if resp, text := h.do(a); resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "5" {
			t.Errorf("%s %s: got %s %s", a.method, a.path, resp.Status, text)
		}
	}
	h.got(ask{method: "DELETE", path: emailPath, as: newSigner(t)}, 204, nil) // which leaves less behind
	h.got(ask{method: "GET", path: settingsPath, as: newSigner(t)}, 200, nil)
	h.later(6 * time.Second)
	h.got(put(), 200, nil)
}
