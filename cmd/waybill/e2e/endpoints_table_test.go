//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// stage has an order that nobody disputes, and one that is in dispute (D-1).
func (w *httpWorld) stage() {
	w.t.Helper()
	for _, id := range []string{"A-1", "D-1"} {
		w.post(w.buyer, "/api/v1/orders", w.intent(w.buyer, id))
	}
	of := "/api/v1/orders/D-1/messages"
	w.post(w.buyer, of, w.message(w.buyer, orders.Draft{Verb: orders.Paid, OrderID: "D-1", Public: orders.Public{Amount: new(int64(10))}}))
	w.post(w.buyer, of, w.message(w.buyer, orders.Draft{Verb: orders.Dispute, OrderID: "D-1", Private: orders.Private{Reason: "broken"}}))
}

// endpoints is the table. What ends everybody's sessions is its end.
func (w *httpWorld) endpoints() []endpoint {
	everybody, parties, admins := [4]int{200, 200, 200, 200}, [4]int{200, 200, 404, 404}, [4]int{404, 404, 200, 404}
	disputed := [4]int{200, 200, 200, 404}
	note := func(id string) func(*caller) string {
		return func(who *caller) string { return w.note(who, id) }
	}
	begin := func(who *caller) string {
		return w.intent(who, "B-"+nostr.GeneratePrivateKey()[:12])
	}
	inFilter := func(names ...string) (faults []fault) {
		all := map[string]string{
			"role": "owner", "status": "lost", "since": "yesterday", "until": "x", "q": strings.Repeat("x", 1001), "counterparty": "me",
			"sort": "price", "page": "0", "limit": "201", "cursor": "x", "include": "all", "format": "xml", "bom": "2",
		}
		for _, name := range names {
			faults = append(faults, fault{names: name, query: "?" + name + "=" + all[name], status: 400},
				fault{names: name, query: "?" + name + "=" + all[name] + "&" + name + "=" + all[name], status: 400})
		}
		return faults
	}
	listed := []string{"status", "since", "until", "q", "counterparty", "sort", "page", "limit", "cursor", "include"}
	nobody := strings.Repeat("0", 64)
	return []endpoint{
		{route: "GET /api/openapi.json", public: true, want: everybody},
		{route: "GET /api/order.d.ts", public: true, want: everybody},
		{route: "GET /api/v1/relay", public: true, want: everybody},
		{route: "GET /problems/", public: true, want: everybody},
		{route: "GET /problems/{code}", path: "/problems/conflict", public: true, want: everybody, wrong: []fault{{path: "/problems/none", status: 404}}},

		{route: "GET /api/v1/orders", want: everybody, wrong: append(inFilter(append(listed, "role")...),
			fault{names: "until", query: "?since=2026-02-02&until=2026-02-01", status: 400}, fault{names: "page", query: "?page=1&cursor=MTpB", status: 400})},
		{route: "GET /api/v1/orders", query: "?role=admin", want: [4]int{403, 403, 200, 403}},
		{route: "GET /api/v1/orders/export", want: everybody, wrong: inFilter("role", "status", "since", "until", "q", "counterparty", "sort", "format", "bom")},
		{route: "GET /api/v1/orders/{id}", path: "/api/v1/orders/A-1", want: parties, wrong: []fault{{path: "/api/v1/orders/none", status: 404}}},
		{route: "GET /api/v1/orders/{id}", path: "/api/v1/orders/D-1", want: disputed},
		{route: "GET /api/v1/orders/{id}/messages", path: "/api/v1/orders/A-1/messages", want: parties, wrong: []fault{{path: "/api/v1/orders/none/messages", status: 404}}},
		{route: "GET /api/v1/orders/{id}/messages", path: "/api/v1/orders/D-1/messages", want: disputed},
		{route: "GET /api/v1/stats", query: "?as=seller", want: everybody, wrong: []fault{
			{names: "as", query: "?as=admin", status: 400}, {names: "as", query: "?period=day", status: 400}, {names: "since", query: "?as=buyer&since=x", status: 400},
			{names: "until", query: "?as=buyer&until=x", status: 400}, {names: "period", query: "?as=buyer&period=year", status: 400},
			{names: "include", query: "?as=buyer&include=all", status: 400},
		}},
		{route: "GET /api/v1/events", want: everybody, wrong: []fault{{names: "Last-Event-ID", header: http.Header{"Last-Event-Id": {"x"}}, status: 400}}},
		{route: "GET /api/v1/admin/orders", want: admins, wrong: inFilter(listed...)},
		{route: "GET /api/v1/admin/disputes", want: admins, wrong: inFilter(listed[1:]...)},
		{route: "GET /api/v1/admin/explain/{id}", path: "/api/v1/admin/explain/" + w.firstEvent(), want: admins, wrong: []fault{
			{names: "id", path: "/api/v1/admin/explain/xy", status: 400}, {path: "/api/v1/admin/explain/" + nobody, status: 404},
		}},

		// The seller's key is here, so that whoever writes to him begins an order, and he too.
		{route: "POST /api/v1/orders", body: begin, want: [4]int{201, 201, 201, 201}, wrong: append(w.wrongMessages(w.intent(w.buyer, "W-1")),
			fault{body: w.intentTo(w.admin), status: 403}, // neither takes part
			fault{names: "If-Match", header: http.Header{"If-Match": {"x"}}, status: 400}, fault{names: "type", body: w.note(w.buyer, "A-1"), status: 422},
			fault{header: http.Header{"If-Match": {`"1"`}}, status: 412})},
		{route: "POST /api/v1/orders/{id}/messages", path: "/api/v1/orders/A-1/messages", body: note("A-1"), want: [4]int{201, 201, 404, 404},
			wrong: append(w.wrongMessages(w.note(w.buyer, "A-1")),
				fault{names: "anyway", query: "?anyway=1", status: 400}, fault{names: "If-Match", header: http.Header{"If-Match": {"x"}}, status: 400},
				fault{header: http.Header{"If-Match": {`"99999"`}}, status: 412}, fault{path: "/api/v1/orders/none/messages", status: 404},
				fault{names: "order", body: w.note(w.buyer, "D-1"), status: 422},
				fault{body: w.message(w.buyer, orders.Draft{Verb: orders.Dispute, OrderID: "A-1", Private: orders.Private{Reason: "x"}}), status: 409})},
		{route: "POST /api/v1/orders/bulk", body: func(who *caller) string { return "[" + w.note(who, "A-1") + "]" }, want: everybody, wrong: []fault{
			{names: "anyway", query: "?anyway=1", status: 400}, {body: "[]", status: 422}, {body: "[" + strings.Repeat("1,", 200) + "1]", status: 422},
			{names: "action", body: `{"dry_run":true,"action":"sing","ids":["A-1"]}`, status: 422}, {names: "action", body: `{"dry_run":true,"action":1,"ids":["A-1"]}`, status: 400},
			{names: "ids", body: `{"dry_run":true,"action":"note","ids":"A-1"}`, status: 400}, {names: "filter", body: `{"dry_run":true,"action":"note","filter":[]}`, status: 400},
			{names: "status", body: `{"dry_run":true,"action":"note","filter":{"status":"lost"}}`, status: 400},
			{names: "dry_run", body: `{"dry_run":false,"action":"note","ids":["A-1"]}`, status: 422}, {names: "dry_run", body: `{"dry_run":"yes","action":"note","ids":["A-1"]}`, status: 400},
			{body: `{"dry_run":true,"action":"note","ids":["A-1"],"filter":{}}`, status: 422},
		}},

		{route: "GET /api/v1/keys", want: everybody},
		{route: "POST /api/v1/keys", body: func(who *caller) string { return `{"secret":"` + who.secret + `"}` }, want: [4]int{201, 409, 201, 201}, wrong: w.wrongOffers()},
		// The operator has named no relays at which a signer would find this one.
		{route: "POST /api/v1/keys/connect", body: func(*caller) string { return "{}" }, want: [4]int{503, 503, 503, 503}, wrong: []fault{
			{names: "since", body: `{"since":"x"}`, status: 422}, {names: "invite", body: `{"invite":1}`, status: 400},
		}},
		{route: "DELETE /api/v1/keys/{pubkey}", path: "/api/v1/keys/" + w.stranger.pubkey, want: [4]int{404, 404, 404, 204}, wrong: []fault{{names: "pubkey", path: "/api/v1/keys/me", status: 400}}},

		{route: "POST /api/v1/session", byToken: true, want: [4]int{201, 201, 201, 201}},
		{route: "GET /api/v1/session", want: everybody},
		{route: "DELETE /api/v1/session", want: [4]int{204, 204, 204, 204}, wrong: []fault{{names: "all", query: "?all=1", status: 400}}},
	}
}

