package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"
	"golang.org/x/net/html"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// A house has the pages before a real store with orders that were really folded. Who
// signs in is said by the cookie "who".
type house struct {
	t       testing.TB
	store   *redisstore.Store
	handler http.Handler
	seq     int64
	viewed  []string // intent ids, with their readers

	buyer, seller, admin, stranger string // public keys (hex)
}

// The clock of a house.
var today = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func newHouse(t testing.TB, change ...func(*Config)) *house {
	t.Helper()
	engine, err := redisstore.StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, buyer: newKey(t), seller: newKey(t), admin: newKey(t), stranger: newKey(t)}
	if h.store, err = redisstore.Dial(context.Background(), engine.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close(); engine.Close() })
	isAdmin := func(k string) bool { return k == h.admin }
	cfg := Config{
		Name: "Harbour relay", Self: newKey(t), PublicURLs: []string{"ws://relay.example"}, Admin: isAdmin,
		Orders: orders.NewReader(h.store, isAdmin), Visitors: guests{},
		Profiles: func(context.Context, []string) (map[string]Profile, error) {
			return map[string]Profile{h.seller: {Name: "Ceramics <Porto>", NIP05: "shop@ceramics.example"}}, nil
		},
		Viewed: func(o *orders.Order, reader string) { h.viewed = append(h.viewed, o.IntentID+" "+reader) },
		Now:    func() time.Time { return today }, Log: zerolog.Nop(),
	}
	for _, c := range change {
		c(&cfg)
	}
	if h.handler, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return h
}

func newKey(t testing.TB) string {
	t.Helper()
	pubkey, err := nostr.GetPublicKey(nostr.GeneratePrivateKey())
	if err != nil {
		t.Fatal(err)
	}
	return pubkey
}

type guests struct{}

func (guests) Who(r *http.Request) (string, error) {
	if c, err := r.Cookie("who"); err == nil {
		return c.Value, nil
	}
	return "", nil
}

func (guests) End(w http.ResponseWriter, _ *http.Request) error {
	http.SetCookie(w, &http.Cookie{Name: "who", MaxAge: -1})
	return nil
}

func (guests) Check(r *http.Request) error { return http.NewCrossOriginProtection().Check(r) }

// A say is one message about an order.
type say struct {
	by   string
	verb orders.Verb
	at   time.Time // zero: an hour after the one before
	orders.Public
	carries []orders.Field
}

// order puts an order between the house's buyer and seller into the store: an intent of
// 21,000 sats three days ago, and what is said after it.
func (h *house) order(id string, says ...say) *orders.Order {
	h.t.Helper()
	return h.orderOf(id, h.buyer, h.seller, today.Add(-72*time.Hour), says...)
}

func (h *house) orderOf(id, buyer, seller string, begun time.Time, says ...say) *orders.Order {
	h.t.Helper()
	return h.write(h.fold(id, buyer, seller, begunBy(buyer, begun, says)...))
}

func (h *house) write(o *orders.Order) *orders.Order {
	h.t.Helper()
	if err := h.store.Write(context.Background(), []*orders.Order{o}); err != nil {
		h.t.Fatal(err)
	}
	return o
}

// begunBy puts an intent of 21,000 sats before what is said.
func begunBy(buyer string, at time.Time, says []say) []say {
	total := int64(21000)
	first := say{by: buyer, verb: orders.Intent, at: at, carries: []orders.Field{orders.FieldShippingAddress},
		Public: orders.Public{Amount: &total, Products: []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 2}}}}
	return append([]say{first}, says...)
}

// fold makes an order of just that, without writing it; the first says when it began.
func (h *house) fold(id, buyer, seller string, says ...say) *orders.Order {
	var facts []orders.Fact
	at := says[0].at
	for _, s := range says {
		if at = at.Add(time.Hour); !s.at.IsZero() {
			at = s.at
		}
		h.seq++
		parties := []string{buyer, seller}
		slices.Sort(parties)
		f := orders.Fact{ID: fmt.Sprintf("%064x", h.seq), Seq: h.seq, ReceivedAt: at.UnixMilli(), At: at.UnixMilli(),
			Inboxes: []string{seller}, Transports: []orders.Transport{orders.ByWrap}, Verb: s.verb, Sender: s.by, Parties: parties,
			OrderID: id, Trust: orders.Bound, Dialect: "gamma", Public: s.Public, Carries: s.carries, ByAdmin: s.by == h.admin}
		if len(s.carries) > 0 {
			f.Box = &orders.Box{SealedBy: fmt.Sprintf("%064x", 1), For: map[string]string{buyer: "sealed to the buyer", seller: "sealed to the seller"}}
		}
		facts = append(facts, f)
	}
	o := orders.Fold(orders.PairOf(buyer, seller), facts)
	o.IntentID, o.OrderID = id, id
	return o
}

// page is what viewer (hex; "" for nobody) gets at path.
func (h *house) page(viewer, path string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	if viewer != "" {
		headers = append(headers, "Cookie", "who="+viewer)
	}
	return get(h.handler, "GET", path, headers...)
}

// post is what viewer gets who sends a form of the relay's own pages.
func (h *house) post(viewer, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", "who="+viewer)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	h.handler.ServeHTTP(w, r)
	return w
}

// shown is the page at path, which must be there, as a document.
func (h *house) shown(viewer, path string) *html.Node {
	h.t.Helper()
	w := h.page(viewer, path)
	if w.Code != http.StatusOK {
		h.t.Fatalf("%s: got %d, %.300s", path, w.Code, w.Body)
	}
	doc, err := html.Parse(strings.NewReader(w.Body.String()))
	if err != nil {
		h.t.Fatal(err)
	}
	return doc
}

// words are the texts beneath a node, with single spaces.
func words(n *html.Node) string {
	var all []string
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "style" {
			all = append(all, strings.Fields(d.Data)...)
		}
	}
	return strings.Join(all, " ")
}

// find are the elements with that tag ("" for any) that have the attribute; with a
// value where one is given.
func find(n *html.Node, tag, attribute string, value ...string) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type != html.ElementNode || tag != "" && d.Data != tag {
			continue
		}
		for _, a := range d.Attr {
			if a.Key == attribute && (len(value) == 0 || a.Val == value[0] || attribute == "class" && slices.Contains(strings.Fields(a.Val), value[0])) {
				found = append(found, d)
			}
		}
	}
	return found
}

// What needs a session leads to the page that begins one, and back.
func TestPagesAskToSignIn(t *testing.T) {
	h := newHouse(t)
	for _, r := range routes {
		method, path, _ := strings.Cut(r.pattern, " ")
		if !r.signedIn || method != "GET" {
			continue
		}
		path = strings.NewReplacer("{id}", "A-1", "{pubkey}", "00ff").Replace(path)
		w := h.page("", path+"?x=y")
		if w.Code != 303 || w.Header().Get("Location") != "/sign-in?next="+url.QueryEscape(path+"?x=y") {
			t.Errorf("%s: got %d, %v", r.pattern, w.Code, w.Header())
		}
		if r.admin {
			if w := h.page(h.buyer, path); w.Code != 404 {
				t.Errorf("%s: somebody who is no admin gets %d", r.pattern, w.Code)
			}
		}
	}
}

// attribute is the value of an attribute; "" for none.
func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
