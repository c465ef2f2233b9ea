package web

import (
	"net/url"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestWebhookForms(t *testing.T) {
	h, p := noticesHouse(t)
	w := h.post(h.buyer, "/keys/notices/webhooks", url.Values{"url": {"http://x"}, "events": {"order.paid"}})
	doc := parsed(t, w.Body.String())
	if w.Code != 400 || attribute(find(doc, "input", "name", "url")[0], "value") != "http://x" || len(find(doc, "details", "open")) != 1 {
		t.Errorf("got %d", w.Code)
	}
	if w := h.post(h.buyer, "/keys/notices/webhooks", url.Values{"url": {"https://x"}}); w.Code != 400 || !strings.Contains(w.Body.String(), "Tick at least one") {
		t.Errorf("no event: got %d", w.Code)
	}
	p.refuse = orders.Errorf(orders.ECONFLICT, "five")
	if w := h.post(h.buyer, "/keys/notices/webhooks", url.Values{"url": {"https://x"}, "events": everyEvent()}); w.Code != 409 || !strings.Contains(w.Body.String(), "five webhooks already") {
		t.Errorf("one too many: got %d", w.Code)
	}
	w = h.post(h.buyer, "/keys/notices/webhooks", url.Values{"url": {"https://x.example/hook"}, "events": {"order.paid", "order.shipped"}})
	if w.Code != 201 || !strings.Contains(w.Body.String(), "whsec_new") {
		t.Fatalf("got %d", w.Code)
	}
	id := p.hooks[h.buyer][0].ID
	page := h.page(h.buyer, "/keys/notices").Body.String()
	if strings.Contains(page, "whsec_") || !strings.Contains(page, "https://x.example/hook") || !strings.Contains(words(parsed(t, page)), "Marked as paid, Shipped") {
		t.Error("the page has the secret, or no webhook")
	}
	at := "/keys/notices/webhooks/" + id
	if text := words(h.shown(h.buyer, at)); !strings.Contains(text, "the answer was http-503") || !strings.Contains(text, "No answer it took too long") || !strings.Contains(text, "asked for") {
		t.Errorf("the log: got %s", text)
	}
	for _, before := range []string{"x", "0", "-1", "9&before=8", "99999999999999999999"} {
		if w := h.page(h.buyer, at+"?before="+before); w.Code != 400 {
			t.Errorf("before=%s: got %d", before, w.Code)
		}
	}
	// To others it does not exist.
	for _, viewer := range []string{h.seller, h.admin} {
		for _, act := range []string{"/rotate", "/enable", "/remove"} {
			if w := h.post(viewer, at+act, nil); w.Code != 404 {
				t.Errorf("%s: got %d", act, w.Code)
			}
		}
		if w := h.page(viewer, at); w.Code != 404 {
			t.Errorf("another's log: got %d", w.Code)
		}
	}
	if w := h.post(h.buyer, at+"/rotate", nil, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("another site: got %d", w.Code)
	}
	if w := h.post(h.buyer, at+"/rotate", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "whsec_rotated") {
		t.Errorf("rotate: got %d", w.Code)
	}
	p.hooks[h.buyer][0].Disabled = "failures"
	if text := words(h.shown(h.buyer, "/keys/notices")); !strings.Contains(text, "Disabled: it failed again and again") {
		t.Error("it does not say that it is disabled")
	}
	if w := h.post(h.buyer, at+"/enable", nil); w.Code != 303 || p.hooks[h.buyer][0].Disabled != "" {
		t.Errorf("enable: got %d", w.Code)
	}
	if w := h.post(h.buyer, at+"/remove", nil); w.Code != 303 || len(p.hooks[h.buyer]) != 0 {
		t.Errorf("remove: got %d", w.Code)
	}
}
