package web

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
)

// lives are orders in every standing that the pages tell apart, by its name: what is
// said after the intent.
func (h *house) lives() map[string][]say {
	b, s := h.buyer, h.seller
	sum := func(n int64) *int64 { return &n }
	request := say{by: s, verb: orders.Request, carries: []orders.Field{orders.FieldPaymentLink}, Public: orders.Public{Amount: sum(23500), Medium: "lightning"}}
	expired := request
	expired.Expiry = 1
	paid, confirm := say{by: b, verb: orders.Paid}, say{by: s, verb: orders.Confirm}
	process, delivered := say{by: s, verb: orders.Process}, say{by: b, verb: orders.Delivered}
	shipped := say{by: s, verb: orders.Shipped, Public: orders.Public{Carrier: "CTT", Tracking: "RF418823604PT"}}
	cancel := say{by: s, verb: orders.Cancel, carries: []orders.Field{orders.FieldReason}}
	dispute := say{by: b, verb: orders.Dispute, carries: []orders.Field{orders.FieldReason}}
	return map[string][]say{
		"new": nil, "asked": {request}, "expired": {expired}, "claimed": {request, paid},
		"preparing":        {request, paid, confirm},
		"preparing.unpaid": {process},
		"shipped":          {paid, confirm, shipped}, "shipped.claimed": {paid, shipped}, "shipped.unpaid": {shipped},
		"delivered": {paid, confirm, shipped, delivered}, "delivered.claimed": {paid, shipped, delivered}, "delivered.unpaid": {shipped, delivered},
		"cancelled": {cancel}, "cancelled.claimed": {paid, cancel}, "refund-due": {paid, confirm, cancel},
		"refunded": {paid, confirm, cancel, {by: s, verb: orders.Refunded}}, "disputed": {paid, confirm, shipped, dispute},
	}
}

// Each party reads what the order's standing means for it, in both languages, and the
// stages as they are.
func TestOrderPage(t *testing.T) {
	h := newHouse(t)
	catalogues, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]string{
		"new":              "placed:complete asked:now paid:waiting prepared:waiting shipped:waiting delivered:waiting",
		"asked":            "placed:complete asked:complete paid:now prepared:waiting shipped:waiting delivered:waiting",
		"claimed":          "placed:complete asked:complete paid:claimed prepared:waiting shipped:waiting delivered:waiting",
		"preparing":        "placed:complete asked:complete paid:complete prepared:now shipped:waiting delivered:waiting",
		"preparing.unpaid": "placed:complete asked:skipped paid:waiting prepared:now shipped:waiting delivered:waiting",
		"shipped":          "placed:complete asked:skipped paid:complete prepared:complete shipped:complete delivered:now",
		"shipped.claimed":  "placed:complete asked:skipped paid:claimed prepared:skipped shipped:complete delivered:now",
		"shipped.unpaid":   "placed:complete asked:skipped paid:waiting prepared:skipped shipped:complete delivered:now",
		"delivered":        "placed:complete asked:skipped paid:complete prepared:complete shipped:complete delivered:complete",
		"delivered.unpaid": "placed:complete asked:skipped unpaid:skipped prepared:skipped shipped:complete delivered:complete",
		"cancelled":        "placed:complete cancelled:failed",
		"refund-due":       "placed:complete paid:complete prepared:complete cancelled:failed refund:now",
		"refunded":         "placed:complete paid:complete prepared:complete cancelled:failed refund:complete",
		"disputed":         "placed:complete asked:skipped paid:complete prepared:complete shipped:complete disputed:failed delivered:waiting",
	}
	for name, says := range h.lives() {
		o := h.order(name, says...)
		if got, want := stepsText(stepsOf(o)), steps[name]; want != "" && got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		for viewer, role := range map[string]string{h.buyer: "buyer", h.seller: "seller"} {
			key := "order.says." + role + "." + name
			if name == "disputed" && role == "buyer" {
				key += ".own"
			}
			page := h.shown(viewer, "/orders/"+name)
			if got, want := words(find(page, "p", "id", "says")[0]), catalogues["en"].mustSay(t, key); got != want {
				t.Errorf("%s, %s: got %q, want %q", name, role, got, want)
			}
			for _, language := range Languages {
				w := h.page(viewer, "/orders/"+name, "Accept-Language", language.Tag)
				if w.Code != 200 {
					t.Errorf("%s, %s, %s: got %d", name, role, language.Tag, w.Code)
				}
			}
			claimed := len(find(find(page, "header", "class", "order__head")[0], "span", "class", "payment--claimed")) == 1
			if claimed != (o.Payment == orders.PaymentClaimed) {
				t.Errorf("%s, %s: claimed is told: %v", name, role, claimed)
			}
			if next := o.Actions(o.Role(viewer)); len(next) > 0 && len(find(page, "", "data-order", name)) != 1 {
				t.Errorf("%s, %s: there is no place for actions", name, role)
			}
		}
	}
}

