//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// TestHelp: every command shows how it is used.
func TestHelp(t *testing.T) {
	d := newDaemon(t, "", nil)
	var walk func(path ...string)
	n := 0
	walk = func(path ...string) {
		help := d.do(append(path, "--help")...)
		n++
		if !strings.Contains(help, "Examples:\n  ") {
			t.Errorf("waybill %s --help has no example", strings.Join(path, " "))
		}
		for _, name := range subcommands(help) {
			walk(append(slices.Clone(path), name)...)
		}
	}
	walk()
	if n < 26 {
		t.Errorf("only %d commands were found", n)
	}
}

var listed = regexp.MustCompile(`(?m)^  ([a-z]+) {2,}`)

// subcommands are those that a help text lists.
func subcommands(help string) (names []string) {
	_, list, _ := strings.Cut(help, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, m := range listed.FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	return names
}

// TestConfig: what is wrong in the configuration is named, and nothing starts.
func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		env    map[string]string
		want   string
	}{
		"unknown key":      {"data_dir = \"x\"\n\n[relay]\nlisten = \"127.0.0.1:0\"\nlissten = \"y\"\n", nil, `line 5: unknown key "relay.lissten"`},
		"unknown table":    {"# mine\n[rellay]\nlisten = \"x\"\n", nil, "line 2"},
		"wrong type":       {"[relay]\ninbox_quota = \"many\"\n", nil, "line 2"},
		"not TOML":         {"data_dir = \n", nil, "line 1"},
		"unknown variable": {"", map[string]string{"RELAY_LISSTEN": "x"}, "WAYBILL_RELAY_LISSTEN"},
		"wrong value":      {"[relay]\naccept = \"nobody\"\n", nil, "relay.accept"},
		"secret as admin":  {"admins = [\"nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5\"]\n", nil, "admins"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDaemon(t, c.config, c.env)
			a := d.cli("serve")
			if a.code == 0 || !strings.Contains(a.err, c.want) {
				t.Errorf("got %v, want an error with %q", a, c.want)
			}
			if strings.Contains(a.err, "nsec1") {
				t.Errorf("the error repeats a secret: %s", a.err)
			}
			if _, err := os.Stat(d.data()); err == nil {
				t.Error("the data folder was made all the same")
			}
		})
	}
}

