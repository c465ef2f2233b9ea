package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
)

// binder keeps cases as the ledger does.
type binder map[string]orders.Case

func (b binder) Cases(_ context.Context, ids []string) (map[string]orders.Case, error) {
	found := map[string]orders.Case{}
	for _, id := range ids {
		if c, ok := b[id]; ok {
			found[id] = c
		}
	}
	return found, nil
}

func (b binder) TakeCase(_ context.Context, id, admin, from string, at int64) error {
	if c, ok := b[id]; ok && c.Admin != from && c.Admin != admin {
		return orders.Errorf(orders.ECONFLICT, "somebody else has it")
	}
	b[id] = orders.Case{Admin: admin, TakenAt: at}
	return nil
}

func (b binder) ReleaseCase(_ context.Context, id, admin string) error {
	if b[id].Admin == admin {
		delete(b, id)
	}
	return nil
}

// disputedHouse has two open disputes, a settled one, and an order without any.
func disputedHouse(t *testing.T) (*house, binder) {
	b := binder{}
	h := newHouse(t, func(c *Config) { c.Cases = b })
	paid := say{by: h.buyer, verb: orders.Paid}
	h.order("plain", paid)
	h.orderOf("late-but-older-dispute", h.buyer, h.seller, today.Add(-48*time.Hour), paid, say{by: h.seller, verb: orders.Dispute})
	h.order("early-order", paid, say{by: h.buyer, verb: orders.Dispute, at: today.Add(-3 * time.Hour)})
	h.order("settled", paid, say{by: h.buyer, verb: orders.Dispute}, say{by: h.admin, verb: orders.Resolved, Public: orders.Public{Outcome: orders.OutcomeCancelled}})
	return h, b
}

func (h *house) disputes(path string) []*html.Node {
	h.t.Helper()
	rows := find(h.shown(h.admin, path), "tr", "role", "row")
	return rows[min(1, len(rows)):]
}

func TestDisputes(t *testing.T) {
	h, _ := disputedHouse(t)
	rows := h.disputes("/disputes")
	if len(rows) != 2 {
		t.Fatalf("got %q", texts(rows))
	}
	// The dispute that is open the longest comes first, whenever its order began.
	for i, want := range [][]string{
		{"late-but-o…-dispute", "21,000 sats", "payment claimed", "by the seller", "open for 1 d 22 h", "Nobody yet", "Take"},
		{"early-order", "21,000 sats", "payment claimed", "by the buyer", "open for 3 h", "Ceramics <Porto>"},
	} {
		for _, text := range want {
			if got := words(rows[i]); !strings.Contains(got, text) {
				t.Errorf("got %q, which lacks %q", got, text)
			}
		}
	}
	if link := find(rows[1], "a", "href")[0]; attribute(link, "href") != "/orders/early-order" {
		t.Errorf("it leads to %s", attribute(link, "href"))
	}
	rows = h.disputes("/disputes?show=all")
	if all := strings.Join(texts(rows), "\n"); len(rows) != 3 || !strings.Contains(all, "Cancelled settled as cancelled") || strings.Contains(all, "plain") {
		t.Errorf("got %q", all)
	}
	for path, want := range map[string]int{"/disputes?show=x": 400, "/disputes?cursor=x": 400} {
		if w := h.page(h.admin, path); w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
	}
	if text := words(newHouse(t).shownToAdmin("/disputes")); !strings.Contains(text, "No open disputes") {
		t.Errorf("got %s", text)
	}
}

func (h *house) shownToAdmin(path string) *html.Node { return h.shown(h.admin, path) }

// Every dispute is on one of the pages, and how many there are stands on each.
func TestDisputesFurther(t *testing.T) {
	h := newHouse(t)
	for i := range disputesPerPage + 1 {
		h.order(fmt.Sprint("d-", i), say{by: h.buyer, verb: orders.Paid}, say{by: h.buyer, verb: orders.Dispute})
	}
	for _, show := range []string{"open", "all"} {
		seen := 0
		for path := "/disputes?show=" + show; path != ""; {
			doc := h.shown(h.admin, path)
			if count := words(find(doc, "h2", "id", "disputes-count")[0]); !strings.HasPrefix(count, fmt.Sprint(disputesPerPage+1)) {
				t.Errorf("%s: counted are %q", path, count)
			}
			seen += len(find(doc, "dl", "class", "parties"))
			if path = ""; len(find(doc, "a", "rel", "next")) > 0 {
				path = attribute(find(doc, "a", "rel", "next")[0], "href")
			} else if len(find(doc, "a", "href", "/disputes?show="+show)) != 2 {
				t.Errorf("%s: nothing leads back to the first page", show)
			}
		}
		if seen != disputesPerPage+1 {
			t.Errorf("%s: %d disputes", show, seen)
		}
	}
}

