//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/nip17"
)

// TestKeys adds a key to a running daemon, which opens what waited for it, and
// takes it away again.
func TestKeys(t *testing.T) {
	d, npub := shop(t)
	x := dialRedis(t, d.env["REDIS_URL"])
	order := func(id string) {
		t.Helper()
		d.do("send", "intent", "--key", "buyer", "--to", npub["seller"], "--order", id, "--item", "mug,1", "--total", "10")
	}
	order("K-1")
	order("K-2")
	if keys := x.Keys(t.Context(), "orders:*").Val(); len(keys) > 0 {
		t.Errorf("orders without any key: %q", keys)
	}
	if out := d.do("keys", "list"); strings.Contains(out, "npub1") {
		t.Errorf("keys list before any was added: %s", out)
	}

	if out := d.do("keys", "add", "--file", "seller"); !strings.Contains(out, npub["seller"]) {
		t.Errorf("keys add: %s", out)
	}
	x.order("K-1", stands("intent-sent", "none", "intent"))
	x.order("K-2", stands("intent-sent", "none", "intent"))
	order("K-3")
	x.order("K-3", stands("intent-sent", "none", "intent"))
	var listed []nip17.Entry
	decode(t, d.do("keys", "list", "--json"), &listed)
	if len(listed) != 1 || !strings.Contains(d.do("keys", "list"), npub["seller"]) {
		t.Errorf("keys list: got %+v, want the seller's", listed)
	}

	removed := d.log.await(func(l logLine) bool { return l.Message == "the delegated keys have changed" })
	d.do("keys", "remove", npub["seller"])
	select {
	case <-removed:
	case <-time.After(patience):
		t.Fatal("the daemon does not notice that a key was removed")
	}
	order("K-4")
	d.do("keys", "add", "--file", "admin")
	d.do("send", "intent", "--key", "buyer", "--to", npub["admin"], "--order", "K-5", "--item", "mug,1", "--total", "10")
	x.order("K-5", stands("intent-sent", "none", "intent"))
	if _, err := x.read("K-4"); err == nil { // it came before K-5
		t.Error("a key that was removed goes on opening")
	}
	if a := d.cli("keys", "remove", npub["seller"]); a.code != 3 {
		t.Errorf("removing a key that is not there: got %v, want exit code 3", a)
	}
	d.do("keys", "add", "--file", "seller")
	x.order("K-4", stands("intent-sent", "none", "intent"))

	secret := strings.TrimSpace(string(must(os.ReadFile(filepath.Join(d.dir, "seller")))(t)))
	d.stop()
	for _, e := range must(os.ReadDir(d.data()))(t) {
		if strings.Contains(string(must(os.ReadFile(filepath.Join(d.data(), e.Name())))(t)), secret) {
			t.Errorf("the seller's secret key stands in %s", e.Name())
		}
	}
	if strings.Contains(d.log.text(), secret) {
		t.Error("the seller's secret key stands in the log")
	}
	d.log.calm(t)
}