// TestSend sends every verb there is, as a buyer, a seller and an admin at one
// machine would.
func TestSend(t *testing.T) {
	d, npub := shop(t, "seller")
	send := func(who, verb, order string, flags ...string) {
		t.Helper()
		args := append([]string{"send", verb, "--key", who, "--order", order}, flags...)
		if out := d.do(args...); !strings.Contains(out, order) {
			t.Errorf("waybill %s: %q does not name the order", strings.Join(args, " "), out)
		}
	}
	x := dialRedis(t, d.env["REDIS_URL"])
	send("buyer", "intent", "C-1", "--to", npub["seller"], "--item", "mug,2,Blue mug,5000", "--address", "1 Main St", "--contact", "email=a@b.example")
	x.order("C-1", stands("intent-sent", "none", "intent"))
	send("seller", "request", "C-1", "--link", "till@shop.example", "--shipping-quote", "500", "--eta", "2030-01-31")
	x.order("C-1", said("payment-requested", "requested", "intent", "request"))
	send("buyer", "address", "C-1", "--address", "2 Side St, Porto")
	send("buyer", "paid", "C-1", "--proof", strings.Repeat("ab", 32))
	x.order("C-1", said("paid", "claimed", "intent", "request", "address", "paid"))
	send("seller", "confirm", "C-1")
	send("seller", "process", "C-1", "--note", "glazing")
	send("seller", "note", "C-1", "--text", "supplier is late", "--self")
	send("seller", "shipped", "C-1", "--tracking", "1Z9", "--carrier", "UPS")
	send("buyer", "dispute", "C-1", "--reason", "wrong colour")
	life := []string{"intent", "request", "address", "paid", "confirm", "process", "note", "shipped", "dispute"}
	x.order("C-1", said("disputed", "confirmed", life...))
	send("buyer", "resolve", "C-1", "--outcome", "resume")
	life = append(life, "resolved")
	x.order("C-1", said("shipped", "confirmed", life...))
	send("buyer", "delivered", "C-1")
	send("seller", "refund", "C-1", "--amount", "100")
	life = append(life, "delivered", "refunded")
	x.order("C-1", said("delivered", "confirmed", life...))

	send("buyer", "intent", "C-2", "--to", npub["seller"], "--item", "cup,1", "--total", "700")
	x.order("C-2", stands("intent-sent", "none", "intent"))
	send("buyer", "cancel", "C-2", "--reason", "changed my mind")
	x.order("C-2", stands("cancelled", "none", "intent", "cancel"))

	for order, named := range map[string][]string{"C-3": nil, "C-4": {"--buyer", npub["buyer"], "--seller", npub["seller"]}} {
		send("buyer", "intent", order, "--to", npub["seller"], "--item", "cup,1", "--total", "700")
		send("buyer", "paid", order, "--to", npub["seller"])
		x.order(order, stands("paid", "claimed", "intent", "paid"))
		send("seller", "dispute", order, "--reason", "nothing came")
		x.order(order, stands("disputed", "claimed", "intent", "paid", "dispute"))
		asAdmin(t, d, order, "nothing came")
		send("admin", "resolve", order, append(named, "--outcome", "cancelled", "--resolution", "never paid")...)
		x.order(order, said("cancelled", "claimed", "intent", "paid", "dispute", "resolved"))
	}

	// What it costs is asked, and the seller says it.
	send("buyer", "intent", "C-5", "--to", npub["seller"], "--note", "how much?")
	send("seller", "request", "C-5", "--link", "till@shop.example", "--amount", "5000")
	send("buyer", "paid", "C-5")
	send("seller", "confirm", "C-5")
	x.order("C-5", said("processing", "confirmed", "intent", "request", "paid", "confirm"))
	var asked orders.Order
	if decode(t, d.do("orders", "show", "C-5", "--json"), &asked); asked.TotalSats != 5000 || asked.GrandTotal != 5000 {
		t.Errorf("got %d sats, %d in all, want 5000", asked.TotalSats, asked.GrandTotal)
	}
	// A request and a receipt have an amount (Gamma spec), also where no flag names it.
	for id, want := range map[string]map[orders.Verb]int64{"C-1": {orders.Request: 10_500}, "C-5": {orders.Paid: 5000}} {
		var o orders.Order
		decode(t, d.do("orders", "show", id, "--json"), &o)
		for _, e := range o.Timeline {
			if n, named := want[e.Verb]; named && (e.Amount == nil || *e.Amount != n) {
				t.Errorf("%s of %s: the amount is not %d", e.Verb, id, n)
			}
		}
	}

	// An id that needs escaping is taken as the messages have it, and as the indexes do.
	d.do("send", "intent", "--key", "buyer", "--order", "no. 7/é", "--to", npub["seller"], "--item", "cup,1,,700")
	x.order("no.%207%2F%C3%A9", stands("intent-sent", "none", "intent"))
	d.do("send", "request", "--key", "seller", "--order", "no. 7/é", "--link", "till@shop.example")
	send("buyer", "paid", "no.%207%2F%C3%A9")
	x.order("no.%207%2F%C3%A9", said("paid", "claimed", "intent", "request", "paid"))
	d.do("orders", "show", "no. 7/é", "--json")

	tried := []string{"intent", "request", "paid", "confirm", "process", "shipped", "delivered", "cancel", "dispute", "resolve", "refund", "address", "note"}
	if verbs := subcommands(d.do("send", "--help")); !slices.Equal(slices.Sorted(slices.Values(verbs)), slices.Sorted(slices.Values(tried))) {
		t.Errorf("waybill send has %q, tried were %q", verbs, tried)
	}
	d.stop()
	d.log.calm(t)
}

// asAdmin looks at a disputed order as the admin, who sees what the dispute is about,
// and no order beside those in dispute.
func asAdmin(t *testing.T, d *daemon, id, reason string) {
	t.Helper()
	var page orders.Page
	if decode(t, d.do("orders", "list", "--json", "--key", "admin", "--status", "disputed"), &page); len(page.Items) != 1 || page.Items[0].IntentID != id {
		t.Errorf("orders list as an admin: got %d orders, want %s", len(page.Items), id)
	}
	var shown struct {
		orders.Order
		Opened map[string]orders.Private
	}
	decode(t, d.do("orders", "show", id, "--json", "--key", "admin"), &shown)
	if shown.DisputeReason == nil || shown.Opened[shown.DisputeReason.Fact].Reason != reason {
		t.Errorf("orders show as an admin: got %+v opened, want %q", shown.Opened, reason)
	}
	for _, refused := range [][]string{
		{"orders", "show", "C-2", "--key", "admin"},
		{"orders", "list", "--key", "buyer"},
		{"send", "note", "--key", "admin", "--order", id, "--text", "hello"},
	} {
		if a := d.cli(refused...); a.code == 0 {
			t.Errorf("waybill %s: got %v, want a refusal", strings.Join(refused, " "), a)
		}
	}
}

