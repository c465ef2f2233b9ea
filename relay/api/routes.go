package api

import (
	"net/http"
	"slices"
	"strings"
)

// A route is one thing that can be asked. The table is data, for it is held
// against the OpenAPI document.
type route struct {
	method, pattern string
	signedIn        bool     // only with a NIP-98 token, or the cookie of a session
	byToken         bool     // only with the token
	body            bool     // takes a JSON object
	large           bool     // of many messages
	query           []string // the query keys it knows
	serve           func(s *server, w http.ResponseWriter, c *call) error
}

var routes = []route{
	{method: "GET", pattern: "/api/openapi.json", serve: builtIn("application/json", openAPI)},
	{method: "GET", pattern: "/api/v1/relay", serve: (*server).relay},
	{method: "GET", pattern: "/api/v1/keys", signedIn: true, serve: (*server).listKeys},
	{method: "POST", pattern: "/api/v1/keys", signedIn: true, body: true, serve: (*server).addKey},
	{method: "POST", pattern: "/api/v1/keys/connect", signedIn: true, body: true, serve: (*server).connectSigner},
	{method: "DELETE", pattern: "/api/v1/keys/{pubkey}", signedIn: true, serve: (*server).revokeKey},

	// Orders, read (orders.go, export.go, stats.go, admin.go).
	{method: "GET", pattern: "/api/v1/orders", signedIn: true, query: findKeys, serve: (*server).listOrders},
	{method: "GET", pattern: "/api/v1/orders/export", signedIn: true, query: exportKeys, serve: (*server).exportOrders},
	{method: "GET", pattern: "/api/v1/orders/{id}", signedIn: true, serve: (*server).getOrder},
	{method: "GET", pattern: "/api/v1/orders/{id}/messages", signedIn: true, serve: (*server).listMessages},
	{method: "GET", pattern: "/api/v1/stats", signedIn: true, query: statsKeys, serve: (*server).getStats},
	{method: "GET", pattern: "/api/v1/admin/orders", signedIn: true, query: adminKeys, serve: (*server).adminOrders},
	{method: "GET", pattern: "/api/v1/admin/disputes", signedIn: true, query: disputeKeys, serve: (*server).adminDisputes},
	{method: "GET", pattern: "/api/v1/admin/explain/{id}", signedIn: true, serve: (*server).adminExplain},
	{method: "GET", pattern: "/api/order.d.ts", serve: builtIn("text/plain; charset=utf-8", orderTypes)},

	{method: "GET", pattern: "/problems/{$}", serve: (*server).problems},
	{method: "GET", pattern: "/problems/{code}", serve: (*server).problem},

	// Signing in for a while.
	{method: "POST", pattern: "/api/v1/session", signedIn: true, byToken: true, serve: (*server).beginSession},
	{method: "GET", pattern: "/api/v1/session", signedIn: true, serve: (*server).showSession},
	{method: "DELETE", pattern: "/api/v1/session", signedIn: true, query: []string{"all"}, serve: (*server).endSession},
	// What changes orders.
	{method: "POST", pattern: "/api/v1/orders", signedIn: true, body: true, serve: (*server).beginOrder},
	{method: "POST", pattern: "/api/v1/orders/bulk", signedIn: true, body: true, large: true, query: []string{"anyway"}, serve: (*server).bulk},
	{method: "POST", pattern: "/api/v1/orders/{id}/messages", signedIn: true, body: true, query: []string{"anyway"}, serve: (*server).sayOfOrder},
	{method: "GET", pattern: "/api/v1/events", signedIn: true, serve: (*server).events},

	// How the caller is told of his orders (notices.go, webhooks.go).
	{method: "GET", pattern: "/api/v1/notices", signedIn: true, query: newestKeys, serve: told((*server).listNotices)},
	{method: "POST", pattern: "/api/v1/notices/{id}/redeliver", signedIn: true, serve: told((*server).redeliver)},
	{method: "GET", pattern: "/api/v1/notices/settings", signedIn: true, serve: told((*server).getNoticeSettings)},
	{method: "PUT", pattern: "/api/v1/notices/settings", signedIn: true, body: true, serve: told((*server).setNoticeSettings)},
	{method: "PUT", pattern: "/api/v1/notices/email", signedIn: true, body: true, serve: told((*server).setEmail)},
	{method: "POST", pattern: "/api/v1/notices/email/confirm", signedIn: true, body: true, serve: told((*server).confirmEmail)},
	{method: "DELETE", pattern: "/api/v1/notices/email", signedIn: true, serve: told((*server).removeEmail)},
	{method: "GET", pattern: "/api/v1/webhooks", signedIn: true, serve: told((*server).listWebhooks)},
	{method: "POST", pattern: "/api/v1/webhooks", signedIn: true, body: true, serve: told((*server).addWebhook)},
	{method: "DELETE", pattern: "/api/v1/webhooks/{id}", signedIn: true, serve: told((*server).removeWebhook)},
	{method: "POST", pattern: "/api/v1/webhooks/{id}/rotate", signedIn: true, serve: told((*server).rotateWebhook)},
	{method: "POST", pattern: "/api/v1/webhooks/{id}/enable", signedIn: true, serve: told((*server).enableWebhook)},
	{method: "GET", pattern: "/api/v1/webhooks/{id}/deliveries", signedIn: true, query: newestKeys, serve: told((*server).listDeliveries)},
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// elsewhere answers what is in no route: 405 where the path is, with another
// method, else 404. The mux's own answers to that are plain text.
func (s *server) elsewhere() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		s.bound(w, r)
		allowed := slices.DeleteFunc(slices.Clone(methods), func(m string) bool {
			other := *r
			other.Method = m
			_, pattern := s.mux.Handler(&other)
			return pattern == "/"
		})
		if len(allowed) == 0 {
			s.refuse(w, r, fail(codeNoSuchPath, "There is nothing at this path."))
			return
		}
		if isPreflight(r) {
			answerPreflight(w, allowed)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.refuse(w, r, fail(codeMethod, "This path takes "+strings.Join(allowed, ", ")+"."))
	})
}
