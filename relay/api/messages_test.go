package api

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A whole life over HTTP, with not one gift wrap.
func TestALifeOverHTTP(t *testing.T) {
	m := newMarket(t)
	o := m.begin("A-1")
	if o.Status != orders.StatusIntentSent || o.TotalSats != 5000 || o.BuyerPubkey != m.buyer.PublicKey() || len(o.AllowedActions) == 0 {
		t.Errorf("got %+v", o)
	}
	back := int64(100)
	for i, step := range []struct {
		from *nip17.SecretSigner
		d    orders.Draft
		want orders.Status
	}{
		{m.seller, orders.Draft{Verb: orders.Request, Private: orders.Private{PaymentLink: "lnurl1secretlink"}}, orders.StatusPaymentRequested},
		{m.buyer, orders.Draft{Verb: orders.Address, Private: orders.Private{ShippingAddress: "2 Hidden Rd"}}, orders.StatusPaymentRequested},
		{m.buyer, orders.Draft{Verb: orders.Paid, Public: orders.Public{Medium: "lightning"}, Private: orders.Private{Proof: strings.Repeat("5e", 32)}}, orders.StatusPaid},
		{m.seller, orders.Draft{Verb: orders.Confirm}, orders.StatusProcessing},
		{m.seller, orders.Draft{Verb: orders.Process}, orders.StatusProcessing},
		{m.seller, orders.Draft{Verb: orders.Shipped, Public: orders.Public{Tracking: "1Z9", Carrier: "UPS"}}, orders.StatusShipped},
		{m.seller, orders.Draft{Verb: orders.Exception, Private: orders.Private{Reason: "a flat tyre"}}, orders.StatusShipped},
		{m.buyer, orders.Draft{Verb: orders.Note, Private: orders.Private{Note: "where is it?"}}, orders.StatusShipped},
		{m.buyer, orders.Draft{Verb: orders.Dispute, Private: orders.Private{Reason: "it is broken"}}, orders.StatusDisputed},
		{m.admin, orders.Draft{Verb: orders.Resolved, Buyer: m.buyer.PublicKey(), Seller: m.seller.PublicKey(),
			Public: orders.Public{Outcome: orders.OutcomeResume}, Private: orders.Private{Resolution: "send it again"}}, orders.StatusShipped},
		{m.seller, orders.Draft{Verb: orders.Refunded, Public: orders.Public{Amount: &back}}, orders.StatusShipped},
		{m.buyer, orders.Draft{Verb: orders.Delivered}, orders.StatusDelivered},
	} {
		step.d.OrderID = "A-1"
		a := m.say(step.from, step.d)
		o = m.posted(a, 201)
		last := o.Timeline[slices.IndexFunc(o.Timeline, func(e orders.TimelineEntry) bool { return strings.Contains(a.body, e.Fact) })]
		if o.Status != step.want || len(o.Timeline) != i+2 || last.Verb != step.d.Verb || !last.OK || !slices.Equal(last.Transports, []orders.Transport{orders.ByAPI}) {
			t.Errorf("%s: got %s, %+v", step.d.Verb, o.Status, last)
		}
		// The order indexes have it when the answer is there.
		if stored, err := m.store.Order(m.ctx, "A-1"); err != nil || stored.Version != o.Version {
			t.Errorf("%s: the order indexes have %+v, %v", step.d.Verb, stored, err)
		}
	}
	// Each party opens what is for them, with the author's key for the box's.
	for _, who := range []*nip17.SecretSigner{m.buyer, m.seller} {
		p, err := client.OpenBox(m.ctx, who, o.Boxes[o.ShippingAddress.Fact])
		if err != nil || p.ShippingAddress != "2 Hidden Rd" {
			t.Errorf("got %+v, %v", p, err)
		}
	}
	if p, err := client.OpenBox(m.ctx, m.admin, o.Boxes[o.DisputeReason.Fact]); err != nil || p.Reason != "it is broken" {
		t.Errorf("the admin: got %+v, %v", p, err)
	}
	if _, err := client.OpenBox(m.ctx, m.admin, o.Boxes[o.ShippingAddress.Fact]); err == nil {
		t.Error("the admin opens the address")
	}
	// A preimage that nobody has seen proves nothing; here the seller has confirmed.
	if o.Payment != orders.PaymentConfirmed || o.PaymentLink == nil || o.RefundedSats != back {
		t.Errorf("got payment %s, %d refunded", o.Payment, o.RefundedSats)
	}
	m.nothingPrivate("1 Main St", "2 Hidden", "lnurl1secret", "flat tyre", "where is it", "broken", "send it again", strings.Repeat("5e", 32))
	// None of it is served.
	for _, f := range []nostr.Filter{{}, {Kinds: []int{16, 17}}, {Authors: []string{m.buyer.PublicKey()}}} {
		for evt, err := range m.ledger.Query(m.ctx, f, m.seller.PublicKey(), 100) {
			t.Errorf("%v is served, %v", evt, err)
		}
	}
	if r, err := m.ledger.Verify(m.ctx, func(p ledger.Problem) { t.Error(p) }, nil); err != nil || r.Facts == 0 {
		t.Errorf("the ledger: %v, %v", r, err)
	}
}

