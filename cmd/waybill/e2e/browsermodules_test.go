//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// modulesFolder is where the dashboards' browser side is built and tested.
const modulesFolder = "../../../relay/web/browser"

// runModules runs a script of the browser side with its input on stdin.
func runModules(t *testing.T, script string, input any) []byte {
	t.Helper()
	needPackages(t, modulesFolder)
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Dir = modulesFolder
	cmd.Stdin = strings.NewReader(jsonOf(t, input))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, &out, &errs)
	}
	return out.Bytes()
}

// TestBrowserModules takes orders through their lives with the dashboards' own modules.
func TestBrowserModules(t *testing.T) {
	secrets := map[string]string{}
	for _, name := range []string{"buyer", "seller", "admin"} {
		secrets[name] = nostr.GeneratePrivateKey()
	}
	d := newDaemon(t, "", map[string]string{
		"REDIS_EMBEDDED": "memory", "ADMINS": orders.Npub(must(nostr.GetPublicKey(secrets["admin"]))(t)),
	})
	d.start()
	out := runModules(t, "e2e/life.mjs", map[string]any{
		"base": strings.Replace(d.url, "ws", "http", 1), "self": selfOf(t, d), "invoice": invoice, "secrets": secrets,
	})
	t.Logf("%s", out)
	d.alive()
	d.do("verify")
	d.do("rebuild", "--check")
}

// composing is one message as a page and as Go asks for it.
type composing struct {
	Verb   orders.Verb    `json:"verb"`
	Order  *orders.Order  `json:"order"`
	Fields map[string]any `json:"fields"`
	Who    writer         `json:"who"`
	draft  orders.Draft
}

type writer struct {
	From      string `json:"from"`
	RelaySelf string `json:"relaySelf"`
}