func TestCases(t *testing.T) {
	h, b := disputedHouse(t)
	const take, release = "/disputes/early-order/take", "/disputes/early-order/release"
	for _, tt := range []struct {
		who, path, origin string
		want              int
	}{
		{h.admin, take, "cross-site", 403},
		{"", take, "same-origin", 403},
		{h.buyer, take, "same-origin", 404},
		{h.stranger, release, "same-origin", 404},
		{h.admin, "/disputes/plain/take", "same-origin", 404},
		{h.admin, "/disputes/nothing/take", "same-origin", 404},
		{h.admin, "/disputes/settled/take", "same-origin", 409},
	} {
		if w := h.post(tt.who, tt.path, nil, "Sec-Fetch-Site", tt.origin); w.Code != tt.want || len(b) > 0 {
			t.Errorf("%s %s: got %d, want %d; cases %v", tt.origin, tt.path, w.Code, tt.want, b)
		}
	}
	w := h.post(h.admin, take, url.Values{"next": {"/disputes?show=all"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/disputes?show=all" || b["early-order"] != (orders.Case{Admin: h.admin, TakenAt: today.UnixMilli()}) {
		t.Fatalf("got %d, %v, %v", w.Code, w.Header(), b)
	}
	row := h.disputes("/disputes")[1]
	if forms := find(row, "form", "action", release); !strings.Contains(words(row), "You since 2026-03-14 12:00 UTC") || len(forms) != 1 {
		t.Errorf("got %s", words(row))
	}
	if w := h.post(h.admin, release, url.Values{"next": {"//evil.example"}}); w.Header().Get("Location") != "/disputes" || len(b) > 0 {
		t.Errorf("got %v, %v", w.Header(), b)
	}
	// What another admin has, is taken from him knowingly.
	b["early-order"] = orders.Case{Admin: h.stranger, TakenAt: today.Add(-time.Hour).UnixMilli()}
	row = h.disputes("/disputes")[1]
	if forms := find(row, "form", "action", take); !strings.Contains(words(row), "Take over") || len(forms) != 1 || attribute(find(forms[0], "input", "name", "from")[0], "value") != h.stranger {
		t.Errorf("got %s", words(row))
	}
	if w := h.post(h.admin, take, nil); w.Code != http.StatusConflict {
		t.Errorf("got %d", w.Code)
	}
	if w := h.post(h.admin, take, url.Values{"from": {h.stranger}}); w.Code != http.StatusSeeOther || b["early-order"].Admin != h.admin {
		t.Errorf("got %d, %v", w.Code, b)
	}
	// What was taken before the present dispute, was another one.
	b["early-order"] = orders.Case{Admin: h.admin, TakenAt: today.Add(-4 * time.Hour).UnixMilli()}
	if row := h.disputes("/disputes")[1]; !strings.Contains(words(row), "Nobody yet Take") {
		t.Errorf("got %s", words(row))
	}
}

// An admin who bought or sold does not judge.
func TestPartiesDoNotJudge(t *testing.T) {
	b := binder{}
	h := newHouse(t, func(c *Config) { c.Cases = b })
	h.orderOf("own", h.admin, h.seller, today.Add(-72*time.Hour), say{by: h.admin, verb: orders.Paid}, say{by: h.seller, verb: orders.Dispute})
	if text := words(h.shownToAdmin("/disputes")); !strings.Contains(text, "You are a party to this order.") {
		t.Errorf("got %s", text)
	}
	if w := h.post(h.admin, "/disputes/own/take", nil); w.Code != http.StatusForbidden || len(b) > 0 {
		t.Errorf("got %d, %v", w.Code, b)
	}
}

// Names, titles and ids are other people's words.
func TestDisputesEscape(t *testing.T) {
	b := binder{}
	h := newHouse(t, func(c *Config) {
		c.Cases = b
		c.Profiles = func(_ context.Context, keys []string) (map[string]Profile, error) {
			all := map[string]Profile{}
			for _, k := range keys {
				all[k] = Profile{Name: `"><script>alert(1)</script>`}
			}
			return all, nil
		}
	})
	const id = `a%22%3E%3Cscript%3E`
	o := h.order(id, say{by: h.buyer, verb: orders.Paid}, say{by: h.buyer, verb: orders.Dispute})
	o.Products[0].Title, o.Version = "<img src=x onerror=alert(1)>", o.Version+1
	if err := h.store.Write(t.Context(), []*orders.Order{o}); err != nil {
		t.Fatal(err)
	}
	doc := h.shownToAdmin("/disputes")
	if scripts := find(doc, "script", "type"); len(scripts) != 1 || len(find(doc, "img", "onerror")) > 0 || !strings.Contains(words(doc), "<img") {
		t.Error("what somebody wrote became an element, or nothing")
	}
	form := find(doc, "form", "action", "/disputes/"+url.PathEscape(id)+"/take")
	if len(form) != 1 {
		t.Fatal("there is no form for the order")
	}
	if w := h.post(h.admin, attribute(form[0], "action"), nil); w.Code != http.StatusSeeOther || b[id].Admin != h.admin {
		t.Errorf("got %d, %v", w.Code, b)
	}
}
