package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
)

// away is a reader that does not answer.
type away struct{ orders.Reader }

func (away) GetOrder(context.Context, string, string) (*orders.Order, error) {
	return nil, orders.Errorf(orders.EUNAVAILABLE, "Redis does not answer")
}

// What fails is told in words, and in the viewer's language, whatever else is away; the
// log has nothing of what was asked for.
func TestFailuresAreToldInWords(t *testing.T) {
	closed := func(context.Context, []string) (map[string]Profile, error) {
		return nil, errors.New("the ledger is closed")
	}
	for name, tt := range map[string]struct {
		change func(*Config)
		status int
		says   string
	}{
		"Redis":  {func(c *Config) { c.Orders = away{c.Orders} }, 503, "Gerade nicht"},
		"both":   {func(c *Config) { c.Orders, c.Profiles = away{c.Orders}, closed }, 503, "Gerade nicht"},
		"ledger": {func(c *Config) { c.Profiles = closed }, 500, "Hier ist etwas schiefgegangen"},
		"panic":  {func(c *Config) { c.Viewed = func(*orders.Order, string) { panic("secret-A") } }, 500, "Hier ist etwas schiefgegangen"},
	} {
		var log strings.Builder
		h := newHouse(t, tt.change, func(c *Config) { c.Log = zerolog.New(&log) })
		h.order("secret-A")
		w := h.page(h.buyer, "/orders/secret-A?note=secret", "Accept-Language", "de")
		body := w.Body.String()
		if w.Code != tt.status || !strings.Contains(w.Header().Get("Content-Type"), "html") || !strings.Contains(body, `lang="de"`) || !strings.Contains(body, "</html>") {
			t.Errorf("%s: got %d, %v, %.200s", name, w.Code, w.Header(), body)
		}
		if text := words(parsed(t, body)); !strings.Contains(text, tt.says) {
			t.Errorf("%s: got %s", name, text)
		}
		if strings.Contains(log.String(), "secret-A") || strings.Contains(log.String(), "note=") || (tt.status == 500) != (log.Len() > 0) {
			t.Errorf("%s: the log says %s", name, log.String())
		}
		if csp := w.Header().Get("Content-Security-Policy"); csp == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %v", name, w.Header())
		}
		if (w.Header().Get("Retry-After") != "") != (tt.status == http.StatusServiceUnavailable) {
			t.Errorf("%s: Retry-After %q", name, w.Header().Get("Retry-After"))
		}
	}
}

// What no page answers is answered with a page all the same.
func TestOtherMethodsAndPaths(t *testing.T) {
	h := newHouse(t)
	h.order("A-1")
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", "/orders/A-1", 200}, {"HEAD", "/orders", 200}, {"PUT", "/orders", 404}, {"DELETE", "/orders/A-1", 404}, {"BREW", "/", 404},
		{"GET", "/orders/A-1/", 404}, {"GET", "/orders/%2e%2e", 404}, {"GET", "/orders/" + strings.Repeat("a", 200), 404},
		{"GET", "/orders/%00", 404}, {"GET", "/orders/A%2F1", 404}, {"GET", "/orders/A-1/receipt/x", 404}, {"GET", "/orders/%ff", 404},
	} {
		w := get(h.handler, tt.method, tt.path, "Cookie", "who="+h.buyer, "Sec-Fetch-Site", "same-origin")
		if w.Code != tt.status || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %.40s: got %d, %v", tt.method, tt.path, w.Code, w.Header())
		}
		if tt.method == "HEAD" && (w.Body.Len() > 0 || w.Header().Get("Content-Length") == "") {
			t.Errorf("%s %s: got %d bytes, %v", tt.method, tt.path, w.Body.Len(), w.Header())
		}
	}
}

// What is counted of a page that was looked at are its name and a role, and of a request
// the pattern of its route: nothing that somebody chose.
func TestWhatIsCounted(t *testing.T) {
	var shown, routes []string
	h := newHouse(t, func(c *Config) {
		c.Shown = func(page, role string) { shown = append(shown, strings.TrimSpace(page+" "+role)) }
		c.Observe = func(route string, _ int, _ time.Duration) { routes = append(routes, route) }
	})
	h.order("A-1", say{by: h.buyer, verb: orders.Paid}, say{by: h.buyer, verb: orders.Dispute})
	for _, tt := range []struct{ viewer, path, want string }{
		{"", "/", "home"}, {"", "/sign-in", "sign-in"}, {h.buyer, "/orders", "orders buyer"}, {h.buyer, "/my-orders?q=A", "orders buyer"},
		{h.seller, "/my-shop/orders", "orders seller"}, {h.buyer, "/orders/A-1", "order buyer"}, {h.seller, "/orders/A-1", "order seller"},
		{h.admin, "/orders/A-1", "order admin"}, {h.seller, "/orders/A-1/label", "label seller"}, {h.admin, "/disputes", "disputes admin"},
		{h.seller, "/stats", "stats seller"}, {h.buyer, "/stats", "stats buyer"}, {h.buyer, "/keys", "keys"},
		{h.stranger, "/orders/A-1", ""}, {h.buyer, "/A-1", ""}, {"", "/orders", ""}, {h.buyer, "/orders?status=x", ""},
	} {
		shown = nil
		h.page(tt.viewer, tt.path)
		if got := strings.Join(shown, ", "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.path, got, tt.want)
		}
	}
	shown = nil
	h.page(h.buyer, "/orders/A-1", "Sec-Fetch-Dest", "empty") // a page that keeps itself up to date
	get(h.handler, "HEAD", "/orders/A-1", "Cookie", "who="+h.buyer)
	if len(shown) > 0 {
		t.Errorf("nobody looked at %v", shown)
	}
	for _, route := range routes {
		if strings.Contains(route, "A-1") || strings.Contains(route, "?") {
			t.Errorf("a route is %q", route)
		}
	}
}

// A page that is not there says nothing of what was asked for: it may be a key, or an id.
func TestNothingIsEchoed(t *testing.T) {
	h := newHouse(t)
	for _, viewer := range []string{"", h.stranger} {
		for _, path := range []string{"/" + h.buyer, "/order/wanted-1", "/nowhere?q=wanted-1"} {
			w := h.page(viewer, path)
			if body := w.Body.String(); w.Code != 404 || strings.Contains(body, h.buyer) || strings.Contains(body, "wanted-1") {
				t.Errorf("%s: got %d, %.400s", path, w.Code, body)
			}
		}
	}
	if w := h.page(h.stranger, "/orders/wanted-1"); w.Code != 404 || strings.Contains(w.Body.String(), "wanted-1") {
		t.Errorf("an order: got %d", w.Code)
	}
}