func stepsText(steps []Step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.Stage+":"+s.State)
	}
	return strings.Join(all, " ")
}

// mustSay fills in the sum that the lives of a house ask for.
func (c catalogue) mustSay(t *testing.T, key string) string {
	t.Helper()
	text, err := c.phrase(Phrase{key, []any{sats(map[bool]int64{true: 23500, false: 21000}[strings.HasSuffix(key, "asked") || strings.HasSuffix(key, "claimed")])}}, "en")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// There are words for every standing, step, trouble, flag and reason, for every role.
func TestOrderWords(t *testing.T) {
	catalogues, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, role := range []string{"buyer", "seller", "admin"} {
		for _, s := range standings {
			keys = append(keys, "order.says."+role+"."+s)
		}
		for _, code := range append(slices.Clone(troubleCodes), "after-cancel", "other") {
			if role != "admin" {
				keys = append(keys, "order.trouble."+code+"."+role)
			}
			keys = append(keys, "order.trouble."+code)
		}
		keys = append(keys, "order.held."+role, "order.claimed."+role)
	}
	for _, r := range orders.Rules {
		keys = append(keys, "order.verb."+string(r.Verb))
	}
	for _, f := range append(slices.Clone(flagCodes), "other") {
		keys = append(keys, "order.flag."+string(f))
	}
	for _, r := range []orders.Reason{orders.NotAParticipant, orders.WrongRole, orders.UnboundSender, orders.DuplicateID, orders.IllegalTransition, orders.OverLimit} {
		keys = append(keys, "order.reason."+string(r))
	}
	for _, f := range (&orders.Private{Content: "x", ShippingAddress: "x", Contact: map[string]string{"x": "x"}, PaymentLink: "x", Note: "x", Reason: "x", Resolution: "x", Reference: "x", Proof: "x"}).Carries() {
		keys = append(keys, "order.field."+string(f))
	}
	for _, p := range []orders.Payment{orders.PaymentNone, orders.PaymentRequested, orders.PaymentClaimed, orders.PaymentConfirmed, orders.PaymentRefundDue, orders.PaymentRefunded} {
		keys = append(keys, "order.money."+string(p), "documents.payment."+string(p))
	}
	for _, s := range []string{stepWaiting, stepNow, stepComplete, stepClaimed, stepSkipped, stepFailed} {
		keys = append(keys, "order.step."+s)
	}
	for _, s := range []string{"placed", "asked", "paid", "unpaid", "prepared", "shipped", "delivered", "disputed", "cancelled", "refund"} {
		keys = append(keys, "order.stage."+s)
	}
	for _, key := range keys {
		if _, err := catalogues["en"].say(key); err != nil {
			t.Error(err)
		}
	}
}

// What no message of a house makes: the status and the money in every combination.
func TestStandings(t *testing.T) {
	for _, status := range orders.Statuses {
		for _, payment := range []orders.Payment{orders.PaymentNone, orders.PaymentRequested, orders.PaymentClaimed, orders.PaymentConfirmed, orders.PaymentRefundDue, orders.PaymentRefunded} {
			o := &orders.Order{Status: status, Payment: payment}
			if s := standing(o, "me"); !slices.Contains(standings, s) {
				t.Errorf("%s, %s: %q", status, payment, s)
			}
			if got := sentence(o, orders.Seller, "me").Key; status == orders.StatusPaid && payment == orders.PaymentClaimed && got != "order.says.seller.claimed.unnamed" {
				t.Errorf("a claim without a sum: %s", got)
			}
		}
	}
	if got := standing(&orders.Order{Status: orders.StatusProcessing, Payment: orders.PaymentClaimed}, "me"); got != "preparing.claimed" {
		t.Errorf("got %s", got)
	}
}

// Who has no part in an order does not see that there is one, in any of its papers.
func TestOrderRights(t *testing.T) {
	h := newHouse(t)
	says := h.lives()
	h.order("plain", says["shipped"]...)
	h.order("quarrel", says["disputed"]...)
	h.viewed = nil
	for _, tt := range []struct {
		viewer, path string
		want         int
	}{
		{h.stranger, "plain", 404}, {h.admin, "plain", 404}, {h.buyer, "nothing", 404}, {h.stranger, "quarrel", 404},
		{h.admin, "quarrel", 200}, {h.buyer, "plain", 200}, {h.seller, "plain", 200},
		{h.buyer, "plain/receipt", 200}, {h.buyer, "plain/invoice", 200}, {h.buyer, "plain/packing-slip", 404}, {h.buyer, "plain/label", 404},
		{h.seller, "plain/receipt", 200}, {h.seller, "plain/invoice", 200}, {h.seller, "plain/packing-slip", 200}, {h.seller, "plain/label", 200},
		{h.seller, "plain/packing-slip?prices=0", 200}, {h.seller, "plain/packing-slip?prices=2", 400}, {h.seller, "plain/packing-slip?prices=0&prices=1", 400},
		{h.stranger, "plain/receipt", 404}, {h.stranger, "plain/label", 404}, {h.admin, "quarrel/receipt", 404}, {h.admin, "quarrel/label", 404},
		{h.seller, "plain/nothing", 404},
	} {
		if w := h.page(tt.viewer, "/orders/"+tt.path); w.Code != tt.want {
			t.Errorf("%s: got %d, want %d", tt.path, w.Code, tt.want)
		} else if w.Code == 404 && strings.Contains(w.Body.String(), "RF418823604PT") {
			t.Errorf("%s tells of the order", tt.path)
		}
	}
	if !slices.Contains(h.viewed, "plain "+h.buyer) || slices.ContainsFunc(h.viewed, func(s string) bool { return strings.HasSuffix(s, h.stranger) }) {
		t.Errorf("viewed: %v", h.viewed)
	}
}

// Nothing private is in a page: only places for it, and whether the viewer can open them.
func TestSealedPlaces(t *testing.T) {
	h := newHouse(t)
	h.order("quarrel", h.lives()["disputed"]...)
	for viewer, opens := range map[string]bool{h.buyer: true, h.seller: true, h.admin: false} {
		page := h.shown(viewer, "/orders/quarrel")
		places := find(page, "div", "data-field", "shippingAddress")
		if len(places) == 0 {
			t.Fatal("there is no place for the address")
		}
		for _, p := range find(page, "div", "data-sealed") {
			if got := len(find(p.Parent, "div", "data-opens")) > 0; got != opens {
				t.Errorf("%s: opens: %v", attribute(p, "data-field"), got)
			}
		}
	}
	if body := h.page(h.buyer, "/orders/quarrel").Body.String(); strings.Contains(body, "sealed to the") {
		t.Error("a box is in the page")
	}
}

// The modules that the pages name are there.
func TestOrderModules(t *testing.T) {
	h := newHouse(t)
	h.order("A", h.lives()["shipped"]...)
	for _, path := range []string{"/orders/A", "/orders/A/receipt", "/orders/A/packing-slip", "/orders/A/label"} {
		page := h.shown(h.seller, path)
		assets := attribute(find(page, "body", "data-assets")[0], "data-assets")
		named := find(page, "", "data-module")
		if len(named) == 0 {
			t.Errorf("%s does nothing", path)
		}
		for _, n := range named {
			for _, name := range strings.Fields(attribute(n, "data-module")) {
				if w := get(h.handler, "GET", assets+"js/"+name+".js"); w.Code != 200 {
					t.Errorf("%s: there is no module %s", path, name)
				}
			}
		}
	}
}

// Whatever ids, titles, carriers and words a client writes stay text.
func TestHostileOrder(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Titles = func(_ context.Context, addresses []string) (map[string]string, error) {
			return map[string]string{addresses[0]: "<img src=x onerror=alert(1)>"}, nil
		}
	})
	id := orders.EscapeID(`"><script>alert(1)</script>/../x?y#z`)
	evil := `javascript:alert(1)//"><svg onload=alert(1)>`
	h.order(id,
		say{by: h.seller, verb: orders.Note, Public: orders.Public{Products: []orders.Product{{ProductID: evil, Quantity: 1, PricePerUnit: "2", Currency: "<b>"}}}},
		say{by: h.buyer, verb: orders.Paid, Public: orders.Public{Medium: evil, Mint: evil, Code: evil, Fiat: &orders.Money{Amount: json.Number("1.5"), Currency: evil}}},
		say{by: h.seller, verb: orders.Shipped, Public: orders.Public{Carrier: "DHL", Tracking: evil}},
		say{by: h.seller, verb: orders.Shipped, Public: orders.Public{Carrier: evil, Tracking: "RF418823604PT"}},
		say{by: h.stranger, verb: orders.Cancel})
	path := pathOf(id)
	for _, p := range []string{path, path + "/packing-slip", path + "/label", path + "/invoice"} {
		page := h.shown(h.seller, p)
		for n := range page.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src") && strings.HasPrefix(strings.ToLower(a.Val), "javascript") {
					t.Errorf("%s: <%s %s=%q>", p, n.Data, a.Key, a.Val)
				}
			}
			if n.Data == "script" && attribute(n, "src") == "" || n.Data == "svg" && attribute(n, "onload") != "" || n.Data == "img" && !strings.HasPrefix(attribute(n, "src"), "data:") {
				t.Errorf("%s has a <%s>", p, n.Data)
			}
		}
		for _, a := range find(page, "a", "target", "_blank") {
			if u, err := url.Parse(attribute(a, "href")); err != nil || u.Scheme != "https" || attribute(a, "rel") != "noreferrer noopener" {
				t.Errorf("%s leads to %q, %q", p, attribute(a, "href"), attribute(a, "rel"))
			}
		}
	}
	page := h.shown(h.seller, path)
	for _, a := range find(page, "a", "href") {
		if strings.HasSuffix(attribute(a, "href"), "/receipt") {
			if w := h.page(h.seller, attribute(a, "href")); w.Code != 200 {
				t.Errorf("%s: got %d", attribute(a, "href"), w.Code)
			}
		}
	}
	if !strings.Contains(words(page), "<img src=x onerror=alert(1)>") && !strings.Contains(words(page), evil) {
		t.Error("the product is not named")
	}
}

