package web

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestSums(t *testing.T) {
	for _, tt := range []struct{ amount, currency, en, de string }{
		{"21000", "SATS", "21,000 sats", "21.000 sats"},
		{"1234.50", "EUR", "1,234.50 EUR", "1.234,50 EUR"},
		{"0.00000012", "BTC", "0.00000012 BTC", "0,00000012 BTC"},
		{"12", "", "12", "12"},
		{"99999999999999999999.5", "EUR", "99999999999999999999.5 EUR", "99999999999999999999.5 EUR"},
		{"-1", "EUR", "-1 EUR", "-1 EUR"},
	} {
		s := Sum{json.Number(tt.amount), tt.currency}
		if got := s.spell("en"); got != tt.en {
			t.Errorf("got %q, want %q", got, tt.en)
		}
		if got := s.spell("de"); got != tt.de {
			t.Errorf("got %q, want %q", got, tt.de)
		}
	}
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		p        orders.Product
		subtotal string // "" for none
	}{
		{orders.Product{Quantity: 2, PricePerUnit: "10500", Currency: "SATS"}, "21,000 sats"},
		{orders.Product{Quantity: 2, PricePerUnit: "10500", Subtotal: "20000", Currency: "SATS"}, "20,000 sats"},
		{orders.Product{Quantity: 1 << 40, PricePerUnit: "2100000000000000", Currency: "SATS"}, ""},
		{orders.Product{Quantity: 0, PricePerUnit: "5", Currency: "SATS"}, ""},
		{orders.Product{Quantity: 2, PricePerUnit: "9.90", Currency: "EUR"}, ""},
		{orders.Product{Quantity: 2}, ""},
	} {
		got := ""
		if l := lineOf(tt.p); l.Subtotal != nil {
			got = l.Subtotal.spell("en")
		}
		if got != tt.subtotal {
			t.Errorf("%+v: got %q", tt.p, got)
		}
	}
}

// What people call themselves stays what it is, whatever it looks like.
func TestWordsArePutInOnce(t *testing.T) {
	c := catalogue{"x": {Other: "{0} paid {1} to {0}, {2}"}}
	if got, err := c.say("x", "{1}", "5"); err != nil || got != "{1} paid 5 to {1}, {2}" {
		t.Errorf("got %q, %v", got, err)
	}
	if got := middle(strings.Repeat("é", 30)); got != strings.Repeat("é", 10)+"…"+strings.Repeat("é", 8) {
		t.Errorf("got %q", got)
	}
}