func TestRightsToPost(t *testing.T) {
	m := newMarket(t)
	m.begin("A-1")
	note := orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "hello"}}
	toSeller := note
	toSeller.To = m.seller.PublicKey()
	for name, tt := range map[string]struct {
		ask    ask
		status int
		code   string
	}{
		"nobody":                    {ask{method: "POST", path: messagesOf("A-1"), body: m.event(m.buyer, note).String()}, 401, "unauthenticated"},
		"a stranger":                {m.say(m.stranger, toSeller), 404, "not_found"},
		"an order that is not":      {m.say(m.buyer, note).at(messagesOf("A-2")), 404, "not_found"},
		"an admin, undisputed":      {m.say(m.admin, orders.Draft{Verb: orders.Cancel, OrderID: "A-1", Buyer: m.buyer.PublicKey(), Seller: m.seller.PublicKey()}), 404, "not_found"},
		"the buyer in the seller's": {m.say(m.buyer, orders.Draft{Verb: orders.Shipped, OrderID: "A-1"}), 403, "forbidden"},
		"somebody else's event":     {ask{method: "POST", path: messagesOf("A-1"), as: m.seller, body: m.event(m.buyer, note).String()}, 403, "forbidden"},
		"a seller who is none":      {ask{method: "POST", path: "/api/v1/orders", as: m.stranger, body: m.event(m.stranger, orders.Draft{Verb: orders.Intent, OrderID: "S", To: m.buyer.PublicKey(), Private: note.Private}).String()}, 403, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) { m.refused(tt.ask, tt.status, tt.code) })
	}
	// Whoever may not see the order learns nothing about it, however wrong the message.
	evt := m.event(m.stranger, toSeller)
	evt.Tags = append(evt.Tags, nostr.Tag{"address", "1 Main St"})
	evt = m.sign(m.stranger, evt)
	for _, id := range []string{"A-1", "A-2"} {
		m.refused(ask{method: "POST", path: messagesOf(id), as: m.stranger, body: evt.String()}, 404, "not_found")
	}
	if o, err := m.store.Order(m.ctx, "A-1"); err != nil || len(o.Timeline) != 1 {
		t.Errorf("got %+v, %v", o, err)
	}
}

// sign signs without changing anything else.
func (m *market) sign(who *nip17.SecretSigner, evt nostr.Event) nostr.Event {
	m.t.Helper()
	if err := who.Sign(m.ctx, &evt); err != nil {
		m.t.Fatal(err)
	}
	return evt
}