// TestOrders reads orders as their participants and as the operator.
func TestOrders(t *testing.T) {
	d, npub := shop(t, "seller")
	x := dialRedis(t, d.env["REDIS_URL"])
	for i := range 3 {
		id := fmt.Sprintf("L-%d", i)
		d.do("send", "intent", "--key", "buyer", "--to", npub["seller"], "--order", id, "--item", "mug,1", "--total", "1000", "--address", "Elm St "+id)
		x.order(id, stands("intent-sent", "none", "intent"))
	}
	d.do("send", "confirm", "--key", "seller", "--order", "L-1")
	x.order("L-1", stands("processing", "confirmed", "intent", "confirm"))

	list := func(want int, flags ...string) (page orders.Page) {
		t.Helper()
		decode(t, d.do(append([]string{"orders", "list", "--json"}, flags...)...), &page)
		if len(page.Items) != want {
			t.Errorf("orders list %q: got %d orders, want %d", flags, len(page.Items), want)
		}
		return page
	}
	if page := list(3); page.Total != 3 {
		t.Errorf("orders list: got a total of %d, want 3", page.Total)
	}
	list(1, "--status", "processing")
	list(3, "--key", "seller", "--as", "seller")
	list(3, "--key", "buyer", "--as", "buyer")
	list(0, "--key", "seller", "--as", "buyer")
	list(0, "--key", "admin", "--as", "buyer")
	first := list(2, "--limit", "2")
	if rest := list(1, "--limit", "2", "--cursor", first.Next); rest.Next != "" {
		t.Error("the last page has a cursor to a next one")
	}
	list(1, "--limit", "2", "--page", "2")

	var shown struct {
		orders.Order
		Opened map[string]orders.Private
	}
	show := func(flags ...string) {
		decode(t, d.do(append([]string{"orders", "show", "L-1", "--json"}, flags...)...), &shown)
	}
	show()
	if shown.IntentID != "L-1" || len(shown.Timeline) != 2 || len(shown.Opened) != 0 {
		t.Errorf("orders show as the operator: got %s, %d entries, %d boxes opened", shown.IntentID, len(shown.Timeline), len(shown.Opened))
	}
	show("--key", "seller")
	if got := shown.Opened[shown.ShippingAddress.Fact].ShippingAddress; got != "Elm St L-1" {
		t.Errorf("orders show as the seller: got the address %q", got)
	}

	var stats orders.Stats
	decode(t, d.do("orders", "stats", "--json", "--key", "seller", "--as", "seller"), &stats)
	if stats.TotalOrders != 3 || stats.TotalRevenue != 1000 || stats.OrdersByStatus["intent-sent"] != 2 {
		t.Errorf("orders stats of the seller: got %+v", stats)
	}
	decode(t, d.do("orders", "stats", "--json", "--of", npub["buyer"], "--as", "buyer"), &stats)
	if stats.TotalOrders != 3 || stats.TotalSpent != 1000 {
		t.Errorf("orders stats of the buyer: got %+v", stats)
	}
}

// shop is a running daemon with key files of a buyer, a seller and an admin in
// its folder; those named are delegated, all announce the relay.
func shop(t *testing.T, delegated ...string) (d *daemon, npub map[string]string) {
	t.Helper()
	d = newDaemon(t, "", map[string]string{"REDIS_URL": redistest.Start(t).URL()})
	npub = map[string]string{}
	for _, name := range []string{"buyer", "seller", "admin"} {
		npub[name] = strings.TrimSpace(d.do("keys", "generate", filepath.Join(d.dir, name)))
	}
	d.env["ADMINS"] = npub["admin"]
	for _, name := range delegated {
		d.do("keys", "add", "--file", name)
	}
	d.start()
	for name := range npub {
		d.do("keys", "announce", "--key", name)
	}
	return d, npub
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
