package dialect

import (
	"fmt"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestDecimal(t *testing.T) {
	tests := map[string]string{
		"21000": "21000", "21000.00": "21000.00", "1,234.5": "1234.5", "1,234,567": "1234567",
		" 7 ": "7", "007": "7", "0": "0", "000.5": "0.5", "1e3": "1000", "1.25e1": "12.5", "1E-7": "0.0000001", "12.5e-1": "1.25",
		"": "", "-1": "", "+1": "", "1,23": "", "1234,567": "", ",123": "", "1.": "", ".5": "", "1.2.3": "", "1.000,00": "",
		"1e999999999": "", "1e31": "", "1e30": "", "0x10": "", "NaN": "", "１２": "", "123456789012345678901": "",
	}
	for in, want := range tests {
		if got, ok := decimal(in); string(got) != want || ok != (want != "") {
			t.Errorf("decimal(%q): got %q %v, want %q", in, got, ok, want)
		}
	}
}

func TestTotal(t *testing.T) {
	tests := []struct{ amount, code, want string }{
		{"21000", "", "21000"}, {"21000.00", "sat", "21000"}, {"0.5", "SATS", "bad-amount"}, {"-1", "", "bad-amount"},
		{"21000000", "MSATS", "21000"}, {"1001", "msat", "2"}, {"0", "MSATS", "0"}, {"0.5", "MSATS", "bad-amount"},
		{"0.001", "BTC", "100000"}, {"1e-9", "BTC", "bad-amount"},
		{"12.50", "eur", "12.50 EUR"}, {"many", "EUR", "bad-amount"}, {"12", "€", "bad-amount"},
		{"2100000000000001", "", "bad-amount"}, {"2100000000000000001", "MSATS", "bad-amount"},
	}
	for _, tt := range tests {
		var st orders.Statement
		total(&st, tt.amount, tt.code)
		var got string
		switch {
		case len(st.Flags) > 0:
			got = string(st.Flags[0])
		case st.Amount != nil:
			got = fmt.Sprint(*st.Amount)
		case st.Fiat != nil:
			got = string(st.Fiat.Amount) + " " + st.Fiat.Currency
		}
		if got != tt.want {
			t.Errorf("%s %q: got %s, want %s", tt.amount, tt.code, got, tt.want)
		}
	}
}

func TestTimes(t *testing.T) {
	tests := []struct {
		price    string
		quantity int64
		want     string
	}{
		{"12.50", 2, "25.00"}, {"0.001", 3, "0.003"}, {"0.05", 0, "0.00"}, {"7", 6, "42"},
		{"99999999999999999999", maxQuantity, "99999999999999999999000000000"},
	}
	for _, tt := range tests {
		price, _ := decimal(tt.price)
		if got := times(price, tt.quantity); string(got) != tt.want {
			t.Errorf("%s × %d: got %s, want %s", tt.price, tt.quantity, got, tt.want)
		}
	}
}

func TestTimesOfDay(t *testing.T) {
	tests := map[string]int64{
		"1760600000": 1760600000000, "1760600000000": 1760600000000,
		"2025-10-25": 1761350400000, "2025-10-25T12:00:00+02:00": 1761386400000,
		"0": 0, "soon": 0, "-1": 0, "1e30": 0, "0000-01-01": 0, "9999-01-01": 0,
	}
	for in, want := range tests {
		var st orders.Statement
		if got := msOfDate(&st, in); got != want || (len(st.Flags) > 0) != (want == 0) {
			t.Errorf("msOfDate(%q): got %d, flags %v, want %d", in, got, st.Flags, want)
		}
	}
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"plain": "plain", " a\nb\t": "a b", "a\x00b\x7f": "ab", "\u202eevil\u2066": "evil", "1️⃣ 👩‍🌾": "1️⃣ 👩‍🌾",
	}
	for in, want := range tests {
		var st orders.Statement
		if got := clean(&st, in, 40); got != want || len(st.Flags) > 0 {
			t.Errorf("clean(%q): got %q, want %q", in, got, want)
		}
	}
	var st orders.Statement
	if got := clean(&st, "ééééé", 7); got != "ééé" || len(st.Flags) != 1 {
		t.Errorf("cut: got %q, flags %v", got, st.Flags)
	}
	for in, want := range map[string]string{
		"https://x.example/a": "https://x.example/a", "HTTP://x": "HTTP://x",
		"javascript:alert(1)": "", "data:text/html,x": "", "https://": "", "https://x y": "", "//x": "",
	} {
		if got := webURL(in); got != want {
			t.Errorf("webURL(%q): got %q, want %q", in, got, want)
		}
	}
}
