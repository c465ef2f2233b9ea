package export

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func example() *orders.Order {
	return &orders.Order{
		IntentID: "A-1", OrderID: "A-1", BuyerNpub: "npub1b", SellerNpub: "npub1s", Status: orders.StatusShipped, Payment: orders.PaymentConfirmed,
		Products:  []orders.Product{{Title: `Mug "blue"`, Quantity: 2}, {ProductID: "p2", Quantity: 1}},
		TotalSats: 1000, ShippingQuote: 50, GrandTotal: 1050, FiatTotal: &orders.Money{Amount: "-9.90", Currency: "EUR"},
		CreatedTimestamp: 1_760_011_200_123, Dialect: "gamma", Shipments: []orders.Shipment{{Carrier: "=UPS", TrackingNumber: "1Z9"}, {TrackingNumber: "1Z8"}},
		ShippingAddress: &orders.Sealed{Fact: "f0", Field: orders.FieldShippingAddress}, Contact: &orders.Sealed{Fact: "f0", Field: orders.FieldContact},
		Exceptions: []orders.OrderException{{Code: "late"}}, Timeline: []orders.TimelineEntry{},
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	w := NewCSV(&b, true)
	private := orders.Private{ShippingAddress: "+1 Main St\nPorto", Contact: map[string]string{"phone": "+351", "email": "a@b.c"}}
	if err := errors.Join(w.Write(Entry{example(), map[string]orders.Private{"f0": private}}), w.Close()); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"order_id": "A-1", "created": "2025-10-09T12:00:00.123Z", "updated": "", "status": "shipped", "items": `2 × Mug "blue"; 1 × p2`, "quantity": "3",
		"grand_total_sats": "1050", "fiat_amount": "'-9.90", "fiat_currency": "EUR", "carrier": "'=UPS", "tracking_number": "1Z9; 1Z8", "exceptions": "late",
		"shipping_address": "'+1 Main St\nPorto", "contact": "email: a@b.c; phone: +351", "buyer_notes": "",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	// Without what was opened there are no columns for it.
	b.Reset()
	w = NewCSV(&b, false)
	if err := errors.Join(w.Write(Entry{Order: example()}), w.Close()); err != nil || strings.Contains(b.String(), "address") || strings.Count(b.String(), "\r\n") != 2 {
		t.Errorf("%q, %v", b.String(), err)
	}
	b.Reset()
	if err := NewCSV(&b, false).Close(); err != nil || !strings.HasSuffix(b.String(), ",dialect\r\n") {
		t.Errorf("no orders: %q, %v", b.String(), err)
	}
}

func TestJSON(t *testing.T) {
	for n := range 3 {
		var b bytes.Buffer
		w := NewJSON(&b)
		for range n {
			if err := w.Write(Entry{Order: example()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		whole := b.String()
		got := 0
		if err := Read(strings.NewReader(whole), func(o *orders.Order) error { got++; return nil }); err != nil || got != n {
			t.Errorf("%d: read %d, %v", n, got, err)
		}
		// What was cut off is noticed wherever that is.
		for cut := range len(strings.TrimRight(whole, "\n}")) {
			if err := Read(strings.NewReader(whole[:cut]), func(*orders.Order) error { return nil }); orders.ErrorCode(err) != orders.EINVALID {
				t.Fatalf("cut at %d of %d: %v", cut, len(whole), err)
			}
		}
	}
	for _, text := range []string{"", "[]", `{"data":{}}`, `{"items":[]}`, `{"data":[5]}`, `{"data":[{}]}`, "nsec1secret"} {
		if err := Read(strings.NewReader(text), func(*orders.Order) error { return nil }); orders.ErrorCode(err) != orders.EINVALID || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
	stop := errors.New("stop")
	if err := Read(strings.NewReader(`{"data":[{"intentId":"a"}]}`), func(*orders.Order) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// FuzzText: whatever was written, a cell of it is no formula, and comes back as it
// was but for the apostrophe.
func FuzzText(f *testing.F) {
	for _, s := range []string{"=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\x00=1", "＝1", "'", "", "\xff=", "a\r\nb", "\ufeff=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := Text(s)
		if cell != "" && strings.ContainsRune("=+-@\t\r\n\x00", rune(cell[0])) {
			t.Errorf("%q begins with %q", cell, cell[0])
		}
		if clean := strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""); cell != clean && cell != "'"+clean {
			t.Errorf("%q became %q", s, cell)
		}
		o := example()
		o.IntentID, o.Products[0].Title, o.Shipments[0].Carrier = s, s, s
		var b bytes.Buffer
		w := NewCSV(&b, false)
		if err := errors.Join(w.Write(Entry{Order: o}), w.Close()); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(rows[0]) {
			t.Fatalf("%q: %v", s, err)
		}
		for i, c := range columns {
			if first := (rows[1][i] + " ")[0]; c.text && strings.IndexByte("=+-@\t\r\n\x00", first) >= 0 {
				t.Errorf("column %s: %q", c.name, rows[1][i])
			}
		}
	})
}

// TestStreams: what is written is not kept.
func TestStreams(t *testing.T) {
	for name, w := range map[string]Writer{"csv": NewCSV(io.Discard, true), "json": NewJSON(io.Discard)} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range 50_000 {
			o := example()
			o.IntentID = strconv.Itoa(i)
			if err := w.Write(Entry{Order: o}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
			t.Errorf("%s: %d bytes more after 50,000 orders", name, grown)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
