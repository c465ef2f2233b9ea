package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func TestNoticeSettings(t *testing.T) {
	h := newHerald(t)
	get := ask{method: "GET", path: settingsPath, as: h.seller}
	put := func(body string) ask { return ask{method: "PUT", path: settingsPath, as: h.seller, body: body} }
	want := func(when string, got noticeSettings, dm, events, until string) {
		t.Helper()
		muted := ""
		if got.MutedUntil != nil {
			muted = got.MutedUntil.Format(time.RFC3339)
		}
		if got.DM != dm || strings.Join(got.Events, " ") != events || muted != until {
			t.Errorf("%s: got %+v", when, got)
		}
	}
	var s noticeSettings
	h.got(get, 200, &s)
	want("at first", s, "default", "", "")
	for body, then := range map[string][3]string{
		`{"dm":"off","events":["order.shipped","delivered"],"mutedUntil":"2999-12-24"}`: {"off", "order.shipped order.delivered", "2999-12-24T00:00:00Z"},
		`{"dm":"on","events":["order.p*"],"mutedUntil":"2999-12-24T18:00:00+01:00"}`:    {"on", "order.p*", "2999-12-24T17:00:00Z"},
		`{"dm":"default","events":[],"mutedUntil":"2001-01-01T00:00:00Z"}`:              {"default", "", ""},
		`{"events":["order.*"],"dm":"on"}`:                                              {"on", "order.*", ""},
	} {
		s = noticeSettings{}
		h.got(put(body), 200, &s)
		want(body, s, then[0], then[1], then[2])
		s = noticeSettings{}
		h.got(get, 200, &s)
		want(body+", read again", s, then[0], then[1], then[2])
	}
	other := noticeSettings{}
	h.got(ask{method: "GET", path: settingsPath, as: h.stranger}, 200, &other)
	want("somebody else", other, "default", "", "")
	c := h.login(h.seller)
	h.got(put(`{"dm":"off","events":["paid"]}`).by(c), 200, nil)
	s = noticeSettings{}
	h.got(get.by(c), 200, &s)
	want("by a cookie", s, "off", "order.paid", "")
}

