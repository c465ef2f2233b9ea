//go:build e2e

package e2e

// noticeEndpoints are the rows of how somebody is told.
func (w *httpWorld) noticeEndpoints() []endpoint {
	w.t.Helper()
	everybody := [4]int{200, 200, 200, 200}
	body := func(text string) func(*caller) string { return func(*caller) string { return text } }
	hookOf := func(who *caller) string {
		w.t.Helper()
		var hook struct{ ID string }
		w.post(who, "/api/v1/webhooks", `{"url":"https://hooks.example/mine"}`).into(w.t, &hook)
		return "/api/v1/webhooks/" + hook.ID
	}
	buyers, strangers := hookOf(w.buyer), hookOf(w.stranger)
	buyersOnly := [4]int{200, 404, 404, 404}
	newest := []fault{{names: "before", query: "?before=x", status: 400}, {names: "limit", query: "?limit=0", status: 400}}
	const choice = `{"dm":"default","events":["order.*"]}`
	return []endpoint{
		{route: "GET /api/v1/notices", want: everybody, wrong: newest},
		{route: "POST /api/v1/notices/{id}/redeliver", path: "/api/v1/notices/999999/redeliver", want: [4]int{404, 404, 404, 404},
			wrong: []fault{{names: "id", path: "/api/v1/notices/x/redeliver", status: 400}}},
		{route: "GET /api/v1/notices/settings", want: everybody},
		{route: "PUT /api/v1/notices/settings", body: body(choice), want: everybody, wrong: []fault{
			{names: "dm", body: `{"dm":"loud","events":[]}`, status: 422}, {names: "dm", body: `{"events":[]}`, status: 400},
			{names: "events", body: `{"dm":"on","events":["order.eaten"]}`, status: 422}, {names: "events", body: `{"dm":"on","events":"order.*"}`, status: 400},
			{names: "mutedUntil", body: `{"dm":"on","events":[],"mutedUntil":"x"}`, status: 422},
		}},
		// This operator has no mail server, so that no address waits for its code.
		{route: "PUT /api/v1/notices/email", body: body(`{"address":"me@example.com"}`), want: [4]int{503, 503, 503, 503}, wrong: []fault{
			{names: "address", body: `{"address":""}`, status: 422}, {names: "address", body: `{"address":1}`, status: 400},
		}},
		{route: "POST /api/v1/notices/email/confirm", body: body(`{"code":"12345678"}`), want: [4]int{404, 404, 404, 404}, wrong: []fault{{names: "code", body: `{"code":1}`, status: 400}}},
		{route: "DELETE /api/v1/notices/email", want: [4]int{204, 204, 204, 204}},

		{route: "GET /api/v1/webhooks", want: everybody},
		{route: "POST /api/v1/webhooks", body: body(`{"url":"https://hooks.example/x"}`), want: [4]int{201, 201, 201, 201}, wrong: []fault{
			{names: "url", body: `{"url":"http://127.0.0.1/x"}`, status: 422}, {names: "url", body: `{"url":1}`, status: 400},
			{names: "events", body: `{"url":"https://hooks.example/x","events":["order.eaten"]}`, status: 422},
		}},
		{route: "GET /api/v1/webhooks/{id}/deliveries", path: buyers + "/deliveries", want: buyersOnly, wrong: newest},
		{route: "POST /api/v1/webhooks/{id}/rotate", path: buyers + "/rotate", want: buyersOnly},
		{route: "POST /api/v1/webhooks/{id}/enable", path: buyers + "/enable", want: [4]int{204, 404, 404, 404}},
		{route: "DELETE /api/v1/webhooks/{id}", path: strangers, want: [4]int{404, 404, 404, 204}},
	}
}