// The other orders of a buyer's cart are named, and nobody else's.
func TestCart(t *testing.T) {
	h := newHouse(t)
	begun := today.Add(-time.Hour)
	together := say{by: h.buyer, verb: orders.Note, Public: orders.Public{CheckoutID: "cart-1"}}
	h.orderOf("A", h.buyer, h.seller, begun, together)
	h.orderOf("B", h.buyer, h.admin, begun, together)
	h.orderOf("C", h.buyer, h.seller, begun)
	h.orderOf("D", h.stranger, h.seller, begun, say{by: h.stranger, verb: orders.Note, Public: orders.Public{CheckoutID: "cart-1"}})
	links := func(viewer string) (all []string) {
		for _, region := range find(h.shown(viewer, "/orders/A"), "section", "data-region", "cart") {
			for _, a := range find(region, "a", "href") {
				all = append(all, attribute(a, "href"))
			}
		}
		return all
	}
	if got := links(h.buyer); !slices.Equal(got, []string{"/orders/B"}) {
		t.Errorf("got %v", got)
	}
	if got := links(h.seller); got != nil {
		t.Errorf("the seller sees %v", got)
	}
}

// A price in euros and shipping in sats are two sums, and stay two.
func TestTwoCurrencies(t *testing.T) {
	h := newHouse(t)
	shipping := int64(2000)
	h.write(h.fold("E-1", h.buyer, h.seller,
		say{by: h.buyer, verb: orders.Intent, at: today, Public: orders.Public{Fiat: &orders.Money{Amount: "12.50", Currency: "EUR"}}},
		say{by: h.seller, verb: orders.Request, Public: orders.Public{ShippingQuote: &shipping}}))
	if got := words(find(h.shown(h.buyer, "/orders/E-1"), "div", "class", "totals__grand")[0]); got != "Total 12.50 EUR + 2,000 sats" {
		t.Errorf("got %q", got)
	}
	if got := words(find(h.shown(h.buyer, "/orders"), "td", "class", "listed__total")[0]); got != "12.50 EUR" {
		t.Errorf("the list: got %q", got)
	}
}

// A shipping option is told by its title where that is known.
func TestShippingOption(t *testing.T) {
	h := newHouse(t, func(c *Config) {
		c.Titles = func(_ context.Context, addresses []string) (map[string]string, error) {
			return map[string]string{"30406:x:post": "By post, insured"}, nil
		}
	})
	total := int64(100)
	for id, option := range map[string]string{"A-1": "30406:x:post", "A-2": "30406:x:ship"} {
		h.write(h.fold(id, h.buyer, h.seller, say{by: h.buyer, verb: orders.Intent, at: today, Public: orders.Public{Amount: &total, Shipping: option}}))
	}
	for id, want := range map[string]string{"A-1": "By post, insured", "A-2": "30406:x:ship"} {
		if page := words(h.shown(h.seller, "/orders/"+id)); !strings.Contains(page, want) {
			t.Errorf("%s: the page does not say %q", id, want)
		}
	}
}