// Each field wrong once, of everything that takes one.
func TestNoticesRefuse(t *testing.T) {
	h := newHerald(t)
	const event = `"events":[]`
	for _, tt := range []struct {
		method, path, body, field string
		status                    int
	}{
		{"PUT", settingsPath, `{` + event + `}`, "dm", 400},
		{"PUT", settingsPath, `{"dm":"on"}`, "events", 400},
		{"PUT", settingsPath, `{"dm":true,` + event + `}`, "dm", 400},
		{"PUT", settingsPath, `{"dm":"loud",` + event + `}`, "dm", 422},
		{"PUT", settingsPath, `{"dm":"",` + event + `}`, "dm", 422},
		{"PUT", settingsPath, `{"dm":"on","events":"paid"}`, "events", 400},
		{"PUT", settingsPath, `{"dm":"on","events":null}`, "events", 400},
		{"PUT", settingsPath, `{"dm":"on","events":[7]}`, "events", 400},
		{"PUT", settingsPath, `{"dm":"on","events":["order.eaten"]}`, "events", 422},
		{"PUT", settingsPath, `{"dm":"on","events":[""]}`, "events", 422},
		{"PUT", settingsPath, `{"dm":"on","events":["paid,shipped"]}`, "events", 422},
		{"PUT", settingsPath, `{"dm":"on","events":["` + strings.Repeat("*", 65) + `"]}`, "events", 422},
		{"PUT", settingsPath, `{"dm":"on","events":["paid"` + strings.Repeat(`,"paid"`, 32) + `]}`, "events", 422},
		{"PUT", settingsPath, `{"dm":"on",` + event + `,"mutedUntil":1}`, "mutedUntil", 400},
		{"PUT", settingsPath, `{"dm":"on",` + event + `,"mutedUntil":"tomorrow"}`, "mutedUntil", 422},
		{"PUT", settingsPath, `{"dm":"on",` + event + `,"email":"a@b.example"}`, "email", 400},
		{"PUT", emailPath, `{}`, "address", 400},
		{"PUT", emailPath, `{"address":["a@b.example"]}`, "address", 400},
		{"PUT", emailPath, `{"address":""}`, "address", 422},
		{"PUT", emailPath, `{"address":"nobody"}`, "address", 422},
		{"PUT", emailPath, `{"address":"Ana <a@b.example>"}`, "address", 422},
		{"PUT", emailPath, `{"email":"a@b.example"}`, "email", 400},
		{"POST", emailPath + "/confirm", `{}`, "code", 400},
		{"POST", emailPath + "/confirm", `{"code":12345678}`, "code", 400},
		{"POST", emailPath + "/confirm", `{"code":"1","address":"x"}`, "address", 400},
		{"POST", hooksPath, `{` + event + `}`, "url", 400},
		{"POST", hooksPath, `{"url":7}`, "url", 400},
		{"POST", hooksPath, `{"url":""}`, "url", 422},
		{"POST", hooksPath, `{"url":"ftp://shop.example"}`, "url", 422},
		{"POST", hooksPath, `{"url":"https://user:pass@shop.example"}`, "url", 422},
		{"POST", hooksPath, `{"url":"https://shop.example/` + strings.Repeat("x", 2000) + `"}`, "url", 422},
		{"POST", hooksPath, `{"url":"https://shop.example","events":["nsec1secret"]}`, "events", 422},
		{"POST", hooksPath, `{"url":"https://shop.example","events":{}}`, "events", 400},
		{"POST", hooksPath, `{"url":"https://shop.example","secret":"x"}`, "secret", 400},
	} {
		code := map[int]string{400: "malformed", 422: "invalid"}[tt.status]
		p := h.refused(ask{method: tt.method, path: tt.path, body: tt.body, as: h.seller}, tt.status, code)
		if p["field"] != tt.field {
			t.Errorf("%s %s: got field %v, want %s", tt.path, tt.body, p["field"], tt.field)
		}
		h.later(6 * time.Second)
	}
	for path, parameter := range map[string]string{
		"/api/v1/notices?limit=0": "limit", "/api/v1/notices?limit=201": "limit", "/api/v1/notices?limit=1&limit=2": "limit",
		"/api/v1/notices?before=0": "before", "/api/v1/notices?before=x": "before", "/api/v1/notices?reader=me": "reader",
		hooksPath + "/whe_0/deliveries?before=-1": "before", hooksPath + "?limit=1": "limit",
	} {
		if p := h.refused(ask{method: "GET", path: path, as: h.seller}, 400, "malformed"); p["parameter"] != parameter {
			t.Errorf("%s: got %v", path, p)
		}
	}
	for _, id := range []string{"x", "0", "-1", "99999999999999999999"} {
		p := h.refused(ask{method: "POST", path: "/api/v1/notices/" + id + "/redeliver", as: h.seller}, 400, "malformed")
		if p["parameter"] != "id" {
			t.Errorf("%s: got %v", id, p)
		}
	}
	if strings.Contains(h.log.String(), "nsec1secret") || strings.Contains(h.log.String(), "user:pass") {
		t.Error("what was refused is quoted")
	}
}

func TestNoticeEmail(t *testing.T) {
	h := newHerald(t)
	put := ask{method: "PUT", path: emailPath, as: h.seller, body: `{"address":"seller@shop.example"}`}
	confirm := func(as *nip17.SecretSigner, code string) ask {
		return ask{method: "POST", path: emailPath + "/confirm", as: as, body: `{"code":"` + code + `"}`}
	}
	var s noticeSettings
	h.got(put, 202, &s)
	if s.Email != "" || s.Pending != "seller@shop.example" {
		t.Errorf("got %+v", s)
	}
	code := h.code()
	h.refused(confirm(h.buyer, code), 404, "not_found") // it is not his
	h.refused(confirm(h.seller, "x"+code), 403, "forbidden")
	s = noticeSettings{}
	h.got(confirm(h.seller, code), 200, &s)
	if s.Email != "seller@shop.example" || s.Pending != "" {
		t.Errorf("got %+v", s)
	}
	h.refused(confirm(h.seller, code), 404, "not_found")
	h.order("A-1")
	if list := h.settled(1, ledger.NoticeSent); list[0].Channel != "email" || list[0].Attempts != 1 || list[0].Settled == nil || list[0].Next != nil {
		t.Errorf("got %+v", list[0])
	}
	<-h.mails
	h.got(ask{method: "DELETE", path: emailPath, as: h.buyer}, 204, nil) // has none
	s = noticeSettings{}
	h.got(ask{method: "GET", path: settingsPath, as: h.seller}, 200, &s)
	if s.Email == "" {
		t.Error("somebody else has taken the address away")
	}
	h.got(ask{method: "DELETE", path: emailPath, as: h.seller}, 204, nil)
	s = noticeSettings{}
	h.got(ask{method: "GET", path: settingsPath, as: h.seller}, 200, &s)
	if s.Email != "" {
		t.Errorf("got %+v", s)
	}
	// Nobody is written to again and again, nor by who takes no part.
	h.refused(ask{method: "PUT", path: emailPath, as: h.stranger, body: put.body}, 403, "forbidden")
	for range 2 {
		h.later(2 * time.Second)
		h.got(put, 202, nil)
	}
	h.later(2 * time.Second)
	resp, text := h.do(put)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "28800" {
		t.Errorf("got %s, Retry-After %s, %s", resp.Status, resp.Header.Get("Retry-After"), text)
	}
	if strings.Contains(h.log.String(), code) {
		t.Error("the code was answered or logged")
	}
}

