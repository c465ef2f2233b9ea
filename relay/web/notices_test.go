package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// everyEvent are the events of a form with all ticked.
func everyEvent() (all []string) {
	for _, e := range notify.Events {
		all = append(all, string(e))
	}
	return all
}

func parsed(t *testing.T, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// chosen are the values of what is ticked or selected under a name.
func chosen(doc *html.Node, tag, mark string) (values []string) {
	for _, n := range find(doc, tag, mark) {
		values = append(values, attribute(n, "value"))
	}
	return values
}

func TestSetNotices(t *testing.T) {
	h, p := noticesHouse(t)
	for name, tt := range map[string]struct {
		form url.Values
		want notify.Settings
	}{
		"all":     {url.Values{"dm": {"default"}, "events": everyEvent(), "mute": {"not"}, "day": {""}}, notify.Settings{}},
		"some":    {url.Values{"dm": {"on"}, "events": {"order.shipped", "order.paid"}, "mute": {"not"}}, notify.Settings{DM: notify.On, Events: notify.Choice{"order.paid", "order.shipped"}}},
		"an hour": {url.Values{"dm": {"off"}, "events": everyEvent(), "mute": {"1h"}}, notify.Settings{DM: notify.Off, MutedUntil: today.Add(time.Hour)}},
		"a day": {url.Values{"dm": {"off"}, "events": everyEvent(), "mute": {"day"}, "day": {"2026-03-20"}},
			notify.Settings{DM: notify.Off, MutedUntil: time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)}},
	} {
		if w := h.post(h.buyer, "/keys/notices", tt.form); w.Code != 303 || w.Header().Get("Location") != "/keys/notices?done=saved" {
			t.Errorf("%s: got %d, %.200s", name, w.Code, w.Body)
		}
		got := p.settings[h.buyer]
		if got.DM != tt.want.DM || !slices.Equal(got.Events, tt.want.Events) || !got.MutedUntil.Equal(tt.want.MutedUntil) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	// Who is muted stays it, as long as he was.
	was := p.settings[h.buyer].MutedUntil
	p.settings[h.buyer] = notify.Settings{MutedUntil: today.Add(time.Hour), Email: "me@example.com"}
	h.post(h.buyer, "/keys/notices", url.Values{"dm": {"on"}, "events": everyEvent(), "mute": {"keep"}})
	if got := p.settings[h.buyer]; !got.MutedUntil.Equal(today.Add(time.Hour)) || got.Email == "" || got.DM != notify.On {
		t.Errorf("kept: got %+v, was %v", got, was)
	}
	if len(p.settings) != 1 {
		t.Errorf("others are changed: %v", p.settings)
	}
}

// What cannot be taken is told, and the form is as it was typed.
func TestNoticesFormIsKept(t *testing.T) {
	h, p := noticesHouse(t)
	good := func(change ...string) url.Values {
		form := url.Values{"dm": {"on"}, "events": {"order.paid"}, "mute": {"day"}, "day": {"2026-03-20"}}
		for i := 0; i+1 < len(change); i += 2 {
			form.Set(change[i], change[i+1])
		}
		return form
	}
	for name, change := range map[string][]string{
		"yesterday": {"day", "2026-03-13"}, "today": {"day", "2026-03-14"}, "in two years": {"day", "2028-03-14"}, "no day": {"day", ""}, "nonsense": {"day", "soon"},
	} {
		w := h.post(h.buyer, "/keys/notices", good(change...))
		doc := parsed(t, w.Body.String())
		if w.Code != 400 || !strings.Contains(words(doc), "Choose a day from tomorrow on") {
			t.Errorf("%s: got %d", name, w.Code)
		}
		if got := chosen(doc, "input", "checked"); !slices.Contains(got, "on") || !slices.Contains(got, "order.paid") {
			t.Errorf("%s: the form has %v", name, got)
		}
		if got := chosen(doc, "option", "selected"); !slices.Contains(got, "day") || len(find(doc, "input", "aria-invalid", "true")) != 1 {
			t.Errorf("%s: the form has %v", name, got)
		}
	}
	none := good()
	none.Del("events")
	if w := h.post(h.buyer, "/keys/notices", none); w.Code != 400 || !strings.Contains(w.Body.String(), "Tick at least one event.") {
		t.Errorf("no event: got %d", w.Code)
	}
	for name, form := range map[string]url.Values{
		"switch": good("dm", "maybe"), "no switch": good("dm", ""), "event": good("events", "order.*"), "mute": good("mute", "1m"), "no mute": good("mute", ""), "field": good("x", "y"),
		"too large": good("day", strings.Repeat("x", formBytes)),
	} {
		if w := h.post(h.buyer, "/keys/notices", form); w.Code != 400 {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
	if len(p.settings) != 0 {
		t.Errorf("changed: %v", p.settings)
	}
}

func TestEmail(t *testing.T) {
	h, p := noticesHouse(t)
	for _, tt := range []struct {
		refuse error
		status int
		says   string
	}{
		{orders.Errorf(orders.EINVALID, "x"), 400, "This is no e-mail address"},
		{notify.ErrTooManyCodes, 429, "Too many codes"},
		{orders.Errorf(orders.EFORBIDDEN, "x"), 403, "for those who take part"},
		{orders.Errorf(orders.EUNAVAILABLE, "x"), 503, "No mail could be sent"},
		{errors.New("disk"), 500, ""},
	} {
		p.refuse = tt.refuse
		w := h.post(h.buyer, "/keys/notices/email", url.Values{"address": {`"><b>@example.com`}})
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) || strings.Contains(w.Body.String(), "<b>@") {
			t.Errorf("%v: got %d, %.300s", tt.refuse, w.Code, w.Body)
		}
		if tt.says != "" && attribute(find(parsed(t, w.Body.String()), "input", "name", "address")[0], "value") != `"><b>@example.com` {
			t.Errorf("%v: the address is not kept", tt.refuse)
		}
	}
	p.settings[h.buyer] = notify.Settings{Email: "was@example.com"}
	if w := h.post(h.buyer, "/keys/notices/email", url.Values{"address": {"  "}}); w.Code != 400 || p.settings[h.buyer].Email == "" {
		t.Errorf("an empty address: got %d, %+v", w.Code, p.settings)
	}
	steps := []struct {
		path, field, value string
		status             int
	}{
		{"", "address", " me@example.com ", 303}, {"/confirm", "code", "87654321", 400}, {"/confirm", "code", "", 400}, {"/confirm", "code", "1234 5678", 303}, {"/confirm", "code", "12345678", 409},
	}
	for _, s := range steps {
		if w := h.post(h.buyer, "/keys/notices/email"+s.path, url.Values{s.field: {s.value}}); w.Code != s.status {
			t.Errorf("%+v: got %d", s, w.Code)
		}
	}
	if p.settings[h.buyer].Email != "me@example.com" || len(p.settings) != 1 {
		t.Fatalf("got %+v", p.settings)
	}
	if text := words(h.shown(h.seller, "/keys/notices")); strings.Contains(text, "me@example.com") {
		t.Error("somebody sees another's address")
	}
	if w := h.post(h.buyer, "/keys/notices/email/remove", nil); w.Code != 303 || p.settings[h.buyer].Email != "" {
		t.Errorf("remove: got %d", w.Code)
	}
}

func TestRecentNotices(t *testing.T) {
	h, p := noticesHouse(t)
	states := []ledger.NoticeState{ledger.NoticeFailed, ledger.NoticeDue, ledger.NoticeSent, ledger.NoticeDropped}
	for i := range 30 {
		p.told[h.buyer] = append(p.told[h.buyer], ledger.Notice{
			ID: int64(30 - i), Reader: h.buyer, IntentID: "A%2F<" + strconv.Itoa(i), Lane: []string{"dm", "email", "whe_1"}[i%3], Content: `{"type":"order.shipped"}`,
			State: states[i%4], LastError: []string{"smtp-550", "timeout", "", "muted"}[i%4], Attempts: 2, CreatedAt: today.UnixMilli(), NextAt: today.UnixMilli(),
		})
	}
	doc := h.shown(h.buyer, "/keys/notices")
	text := words(doc)
	for _, want := range []string{"7 failed here", "the answer was smtp-550 , 2 attempts", "it took too long", "you were muted", "Shipped"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if got := len(find(doc, "a", "href", "/keys/notices?before=6")); got != 1 {
		t.Error("there is no way on")
	}
	if got := len(find(doc, "a", "href", "/orders/A%252F%3C0")); got != 1 {
		t.Error("the order is not linked")
	}
	if text := words(h.shown(h.buyer, "/keys/notices?before=6")); strings.Contains(text, "Older") || !strings.Contains(text, "Newest") {
		t.Error("the last page leads on")
	}
	if text := words(h.shown(h.seller, "/keys/notices")); strings.Contains(text, "smtp-550") || !strings.Contains(text, "Nothing yet.") {
		t.Error("somebody sees another's notices")
	}
	for _, tt := range []struct {
		viewer, id string
		form       url.Values
		status     int
		to         string
	}{
		{h.buyer, "30", nil, 303, "/keys/notices?done=again"},
		{h.buyer, "27", url.Values{"webhook": {"whe_1"}}, 303, "/keys/notices/webhooks/whe_1?done=again"},
		{h.buyer, "27", url.Values{"webhook": {"../..//evil.example"}}, 303, "/keys/notices/webhooks/..%2F..%2F%2Fevil.example?done=again"},
		{h.buyer, "29", nil, 409, ""}, {h.buyer, "99", nil, 404, ""}, {h.buyer, "0", nil, 404, ""}, {h.buyer, "x", nil, 404, ""}, {h.seller, "30", nil, 404, ""},
	} {
		w := h.post(tt.viewer, "/keys/notices/"+tt.id+"/again", tt.form)
		if w.Code != tt.status || w.Header().Get("Location") != tt.to {
			t.Errorf("%s: got %d, %q", tt.id, w.Code, w.Header().Get("Location"))
		}
	}
	if !slices.Equal(p.again, []int64{30, 27, 27}) {
		t.Errorf("sent again: %v", p.again)
	}
}

// Changes are bounded, and there are no pages of notices where there are none.
func TestNoticesThrottle(t *testing.T) {
	h, p := noticesHouse(t, func(c *Config) { c.Throttle = func(*http.Request) error { return errors.New("too many") } })
	p.hooks[h.buyer] = []notify.Webhook{{ID: "whe_1", URL: "https://x.example"}}
	p.told[h.buyer] = []ledger.Notice{{ID: 1, State: ledger.NoticeSent, Content: "{}", Lane: "dm"}}
	for path, form := range map[string]url.Values{
		"": {"dm": {"on"}, "events": everyEvent(), "mute": {"not"}}, "/email": {"address": {"me@example.com"}}, "/email/confirm": {"code": {"12345678"}},
		"/webhooks": {"url": {"https://x"}, "events": everyEvent()}, "/webhooks/whe_1/rotate": nil, "/webhooks/whe_1/enable": nil, "/1/again": nil,
	} {
		w := h.post(h.buyer, "/keys/notices"+path, form)
		if w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Too many changes") {
			t.Errorf("%s: got %d, %v", path, w.Code, w.Header())
		}
	}
	if len(p.settings) > 0 || len(p.again) > 0 || len(p.hooks[h.buyer]) != 1 {
		t.Error("something was changed")
	}
	if w := newHouse(t).page(h.buyer, "/keys/notices"); w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
}

// Every code of the catalogue's reasons has words.
func TestReasons(t *testing.T) {
	words, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range append(slices.Clone(reasons), "http-500") {
		if _, err := words["en"].say(reasonWords(code)); err != nil {
			t.Error(err)
		}
	}
	for _, e := range notify.Events {
		if _, err := words["en"].say("notices.event." + string(e)); err != nil {
			t.Error(err)
		}
	}
}
