package dialect

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// decimal reads a number that is not negative, exactly: "21000", "21000.00",
// "1,234.5" (en-US thousands), "1e-7" (how JavaScript writes a small one). The
// result is plain decimal digits without exponent, fit for JSON.
func decimal(s string) (n json.Number, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 48 {
		return "", false
	}
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e < -30 || e > 30 {
			return "", false
		}
		mantissa, exponent = s[:i], e
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	if point && fraction == "" || whole == "" {
		return "", false
	}
	if strings.Contains(whole, ",") {
		groups := strings.Split(whole, ",")
		for i, g := range groups {
			if len(g) != 3 && (i > 0 || len(g) == 0 || len(g) > 3) {
				return "", false
			}
		}
		whole = strings.Join(groups, "")
	}
	if !isDigits(whole) || !isDigits(fraction) {
		return "", false
	}
	switch {
	case exponent > 0:
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	case exponent < 0:
		whole = strings.Repeat("0", max(0, -exponent-len(whole))) + whole
		cut := len(whole) + exponent
		whole, fraction = whole[:cut], whole[cut:]+fraction
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if len(whole) > 20 || len(fraction) > 40 {
		return "", false
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return json.Number(whole), true
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// integer reads a whole number in [0, most]; "21000.00" is whole.
func integer(s string, most int64) (int64, bool) {
	n, ok := decimal(s)
	if !ok {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(string(n), ".")
	i, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || i > most || strings.Trim(fraction, "0") != "" {
		return 0, false
	}
	return i, true
}

// sats reads an amount. What is none, or more than there can be, is left out
// and flagged: it never fails the message.
func sats(st *orders.Statement, s string) *int64 {
	n, ok := integer(s, orders.MaxSats)
	if !ok {
		flag(st, FlagBadAmount)
		return nil
	}
	return &n
}

// quantity reads how many, "" for one; 0 where it cannot be read, and flagged.
func quantity(st *orders.Statement, s string) int64 {
	if s == "" {
		return 1
	}
	n, ok := integer(s, maxQuantity)
	if !ok {
		flag(st, FlagBadItem)
	}
	return n
}

// total reads an amount and the currency it is in, "" for sats, into st: as sats
// where that is what it is worth by definition, else beside them.
func total(st *orders.Statement, s, code string) {
	c := currency(code)
	if code == "" {
		c = "SATS"
	}
	n, ok := decimal(s)
	switch {
	case c == "SATS":
		st.Amount = sats(st, s)
	case !ok || c == "":
		flag(st, FlagBadAmount)
	case c == "BTC":
		if st.Amount = satsOfBitcoin(n); st.Amount == nil {
			flag(st, FlagBadAmount)
		}
	case c == "MSAT" || c == "MSATS":
		if n, ok := integer(s, orders.MaxSats*1000); ok {
			n = wholeSats(n)
			st.Amount = &n
		} else {
			flag(st, FlagBadAmount)
		}
	default:
		st.Fiat = &orders.Money{Amount: n, Currency: c}
	}
}

// wholeSats is how many sats it takes to pay msat, which is not negative.
func wholeSats(msat int64) int64 { return msat/1000 + (msat%1000+999)/1000 }

// times is price × quantity, exactly, with the decimals of the price.
func times(price json.Number, quantity int64) json.Number {
	whole, fraction, _ := strings.Cut(string(price), ".")
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return ""
	}
	digits := n.Mul(n, big.NewInt(quantity)).String()
	if fraction == "" {
		return json.Number(digits)
	}
	digits = strings.Repeat("0", max(0, len(fraction)+1-len(digits))) + digits
	cut := len(digits) - len(fraction)
	return json.Number(digits[:cut] + "." + digits[cut:])
}

// msOfSeconds reads a Unix time in seconds as milliseconds; one that can only
// be meant in milliseconds is taken as such. 0 where it is none, and flagged.
func msOfSeconds(st *orders.Statement, s string) int64 {
	n, ok := integer(s, latest*1000)
	switch {
	case !ok || n == 0:
		flag(st, FlagBadTime)
		return 0
	case n > latest:
		return n
	}
	return n * 1000
}

// msOfDate reads a time as JSON clients write it: Unix seconds or milliseconds,
// RFC 3339, or a date alone, which is taken as its midnight in UTC.
func msOfDate(st *orders.Statement, s string) int64 {
	if s = strings.TrimSpace(s); isDigits(s) {
		return msOfSeconds(st, s)
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.UnixMilli() > 0 && t.Unix() <= latest {
			return t.UnixMilli()
		}
	}
	flag(st, FlagBadTime)
	return 0
}

// currency is the code of a currency, SATS for all spellings of it; "" where s
// is none.
func currency(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	for i := 0; i < len(s); i++ {
		if s[i] < 'A' || s[i] > 'Z' {
			return ""
		}
	}
	switch {
	case s == "SAT" || s == "SATOSHI" || s == "SATOSHIS":
		return "SATS"
	case len(s) > 10:
		return ""
	}
	return s
}

// checkTotal flags a total that is not the sum of the lines, or cannot be told
// to be, for a line is priced in neither sats nor bitcoin.
func checkTotal(st *orders.Statement) {
	if st.Amount == nil || len(st.Products) == 0 {
		return
	}
	sum := new(big.Rat)
	for _, p := range st.Products {
		n, ok := new(big.Rat).SetString(string(p.Subtotal))
		switch {
		case !ok || p.Subtotal == "":
			flag(st, FlagTotalClaimed)
			return
		case p.Currency == "BTC":
			n.Mul(n, big.NewRat(100_000_000, 1))
		case p.Currency != "SATS":
			flag(st, FlagTotalConverted)
			return
		}
		sum.Add(sum, n)
	}
	if sum.Cmp(new(big.Rat).SetInt64(*st.Amount)) != 0 {
		flag(st, FlagTotalClaimed)
	}
}