// firstEvent is the id of a message that has arrived.
func (w *httpWorld) firstEvent() string {
	return w.do(ask{method: "GET", path: "/api/v1/orders/A-1", as: w.buyer}).order(w.t).EventID
}

// intentTo is an order of the buyer's at whoever that is.
func (w *httpWorld) intentTo(seller *caller) string {
	return w.message(w.buyer, orders.Draft{Verb: orders.Intent, OrderID: "W-2", To: seller.pubkey,
		Public: orders.Public{Products: []orders.Product{{ProductID: "mug", Quantity: 1}}}})
}

// wrongMessages are those that a good one of the buyer's becomes by one change.
func (w *httpWorld) wrongMessages(good string) []fault {
	w.t.Helper()
	// changed is good with a member that is replaced, as it is, and not signed again.
	changed := func(member string, value any) string {
		var m map[string]any
		if err := json.Unmarshal([]byte(good), &m); err != nil {
			w.t.Fatal(err)
		}
		if m[member] = value; value == nil {
			delete(m, member)
		}
		return jsonOf(w.t, m)
	}
	signed := func(change func(*nostr.Event)) string {
		var evt nostr.Event
		if err := json.Unmarshal([]byte(good), &evt); err != nil {
			w.t.Fatal(err)
		}
		change(&evt)
		w.buyer.sign(&evt)
		return evt.String()
	}
	clear := func(tag ...string) string {
		return signed(func(evt *nostr.Event) { evt.Tags = append(evt.Tags, tag) })
	}
	faults := []fault{
		{names: "id", body: changed("id", strings.Repeat("0", 64)), status: 422}, {names: "id", body: changed("id", strings.Repeat("A", 64)), status: 422},
		{names: "pubkey", body: changed("pubkey", w.seller.pubkey), status: 403}, {names: "sig", body: changed("sig", strings.Repeat("1", 128)), status: 422},
		{names: "kind", body: signed(func(evt *nostr.Event) { evt.Kind = 1 }), status: 422}, {names: "kind", body: changed("kind", "16"), status: 400},
		{names: "created_at", body: changed("created_at", "now"), status: 400}, {names: "tags", body: changed("tags", "x"), status: 400},
		{names: "content", body: changed("content", 1), status: 400},
		{body: signed(func(evt *nostr.Event) { evt.CreatedAt += nostr.Timestamp(24 * time.Hour / time.Second) }), status: 422},
		{names: "content", body: signed(func(evt *nostr.Event) { evt.Content = "1 Main St" }), status: 422},
		{names: "address", body: clear("address", "1 Main St"), status: 422}, {names: "reason", body: clear("reason", "x"), status: 422},
		{names: "phone", body: clear("phone", "1"), status: 422}, {names: "surprise", body: clear("surprise", "x"), status: 422},
	}
	for _, member := range []string{"id", "pubkey", "created_at", "kind", "tags", "content", "sig"} {
		faults = append(faults, fault{names: member, body: changed(member, nil), status: 400})
	}
	return faults
}

func (w *httpWorld) wrongOffers() []fault {
	return []fault{
		{names: "secret", body: `{"secret":"x"}`, status: 422}, {names: "secret", body: `{"secret":1}`, status: 400},
		{names: "passphrase", body: `{"bunker":"bunker://x","passphrase":"x"}`, status: 422}, {names: "bunker", body: `{"bunker":"https://x"}`, status: 422},
		{names: "since", body: `{"secret":"` + w.buyer.secret + `","since":"x"}`, status: 422}, {names: "invite", body: `{"invite":1}`, status: 400},
		{names: "announcement", body: `{"bunker":"bunker://x","announcement":` + nostr.Event{}.String() + `}`, status: 400},
		{body: `{"secret":"` + w.seller.secret + `"}`, status: 403}, // another's
		{body: `{"secret":"x","bunker":"bunker://x"}`, status: 422}, {body: "{}", status: 422},
	}
}