// Each part of a message wrong once.
func TestBadMessages(t *testing.T) {
	m := newMarket(t)
	m.begin("A-1")
	m.begin("A-2")
	good := m.event(m.buyer, orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "hello"}})
	raw := func(old, new string) string {
		if !strings.Contains(good.String(), old) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return strings.Replace(good.String(), old, new, 1)
	}
	changed := func(change func(*nostr.Event)) string {
		evt := good
		evt.Tags = nil
		for _, tag := range good.Tags {
			evt.Tags = append(evt.Tags, slices.Clone(tag))
		}
		change(&evt)
		return m.sign(m.buyer, evt).String()
	}
	tagged := func(tag ...string) string {
		return changed(func(e *nostr.Event) { e.Tags = append(e.Tags, tag) })
	}
	drafted := func(d orders.Draft) string {
		d.OrderID = "A-1"
		return m.event(m.buyer, d).String()
	}
	to := func(readers ...string) string {
		return changed(func(e *nostr.Event) {
			e.Tags = slices.DeleteFunc(e.Tags, func(t nostr.Tag) bool { return t[0] == "sealed" })
			for _, r := range readers {
				payload, err := m.buyer.Encrypt(m.ctx, r, `{"note":"hello"}`)
				if err != nil {
					t.Fatal(err)
				}
				e.Tags = append(e.Tags, nostr.Tag{"sealed", r, payload})
			}
		})
	}
	b, s, x := m.buyer.PublicKey(), m.seller.PublicKey(), m.stranger.PublicKey()
	for name, tt := range map[string]struct {
		body   string
		status int
		code   string
		field  string
	}{
		"no JSON":            {"{", 400, "malformed", ""},
		"a list":             {"[]", 400, "malformed", ""},
		"nothing":            {"{}", 400, "malformed", "id"},
		"one member more":    {raw(`"kind"`, `"x":1,"kind"`), 400, "malformed", "x"},
		"kind in words":      {raw(`"kind":16`, `"kind":"16"`), 400, "malformed", "kind"},
		"tags in words":      {raw(`"tags":[`, `"tags":["x",`), 400, "malformed", "tags"},
		"null tags":          {raw(`"created_at":`, `"created_at":null,"x":`), 400, "malformed", "created_at"},
		"an id in capitals":  {raw(good.ID, strings.ToUpper(good.ID)), 422, "invalid", "id"},
		"another id":         {raw(good.ID, strings.Repeat("0", 64)), 422, "invalid", "id"},
		"a short key":        {raw(`"pubkey":"`+b, `"pubkey":"`+b[1:]), 422, "invalid", "pubkey"},
		"a short signature":  {raw(good.Sig, good.Sig[1:]), 422, "invalid", "sig"},
		"another signature":  {raw(good.Sig, strings.Repeat("1", 128)), 422, "invalid", "sig"},
		"kind 14":            {changed(func(e *nostr.Event) { e.Kind = 14 }), 422, "invalid", "kind"},
		"tomorrow":           {changed(func(e *nostr.Event) { e.CreatedAt += 86400 }), 422, "invalid", ""},
		"over":               {drafted(orders.Draft{Verb: orders.Request, Public: orders.Public{Expiry: 1_700_000_000_000}, Private: orders.Private{PaymentLink: "x"}}), 422, "invalid", ""},
		"words in clear":     {changed(func(e *nostr.Event) { e.Content = "hi" }), 422, "invalid", "content"},
		"an address":         {tagged("address", "1 Main St"), 422, "invalid", "address"},
		"a phone":            {tagged("phone", "555"), 422, "invalid", "phone"},
		"something else":     {tagged("door code", "1234"), 422, "invalid", "of that name"},
		"another order":      {changed(func(e *nostr.Event) { e.Tags.Find("order")[1] = "A-2" }), 422, "invalid", "order"},
		"another party":      {changed(func(e *nostr.Event) { e.Tags.Find("p")[1] = x }), 422, "invalid", "sealed"},
		"no party":           {changed(func(e *nostr.Event) { e.Tags = e.Tags[1:] }), 422, "invalid", ""},
		"sealed to a friend": {to(b, s, x), 422, "invalid", "sealed"},
		"not for its author": {to(s), 422, "invalid", "sealed"},
		"a note of nothing": {changed(func(e *nostr.Event) {
			e.Tags = slices.DeleteFunc(e.Tags, func(t nostr.Tag) bool { return t[0] == "sealed" || t[0] == "private" })
		}), 422, "invalid", "private"},
		"a dispute about nothing": {drafted(orders.Draft{Verb: orders.Dispute}), 422, "invalid", "private"},
	} {
		t.Run(name, func(t *testing.T) {
			p := m.refused(ask{method: "POST", path: messagesOf("A-1"), as: m.buyer, body: tt.body}, tt.status, tt.code)
			if got, _ := p["field"].(string); got != tt.field {
				t.Errorf("field: got %v, want %s", p, tt.field)
			}
		})
	}
	// A note may be its author's own.
	m.posted(ask{method: "POST", path: messagesOf("A-1"), as: m.buyer, body: to(b)}, 201)
	// To begin an order takes an order.
	for name, tt := range map[string]struct {
		d     orders.Draft
		field string
	}{
		"a note":            {orders.Draft{Verb: orders.Note, OrderID: "N", Private: orders.Private{Note: "x"}}, "type"},
		"of nothing":        {orders.Draft{Verb: orders.Intent, OrderID: "N"}, "item"},
		"not to the seller": {orders.Draft{Verb: orders.Paid, OrderID: "N"}, "type"},
	} {
		t.Run(name, func(t *testing.T) {
			p := m.refused(ask{method: "POST", path: "/api/v1/orders", as: m.buyer, body: m.event(m.buyer, tt.d).String()}, 422, "invalid")
			if p["field"] != tt.field {
				t.Errorf("got %v", p)
			}
		})
	}
	m.refused(ask{method: "POST", path: messagesOf("A-1") + "?anyway=yes", as: m.buyer, body: good.String()}, 400, "malformed")
	m.refused(ask{method: "POST", path: messagesOf("A-1") + "?x=1", as: m.buyer, body: good.String()}, 400, "malformed")
	m.refused(ask{method: "POST", path: messagesOf("A-1"), as: m.buyer, body: good.String()}.with("If-Match", "x"), 400, "malformed")
	m.nothingPrivate("1 Main St", "1234")
}

