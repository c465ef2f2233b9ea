package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// over asks the daemon's API, signed in by NIP-98.
func (m *market) over(who *nip17.SecretSigner, method, path, body string) *http.Response {
	m.t.Helper()
	url := strings.Replace(m.cfg.Relay.PublicURLs[0], "ws", "http", 1) + path
	sum := sha256.Sum256([]byte(body))
	token := nostr.Event{Kind: 27235, CreatedAt: nostr.Now(), Tags: nostr.Tags{{"u", url}, {"method", method}, {"payload", hex.EncodeToString(sum[:])}}}
	if err := who.Sign(m.t.Context(), &token); err != nil {
		m.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(m.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Nostr "+base64.StdEncoding.EncodeToString([]byte(token.String())))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// post posts a message of an order, and returns the order.
func (m *market) post(who *nip17.SecretSigner, path string, d orders.Draft) (o orders.Order) {
	m.t.Helper()
	if d.To = m.seller.PublicKey(); who == m.seller {
		d.To = m.buyer.PublicKey()
	}
	evt, err := client.Posted(m.t.Context(), who, d, m.identity.PublicKey())
	if err != nil {
		m.t.Fatal(err)
	}
	resp := m.over(who, "POST", path, evt.String())
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &o); err != nil || resp.StatusCode != 201 {
		m.t.Fatalf("%s: got %s %s", d.Verb, resp.Status, text)
	}
	return o
}

// TestPosted: what is posted to the daemon is tracked, told to who listens, and proven
// by either party's key.
func TestPosted(t *testing.T) {
	m := newMarket(t, func(c *config) { c.Redis.Embedded = "memory" })
	var buyer string
	buyer, m.buyer = newKeyFile(t)
	live := m.over(m.seller, "GET", "/api/v1/events", "")
	lines := bufio.NewScanner(live.Body)
	m.post(m.buyer, "/api/v1/orders", orders.Draft{
		Verb: orders.Intent, OrderID: "A-1", Public: orders.Public{Products: []orders.Product{{ProductID: "mug", Quantity: 1}}},
		Private: orders.Private{ShippingAddress: "1 Main St, Porto"},
	})
	o := m.post(m.seller, "/api/v1/orders/A-1/messages", orders.Draft{Verb: orders.Cancel, OrderID: "A-1", Private: orders.Private{Reason: "sold out"}})
	if o.Status != orders.StatusCancelled {
		t.Errorf("got %+v", o)
	}
	for heard := 0; heard < 2 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), `data: {"intentId":"A-1",`) {
			heard++
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "A-1.json")
	mustCLI(t, m.cfg.DataDir, "orders", "audit", "A-1", "--out", file)
	out := mustCLI(t, t.TempDir(), "orders", "audit", "--check", file, "--key", buyer)
	if !strings.Contains(out, "2 of 2 messages were opened") || strings.Contains(out, "PROBLEM") {
		t.Errorf("it says\n%s", out)
	}
}