// TestExitCodes: a script can tell errors apart, and no error repeats a secret.
func TestExitCodes(t *testing.T) {
	d, npub := shop(t, "seller")
	x := dialRedis(t, d.env["REDIS_URL"])
	d.do("send", "intent", "--key", "buyer", "--to", npub["seller"], "--order", "E-1", "--item", "mug,1", "--total", "10")
	x.order("E-1", stands("intent-sent", "none", "intent"))
	down := newDaemon(t, "", nil)
	anyPort := newDaemon(t, "", map[string]string{"RELAY_LISTEN": "127.0.0.1:0"})
	buyer := filepath.Join(d.dir, "buyer")
	for _, c := range []struct {
		name string
		on   *daemon
		args []string
		want int
	}{
		{"unknown command", d, []string{"nonsense"}, 1},
		{"no such order", d, []string{"orders", "show", "nope"}, 3},
		{"somebody else's order", d, []string{"orders", "show", "E-1", "--key", "admin"}, 3},
		{"no such status", d, []string{"orders", "list", "--status", "lost"}, 2},
		{"as what?", d, []string{"orders", "stats", "--key", "seller"}, 2},
		{"whose?", d, []string{"orders", "stats", "--key", "seller", "--of", npub["buyer"], "--as", "buyer"}, 2},
		{"no such key file", d, []string{"send", "note", "--key", "nobody", "--order", "E-1", "--text", "x"}, 2},
		{"not an npub", d, []string{"keys", "remove", "npub1nonsense"}, 2},
		{"no outcome", d, []string{"send", "resolve", "--key", "buyer", "--order", "E-1", "--outcome", "maybe"}, 2},
		{"to a stranger's order", d, []string{"send", "paid", "--key", "admin", "--order", "E-1"}, 3},
		{"no daemon", down, []string{"orders", "list"}, 6},
		{"no daemon to send to", down, []string{"send", "paid", "--key", buyer, "--order", "E-1", "--to", npub["seller"]}, 6},
		{"a relay that hangs up", down, []string{"send", "paid", "--key", buyer, "--order", "E-1", "--to", npub["seller"], "--relay", hangsUp(t)}, 6},
		{"to no known relay", anyPort, []string{"send", "paid", "--key", buyer, "--order", "E-1", "--to", npub["seller"]}, 2},
		{"announce no known relay", anyPort, []string{"keys", "announce", "--key", buyer}, 2},
		{"a second daemon", d, []string{"serve"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := c.on.cli(c.args...); a.code != c.want || !strings.HasPrefix(a.err, "waybill: ") || a.out != "" {
				t.Errorf("waybill %s: got %v, want exit code %d and an error", strings.Join(c.args, " "), a, c.want)
			}
		})
	}
}

// hangsUp is a relay that closes the connection where an OK would be due.
func hangsUp(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // no WebSocket: a look at NIP-11
		}
		_, _, _ = conn.ReadMessage() // the EVENT
		conn.Close()
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// TestRebuild: --check tells what is wrong in Redis, rebuild sets it right.
func TestRebuild(t *testing.T) {
	d, npub := shop(t, "seller")
	x := dialRedis(t, d.env["REDIS_URL"])
	for _, id := range []string{"R-1", "R-2"} {
		d.do("send", "intent", "--key", "buyer", "--to", npub["seller"], "--order", id, "--item", "mug,1", "--total", "10")
		x.order(id, stands("intent-sent", "none", "intent"))
	}
	if out := d.do("rebuild", "--check"); !strings.Contains(out, "no difference in 2 orders") {
		t.Errorf("rebuild --check: %s", out)
	}
	ctx := t.Context()
	x.HSet(ctx, "orders:R-1", "status", "paid")
	x.ZRem(ctx, "orders_index", "R-2")
	x.ZAdd(ctx, "orders_by_seller:"+npub["seller"], redis.Z{Member: "R-3", Score: 1})
	x.Set(ctx, "user_events:somebody", "else's", 0)
	a := d.cli("rebuild", "--check")
	for _, key := range []string{"orders:R-1", "orders_index", "R-3"} {
		if !strings.Contains(a.out, key) {
			t.Errorf("rebuild --check does not name %s: %v", key, a)
		}
	}
	if a.code != 1 {
		t.Errorf("rebuild --check: exit code %d, want 1", a.code)
	}
	d.do("rebuild")
	if a := d.cli("rebuild", "--check"); a.code != 0 {
		t.Errorf("rebuild --check after a rebuild: %v", a)
	}
	if got := x.Get(ctx, "user_events:somebody").Val(); got != "else's" {
		t.Errorf("another application's key is %q after a rebuild", got)
	}
	x.order("R-1", stands("intent-sent", "none", "intent"))
	x.order("R-2", stands("intent-sent", "none", "intent"))
}
