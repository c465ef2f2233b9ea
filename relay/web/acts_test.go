package web

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
)

// drawn is the partial "actions" in a language.
func drawn(t *testing.T, language string, a Actions) *html.Node {
	t.Helper()
	catalogues, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	p, err := loadPages(catalogues, &assets{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.all[language+"/home"].ExecuteTemplate(&out, "actions", a); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// attributes are the values of an attribute, in the order of the page.
func attributes(nodes []*html.Node, key string) (all []string) {
	for _, n := range nodes {
		all = append(all, attribute(n, key))
	}
	return all
}

// names are those of an order's acts, in their order.
func names(a Actions) (all []string) {
	for _, act := range a.Acts {
		all = append(all, act.Name)
	}
	return all
}

// lives are orders in all states.
func lives(h *house) map[string]*orders.Order {
	b, s := h.buyer, h.seller
	request, paid, confirm := say{by: s, verb: orders.Request}, say{by: b, verb: orders.Paid}, say{by: s, verb: orders.Confirm}
	shipped, delivered := say{by: s, verb: orders.Shipped}, say{by: b, verb: orders.Delivered}
	all := map[string]*orders.Order{}
	for id, says := range map[string][]say{
		"new": nil, "requested": {request}, "paid": {request, paid}, "confirmed": {request, paid, confirm},
		"shipped": {request, paid, confirm, shipped}, "delivered": {request, paid, confirm, shipped, delivered},
		"cancelled": {{by: b, verb: orders.Cancel}}, "refund-due": {paid, confirm, {by: s, verb: orders.Cancel}},
		"disputed": {request, paid, {by: b, verb: orders.Dispute}},
	} {
		all[id] = h.order(id, says...)
	}
	return all
}

// Every button says something that is allowed, everything that is allowed has one, and
// each opens its own form, whose fields have names for everybody.
func TestFormsOfActions(t *testing.T) {
	h := newHouse(t)
	for id, o := range lives(h) {
		for _, role := range []orders.Role{orders.Buyer, orders.Seller, orders.Admin} {
			o.AllowedActions = o.Actions(role)
			for _, l := range Languages {
				a := actionsOf(o, role)
				doc := drawn(t, l.Tag, a)
				dialogs, buttons := find(doc, "dialog", "data-verb"), find(doc, "button", "data-opens")
				opened, there := attributes(buttons, "data-opens"), attributes(dialogs, "id")
				slices.Sort(opened)
				slices.Sort(there)
				if !slices.Equal(opened, there) || len(slices.Compact(there)) != len(dialogs) {
					t.Errorf("%s, %s: buttons for %v, forms %v", id, role, opened, there)
				}
				said := map[orders.Verb]bool{}
				for _, d := range dialogs {
					v := orders.Verb(attribute(d, "data-verb"))
					said[v] = true
					if v != orders.Intent && !slices.Contains(o.AllowedActions, v) {
						t.Errorf("%s, %s: a form for %s, which is not allowed", id, role, v)
					}
				}
				for _, v := range o.AllowedActions {
					if !said[v] {
						t.Errorf("%s, %s: no form for %s", id, role, v)
					}
				}
				labelled(t, doc)
				if hidden := find(doc, "div", "hidden"); len(hidden) != 1 || !slices.Equal(hidden, find(doc, "div", "data-buttons")) {
					t.Errorf("%s, %s: buttons that do nothing without scripts are shown", id, role)
				}
			}
		}
	}
}

// labelled checks that every field has a label and a place for its faults.
func labelled(t *testing.T, doc *html.Node) {
	t.Helper()
	ids := map[string]int{}
	for _, n := range find(doc, "", "id") {
		ids[attribute(n, "id")]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %s is there %d times", id, n)
		}
	}
	labels := attributes(find(doc, "label", "for"), "for")
	for _, n := range slices.Concat(find(doc, "input", "name"), find(doc, "textarea", "name")) {
		if attribute(n, "type") == "hidden" {
			continue
		}
		if !slices.Contains(labels, attribute(n, "id")) && n.Parent.Data != "label" {
			t.Errorf("%s has no label", attribute(n, "name"))
		}
		described := strings.Fields(attribute(n, "aria-describedby"))
		if len(described) == 0 || !strings.HasSuffix(described[len(described)-1], "-fault") {
			t.Errorf("%s has no place for its faults", attribute(n, "name"))
		}
		for _, id := range described {
			if ids[id] == 0 {
				t.Errorf("%s is described by %s, which is not there", attribute(n, "name"), id)
			}
		}
	}
}

func TestOrderOfActions(t *testing.T) {
	h := newHouse(t)
	all := lives(h)
	for _, tt := range []struct {
		order string
		role  orders.Role
		want  []string
	}{
		{"new", orders.Seller, []string{"request", "confirm", "process", "shipped", "note", "exception", "cancel"}},
		{"requested", orders.Buyer, []string{"paid", "address", "note", "cancel"}},
		{"confirmed", orders.Buyer, []string{"delivered", "address", "note", "cancel", "dispute"}},
		{"delivered", orders.Buyer, []string{"note", "dispute"}},
		{"disputed", orders.Buyer, []string{"withdraw", "note", "cancel"}},
		{"disputed", orders.Seller, []string{"answer", "refunded", "note", "exception", "cancel", "concede-seller"}},
		{"disputed", orders.Admin, []string{"rule", "cancel"}},
	} {
		o := all[tt.order]
		o.AllowedActions = o.Actions(tt.role)
		if got := names(actionsOf(o, tt.role)); !slices.Equal(got, tt.want) {
			t.Errorf("%s, %s: got %v, want %v", tt.order, tt.role, got, tt.want)
		}
	}
	if actionsOf(all["delivered"], orders.Seller).Again || !actionsOf(all["delivered"], orders.Buyer).Again {
		t.Error("the buyer alone orders again")
	}
}

// What is about money without anybody's word for it says so, and asks.
func TestWarnings(t *testing.T) {
	h := newHouse(t)
	all := lives(h)
	for _, tt := range []struct {
		order   string
		role    orders.Role
		name    string
		warning string
	}{
		{"new", orders.Seller, "confirm", "unclaimed"}, {"requested", orders.Seller, "confirm", "unclaimed"}, {"paid", orders.Seller, "confirm", ""},
		{"new", orders.Seller, "shipped", "unpaid"}, {"new", orders.Seller, "process", "unpaid"}, {"paid", orders.Seller, "shipped", "unconfirmed"},
		{"confirmed", orders.Seller, "shipped", ""}, {"paid", orders.Buyer, "cancel", "money"}, {"new", orders.Buyer, "cancel", ""},
	} {
		o := all[tt.order]
		o.AllowedActions = o.Actions(tt.role)
		doc := drawn(t, "en", actionsOf(o, tt.role))
		form := find(doc, "dialog", "id", "act-"+tt.name)[0]
		if got := len(find(form, "p", "class", "note--warning")) > 0; got != (tt.warning != "") {
			t.Errorf("%s, %s: a warning: %v", tt.order, tt.name, got)
		}
		asks := len(find(form, "input", "name", "sure")) > 0
		if asks != (tt.warning == "unclaimed") {
			t.Errorf("%s, %s: asks to be sure: %v", tt.order, tt.name, asks)
		}
		if asks && len(find(form, "input", "required")) == 0 {
			t.Errorf("%s, %s: it need not be answered", tt.order, tt.name)
		}
	}
}

func TestAmounts(t *testing.T) {
	h := newHouse(t)
	field := func(o *orders.Order, role orders.Role, form, name string) []*html.Node {
		o.AllowedActions = o.Actions(role)
		return find(find(drawn(t, "en", actionsOf(o, role)), "dialog", "id", "act-"+form)[0], "input", "name", name)
	}
	all := lives(h)
	if got := attribute(field(all["refund-due"], orders.Seller, "refunded", "amount")[0], "value"); got != "21000" {
		t.Errorf("proposes to give %s back", got)
	}
	if got := field(all["new"], orders.Seller, "request", "amount"); len(got) > 0 {
		t.Error("asks for a sum that it knows")
	}
	all["new"].GrandTotal, all["new"].TotalSats = 0, 0
	if got := field(all["new"], orders.Seller, "request", "amount"); len(got) != 1 {
		t.Error("does not ask for a sum that nobody has named")
	}
	if acts[orders.Refunded].Fields[0].Value != "" {
		t.Error("one order's sum stays in the table of forms")
	}
}

// Messages go to relays that the policy lets pages reach, and of nobody else.
func TestWhereActionsGo(t *testing.T) {
	asked := ""
	s := &server{cfg: Config{Admins: []string{"ad"}, InboxRelays: func(_ context.Context, pubkey string) ([]string, error) {
		asked = pubkey
		return []string{"wss://one.example", "ws://10.0.0.1", "https://x.example", `wss://two.example/"><script>`}, nil
	}}}
	o := &orders.Order{BuyerPubkey: "b", SellerPubkey: "s", Products: []orders.Product{{ProductID: "x", Title: `<img src=x onerror=alert(1)>`, Quantity: 1}}}
	for role, want := range map[orders.Role]string{orders.Buyer: "s", orders.Seller: "b", orders.Admin: ""} {
		asked = ""
		a, err := s.actionsFor(t.Context(), o, role)
		if err != nil || asked != want || !slices.Equal(a.Admins, []string{"ad"}) {
			t.Errorf("%s: asked for %q, %v", role, asked, err)
		}
		if want != "" && !slices.Equal(a.Inbox, []string{"wss://one.example", `wss://two.example/"><script>`}) {
			t.Errorf("%s: got %q", role, a.Inbox)
		}
		doc := drawn(t, "en", a)
		for n := range doc.Descendants() {
			if n.Data == "img" || n.Data == "script" {
				t.Errorf("%s: what others wrote became part of the page", role)
			}
		}
	}
}

// Everything that may go wrong has its words, and every verb its name.
func TestWordsOfProblems(t *testing.T) {
	b, err := static.ReadFile("static/js/problem.js")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)CODES = Object.freeze\(\[(.*?)\]\)`).FindSubmatch(b)
	if list == nil {
		t.Fatal("problem.js has no list of codes")
	}
	keys := []string{}
	for _, m := range regexp.MustCompile(`'([a-z-]+)'`).FindAllSubmatch(list[1], -1) {
		keys = append(keys, "js.problem."+string(m[1]))
	}
	for _, code := range []orders.Code{orders.EINVALID, orders.EFORBIDDEN, orders.ENOTFOUND, orders.ECONFLICT, orders.EUNAVAILABLE, orders.EINTERNAL,
		"unauthenticated", "stale", "rate_limited", "too_large", "malformed", "cross_site", "signer-missing", "signer-other-session", "stopped", "not-counted", "not-allowed-now"} {
		keys = append(keys, "js.problem."+string(code))
	}
	for _, r := range []orders.Reason{orders.NotAParticipant, orders.WrongRole, orders.UnboundSender, orders.DuplicateID, orders.IllegalTransition, orders.OverLimit} {
		keys = append(keys, "js.reason."+string(r))
	}
	for _, r := range orders.Rules {
		if r.Verb != orders.Intent {
			keys = append(keys, "js.act."+string(r.Verb))
		}
	}
	words, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if _, ok := words["en"][key]; !ok {
			t.Errorf("no words for %s", key)
		}
	}
}

// Who has a session may still have to connect a signer.
func TestSignInAgain(t *testing.T) {
	h := newHouse(t)
	if w := h.page(h.buyer, "/sign-in?next=/orders/x"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/orders/x" {
		t.Errorf("got %d, %v", w.Code, w.Header())
	}
	for _, viewer := range []string{h.buyer, ""} {
		page := find(h.shown(viewer, "/sign-in?again=1&next=/orders/x"), "section", "data-module", "sign-in")
		if len(page) != 1 || attribute(page[0], "data-next") != "/orders/x" {
			t.Fatal("there is no place to sign in")
		}
		if hidden := find(page[0], "div", "hidden"); !slices.Equal(hidden[:1], find(page[0], "div", "data-ways")) {
			t.Error("what does nothing without scripts is shown")
		}
		if !strings.Contains(words(page[0]), "your browser has to run") {
			t.Error("nothing is said to who has no scripts")
		}
	}
}

// What a form proposes is known to the page that shows the parcel.
func TestCouriersHavePages(t *testing.T) {
	for _, c := range couriers {
		if trackingPage(c, "RF418823604PT") == "" {
			t.Errorf("there is no page for parcels of %s", c)
		}
	}
}

// What a buyer signs is the sum that he reads, and the page says of which order it is.
func TestPaidSaysWhatIsAskedFor(t *testing.T) {
	h := newHouse(t)
	asked, fiat := int64(23500), orders.Money{Amount: "12.50", Currency: "EUR"}
	for id, tt := range map[string]struct {
		public orders.Public
		want   string
	}{
		"sum": {orders.Public{Amount: &asked}, "23500"}, "none": {orders.Public{}, "21000"}, "fiat": {orders.Public{Fiat: &fiat}, ""},
	} {
		o := h.order(id, say{by: h.seller, verb: orders.Request, Public: tt.public})
		page := h.shown(h.buyer, "/orders/"+id)
		form := find(page, "dialog", "id", "act-paid")[0]
		if got := attribute(find(form, "input", "name", "amount")[0], "value"); got != tt.want {
			t.Errorf("%s: the form says %q, want %q", id, got, tt.want)
		}
		acts := find(page, "div", "data-module", "actions")[0]
		if attribute(acts, "data-status") != string(o.Status) || attribute(acts, "data-grand") != strconv.FormatInt(o.GrandTotal, 10) || attribute(acts, "data-total") != "21000" || attribute(acts, "data-refunded") != "0" {
			t.Errorf("%s: got %v", id, acts.Attr)
		}
	}
}