// TestBrowserMessages holds what the modules write against what Go writes.
func TestBrowserMessages(t *testing.T) {
	key := func() string { return must(nostr.GetPublicKey(nostr.GeneratePrivateKey()))(t) }
	buyer, seller, admin, relay := key(), key(), key(), key()
	const at, eta = int64(1_790_000_000_000), int64(1_790_300_000_000)
	order := &orders.Order{
		IntentID: "A%2F1", OrderID: "A%2F1", BuyerPubkey: buyer, SellerPubkey: seller, TotalSats: 10_000, ShippingQuote: 500, GrandTotal: 10_500,
	}
	sats := func(n int64) *int64 { return &n }
	lines := []orders.Product{
		{ProductID: "mug", Title: "Blue mug", Quantity: 2, PricePerUnit: "5000", Currency: "SATS"},
		{ProductID: "30402:" + seller + ":cup", Quantity: 1, ImageURL: "https://shop.example/cup.png"},
		{ProductID: "pen", Title: "Pen", Quantity: 3, PricePerUnit: "1.25", Currency: "EUR"},
	}
	contact := map[string]string{"email": "ana@flores.example", "phone": "+351 1", "signal": "ana.1"}
	cases := map[string]composing{
		"intent": {orders.Intent, nil, map[string]any{"seller": seller, "orderId": "B-1", "products": lines, "shippingAddress": "1 Main St\nPorto", "contact": contact, "note": "soon",
			"checkoutId": "c-1", "shippingOption": "30406:" + seller + ":dhl", "amount": 10_000}, writer{buyer, relay},
			orders.Draft{OrderID: "B-1", To: seller, Public: orders.Public{Products: lines, Amount: sats(10_000), CheckoutID: "c-1", Shipping: "30406:" + seller + ":dhl"},
				Private: orders.Private{ShippingAddress: "1 Main St\nPorto", Contact: contact, Note: "soon"}}},
		"request": {orders.Request, order, map[string]any{"paymentLink": invoice, "shippingQuote": 500, "eta": eta, "expiry": eta, "note": "thanks"}, writer{seller, relay},
			orders.Draft{To: buyer, Public: orders.Public{Amount: sats(10_500), ShippingQuote: sats(500), ETA: eta, Expiry: eta},
				Private: orders.Private{PaymentLink: invoice, Note: "thanks"}}},
		"request, unified link": {orders.Request, order, map[string]any{"paymentLink": "bitcoin:?lightning=" + strings.ToUpper(invoice)}, writer{seller, relay},
			orders.Draft{To: buyer, Public: orders.Public{Amount: sats(10_000)}, Private: orders.Private{PaymentLink: "bitcoin:?lightning=" + strings.ToUpper(invoice)}}},
		"request, web page": {orders.Request, order, map[string]any{"paymentLink": "https://shop.example/pay"}, writer{seller, relay},
			orders.Draft{To: buyer, Public: orders.Public{Amount: sats(10_000)}, Private: orders.Private{PaymentLink: "https://shop.example/pay"}}},
		"paid": {orders.Paid, order, map[string]any{"shippingAddress": "1 Main St"}, writer{buyer, relay},
			orders.Draft{To: seller, Public: orders.Public{Amount: sats(10_500)}, Private: orders.Private{ShippingAddress: "1 Main St"}}},
		"paid, with proof": {orders.Paid, order, map[string]any{"medium": "ln", "reference": invoice, "proof": "ab12"}, writer{buyer, relay},
			orders.Draft{To: seller, Public: orders.Public{Amount: sats(10_500), Medium: "ln"}, Private: orders.Private{Reference: invoice, Proof: "ab12"}}},
		"confirm": {orders.Confirm, order, map[string]any{"note": "thanks"}, writer{seller, relay}, orders.Draft{To: buyer, Private: orders.Private{Note: "thanks"}}},
		"process": {orders.Process, order, map[string]any{"eta": eta}, writer{seller, relay}, orders.Draft{To: buyer, Public: orders.Public{ETA: eta}}},
		"shipped": {orders.Shipped, order, map[string]any{"trackingNumber": "1Z9", "carrier": "UPS", "eta": eta}, writer{seller, relay},
			orders.Draft{To: buyer, Public: orders.Public{Tracking: "1Z9", Carrier: "UPS", ETA: eta}}},
		"delivered": {orders.Delivered, order, nil, writer{buyer, relay}, orders.Draft{To: seller}},
		"cancel":    {orders.Cancel, order, nil, writer{buyer, relay}, orders.Draft{To: seller}},
		"cancel by an admin": {orders.Cancel, order, map[string]any{"reason": "fraud"}, writer{admin, relay},
			orders.Draft{Buyer: buyer, Seller: seller, Private: orders.Private{Reason: "fraud"}}},
		"dispute": {orders.Dispute, order, map[string]any{"reason": "broken"}, writer{buyer, relay}, orders.Draft{To: seller, Private: orders.Private{Reason: "broken"}}},
		"withdrawal": {orders.Resolved, order, map[string]any{"outcome": "resume"}, writer{buyer, relay},
			orders.Draft{To: seller, Public: orders.Public{Outcome: orders.OutcomeResume}}},
		"ruling": {orders.Resolved, order, map[string]any{"outcome": "delivered", "resolution": "it came"}, writer{admin, relay},
			orders.Draft{Buyer: buyer, Seller: seller, Public: orders.Public{Outcome: orders.OutcomeDelivered}, Private: orders.Private{Resolution: "it came"}}},
		"refunded": {orders.Refunded, order, map[string]any{"amount": "10500", "medium": "Cash", "reference": "receipt 7"}, writer{seller, relay},
			orders.Draft{To: buyer, Public: orders.Public{Amount: sats(10_500), Medium: "Cash"}, Private: orders.Private{Reference: "receipt 7"}}},
		"address": {orders.Address, order, map[string]any{"shippingAddress": "2 Side St", "contact": contact}, writer{buyer, relay},
			orders.Draft{To: seller, Private: orders.Private{ShippingAddress: "2 Side St", Contact: contact}}},
		"note":      {orders.Note, order, map[string]any{"note": "naïve ☕"}, writer{seller, relay}, orders.Draft{To: buyer, Private: orders.Private{Note: "naïve ☕"}}},
		"own note":  {orders.Note, order, map[string]any{"note": "late", "self": true}, writer{seller, relay}, orders.Draft{Private: orders.Private{Note: "late"}}},
		"exception": {orders.Exception, order, map[string]any{"reason": "held", "carrier": "UPS"}, writer{seller, relay}, orders.Draft{To: buyer, Public: orders.Public{Carrier: "UPS"}, Private: orders.Private{Reason: "held"}}},
	}
	var names []string
	var list []composing
	for name, c := range cases {
		if c.Fields == nil {
			c.Fields = map[string]any{}
		}
		c.Fields["at"], c.draft.At, c.draft.Verb = at, at, c.Verb
		if c.draft.OrderID == "" {
			c.draft.OrderID = "A/1"
		}
		names, list = append(names, name), append(list, c)
	}
	var written []struct {
		Rumor, Posted nostr.Event
		Private       orders.Private
	}
	if err := json.Unmarshal(runModules(t, "e2e/messages.mjs", list), &written); err != nil {
		t.Fatal(err)
	}
	tried := map[orders.Verb]bool{}
	for i, c := range list {
		tried[c.Verb] = true
		t.Run(names[i], func(t *testing.T) {
			rumor := must(dialect.Compose(c.Who.From, c.draft, relay))(t)
			if diff := cmp.Diff(rumor, written[i].Rumor); diff != "" {
				t.Errorf("in a wrap (-Go +JavaScript):\n%s", diff)
			}
			posted := must(dialect.ComposePosted(c.Who.From, c.draft, relay))(t)
			if diff := cmp.Diff(sorted(posted), sorted(written[i].Posted)); diff != "" {
				t.Errorf("posted (-Go +JavaScript):\n%s", diff)
			}
			if diff := cmp.Diff(c.draft.Private, written[i].Private); diff != "" {
				t.Errorf("private (-Go +JavaScript):\n%s", diff)
			}
		})
	}
	for _, r := range orders.Rules {
		if !tried[r.Verb] {
			t.Errorf("%s was not tried", r.Verb)
		}
	}
}

// sorted is an event with its tags in the order of their names: that of a posted one's
// says nothing.
func sorted(evt nostr.Event) nostr.Event {
	slices.SortStableFunc(evt.Tags, func(a, b nostr.Tag) int { return strings.Compare(a[0], b[0]) })
	return evt
}