func TestNoticesAreListed(t *testing.T) {
	h := newHerald(t)
	h.answer.Store(http.StatusNotFound)
	hook := h.hook(h.seller, `"order.created"`)
	for n := range 5 {
		h.order(fmt.Sprint("A-", n))
	}
	all := h.settled(5, ledger.NoticeFailed)
	for i, n := range all {
		want := notice{ID: n.ID, OrderID: fmt.Sprint("A-", 4-i), Event: "order.created", Channel: "webhook", Webhook: hook.ID, State: "failed", Reason: "http-404", Attempts: 1, Created: n.Created, Settled: n.Settled}
		if n != want || n.Settled == nil {
			t.Errorf("got %+v, want %+v", n, want)
		}
	}
	// By two at a time the list is the same.
	var ids []int64
	for query := "?limit=2"; query != ""; {
		var part newest[notice]
		resp := h.got(ask{method: "GET", path: "/api/v1/notices" + query, as: h.seller}, 200, &part)
		for _, n := range part.Data {
			ids = append(ids, n.ID)
		}
		link := resp.Header.Get("Link")
		query = ""
		if part.Before > 0 {
			query = fmt.Sprint("?before=", part.Before, "&limit=2")
		}
		if (link == "") != (query == "") || query != "" && link != "</api/v1/notices"+query+`>; rel="next"` {
			t.Errorf("next_before %d, Link %s", part.Before, link)
		}
	}
	if !slices.EqualFunc(ids, all, func(id int64, n notice) bool { return id == n.ID }) {
		t.Errorf("got %v", ids)
	}
	if exact := h.notices("?limit=5"); len(exact.Data) != 5 || exact.Before != 0 {
		t.Errorf("got %+v", exact)
	}

	// One of them again.
	again := func(as *nip17.SecretSigner, id int64) ask {
		return ask{method: "POST", path: fmt.Sprint("/api/v1/notices/", id, "/redeliver"), as: as}
	}
	h.answer.Store(http.StatusNoContent)
	for _, who := range []*nip17.SecretSigner{h.stranger, h.buyer} {
		h.refused(again(who, all[0].ID), 404, "not_found")
	}
	h.refused(again(h.seller, 1<<40), 404, "not_found")
	c := h.login(h.seller)
	h.got(again(h.seller, all[0].ID).by(c), 202, nil)
	h.until("it is sent again", func() bool {
		return slices.ContainsFunc(h.notices("").Data, func(n notice) bool { return n.ID == all[0].ID && n.State == "sent" })
	})
	var tried newest[delivery]
	h.got(ask{method: "GET", path: hooksPath + "/" + hook.ID + "/deliveries?limit=1", as: h.seller}, 200, &tried)
	if d := tried.Data[0]; d.Notice != all[0].ID || d.Status != 204 || d.Error != "" || !d.Again || tried.Before != d.ID {
		t.Errorf("got %+v", tried)
	}
	before := tried.Before
	tried = newest[delivery]{}
	h.got(ask{method: "GET", path: fmt.Sprint(hooksPath, "/", hook.ID, "/deliveries?before=", before), as: h.seller}, 200, &tried)
	if len(tried.Data) != 5 || tried.Before != 0 || tried.Data[0].Error != "http-404" || tried.Data[0].Again {
		t.Errorf("got %+v", tried)
	}
	if h.posts.Load() != 6 {
		t.Errorf("%d posts, want 6", h.posts.Load())
	}
}

// A notice that is due is not made due again.
func TestRedeliverWhatIsDue(t *testing.T) {
	h := newHerald(t)
	h.answer.Store(http.StatusInternalServerError)
	h.hook(h.seller, "")
	h.order("A-1")
	var due notice
	h.until("a first try", func() bool {
		if list := h.notices("").Data; len(list) == 1 {
			due = list[0]
		}
		return due.Attempts > 0
	})
	if due.State != ledger.NoticeDue || due.Next == nil || !due.Next.After(due.Created) || due.Settled != nil || due.Reason != "http-500" {
		t.Errorf("got %+v", due)
	}
	h.refused(ask{method: "POST", path: fmt.Sprint("/api/v1/notices/", due.ID, "/redeliver"), as: h.seller}, 409, "conflict")
}
