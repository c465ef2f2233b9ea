package main

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
)

// TestOrdersExport exports through the daemon's API and from its Redis, and opens what
// is sealed at the owner's side.
func TestOrdersExport(t *testing.T) {
	m := newMarket(t, func(c *config) { c.Redis.Embedded = "memory" })
	key, seller := newKeyFile(t)
	m.seller = seller
	if err := m.keyring.Add(nip17test.ReadingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"A-1", "A-2"} {
		m.sells(id)
	}
	dir := m.cfg.DataDir
	api := strings.Replace(m.cfg.Relay.PublicURLs[0], "ws", "http", 1)
	ask := func(path string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", api+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		evt := nostr.Event{Kind: 27235, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"u", api + path}, {"method", "GET"}}}
		if err := seller.Sign(t.Context(), &evt); err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Nostr "+base64.StdEncoding.EncodeToString([]byte(evt.String())))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.Status, string(body), err)
		}
		return string(body)
	}
	sealed := ask("/api/v1/orders/export?format=json&role=seller")
	if strings.Contains(sealed, "Main St") || strings.Count(sealed, `"intentId"`) != 2 {
		t.Errorf("from the API: %s", sealed)
	}
	file := filepath.Join(t.TempDir(), "orders.json")
	if err := os.WriteFile(file, []byte(sealed), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"from Redis":    {"--key", key, "--role", "seller"},
		"from the file": {"--key", key, "--from", file},
	} {
		out := mustCLI(t, dir, append([]string{"orders", "export"}, args...)...)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) != 3 || strings.Count(out, "1 Main St, Porto") != 2 {
			t.Errorf("%s: %v, %s", name, err, out)
		}
		var all struct {
			Data []struct {
				IntentID string
				Opened   map[string]orders.Private
			}
		}
		out = mustCLI(t, dir, append([]string{"orders", "export", "--format", "json"}, args...)...)
		if err := json.Unmarshal([]byte(out), &all); err != nil || len(all.Data) != 2 || len(all.Data[0].Opened) != 3 {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
	if out := mustCLI(t, dir, "orders", "export", "--q", "A-2", "--bom"); !strings.HasPrefix(out, "\xef\xbb\xbforder_id,") || strings.Count(out, "\r\n") != 2 || strings.Contains(out, "Main St") {
		t.Errorf("the operator's: %s", out)
	}
	if out := mustCLI(t, dir, "orders", "export", "--key", key, "--status", "cancelled"); strings.Count(out, "\r\n") != 1 {
		t.Errorf("none: %s", out)
	}
	for _, args := range [][]string{
		{"--format", "xml"}, {"--status", "lost"}, {"--role", "seller"}, {"--role", "admin", "--key", key}, {"--from", file, "--q", "x"},
		{"--from", "nowhere.json"}, {"--from", key}, {"--since", "soon"}, {"--since", "5", "--since", "6"},
	} {
		if out, err := cli(t, dir, append([]string{"orders", "export"}, args...)...); orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("%v: got %v, %s", args, err, out)
		}
	}
	// An admin's look at a message, and orders as events, through the same daemon.
	o, err := m.store.Order(t.Context(), "A-2")
	if err != nil {
		t.Fatal(err)
	}
	found, err := m.explain(t.Context(), o.EventID)
	if text, _ := json.Marshal(found); err != nil || !strings.Contains(string(text), `"state":"opened"`) || strings.Contains(string(text), "Main St") {
		t.Errorf("explained: %s, %v", text, err)
	}
	if _, err := m.explain(t.Context(), strings.Repeat("0", 64)); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("got %v", err)
	}
}