func TestStateRefuses(t *testing.T) {
	m := newMarket(t)
	o := m.begin("A-1")
	p := m.refused(m.say(m.buyer, intent("A-1")), 409, "conflict")
	if p["from"] != "intent-sent" || p["requested"] != "intent" || p["actor_role"] != "buyer" || p["version"] != float64(o.Version) {
		t.Errorf("got %v", p)
	}
	m.posted(m.say(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: "A-1"}).with("If-Match", `W/"9999", `+strings.TrimSuffix(etag(o), `"`)+`-0f"`), 201)
	// The buyer's cancel is too late; what he looked at is, too.
	cancel := m.say(m.buyer, orders.Draft{Verb: orders.Cancel, OrderID: "A-1", Private: orders.Private{Reason: "no"}})
	p = m.refused(cancel, 409, "conflict")
	if !reflect.DeepEqual(p["allowedActions"], p["allowed_actions"]) {
		t.Errorf("got %v", p)
	}
	if actions, _ := p["allowedActions"].([]any); !slices.Contains(actions, any("delivered")) || slices.Contains(actions, any("cancel")) || p["from"] != "shipped" {
		t.Errorf("got %v", p)
	}
	if p = m.refused(cancel.with("If-Match", etag(o)), 412, "stale"); p["version"] == float64(o.Version) {
		t.Errorf("got %v", p)
	}
	m.refused(m.say(m.buyer, orders.Draft{Verb: orders.Dispute, OrderID: "A-1", Private: orders.Private{Reason: "x"}}).with("If-Match", `"0"`), 412, "stale")
	// What is of no use is refused, unless it is meant.
	m.posted(m.say(m.seller, orders.Draft{Verb: orders.Cancel, OrderID: "A-1"}), 201)
	late := m.say(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: "A-1", At: m.now().UnixMilli() + 2000, Public: orders.Public{Tracking: "2"}})
	if p = m.refused(late, 409, "conflict"); p["from"] != "cancelled" {
		t.Errorf("got %v", p)
	}
	o = m.posted(late.at(late.path+"?anyway=true"), 201)
	if len(o.Shipments) != 2 || o.Status != orders.StatusCancelled || o.Exceptions[0].Code != "shipped-after-cancel" {
		t.Errorf("got %+v", o)
	}
	// Nothing that was refused is there.
	if len(o.Timeline) != 4 {
		t.Errorf("got %d lines", len(o.Timeline))
	}
}

// Who says too much in one order is told that it does not count.
func TestTooMuchIsSaid(t *testing.T) {
	m := newMarket(t)
	m.begin("A-1")
	note := orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "x"}}
	for range 29 {
		m.posted(m.say(m.buyer, note), 201)
	}
	if p := m.refused(m.say(m.buyer, note), 429, "rate_limited"); p["kept"] != true {
		t.Errorf("got %v", p)
	}
	m.posted(m.say(m.seller, note), 201)
}

func nip17Random(t testing.TB) string {
	t.Helper()
	return newSigner(t).PublicKey()[:12]
}
