package web

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// A Phrase is a text of the catalogues with what is put into it: an int64 is grouped
// and a Sum spelled as the language does, whatever else stays as it is.
type Phrase struct {
	Key  string
	Args []any
}

// phrase is the text of p.
func (c catalogue) phrase(p Phrase, language string) (string, error) {
	args := make([]any, len(p.Args))
	for i, a := range p.Args {
		switch a := a.(type) {
		case int64:
			args[i] = group(a, language)
		case Sum:
			args[i] = a.spell(language)
		default:
			args[i] = a
		}
	}
	return c.say(p.Key, args...)
}

// A Sum is an amount of some currency, exact.
type Sum struct {
	Amount   json.Number
	Currency string // "SATS", or the code of another; "" where nobody has named it
}

const inSats = "SATS"

func sats(n int64) Sum { return Sum{json.Number(strconv.FormatInt(n, 10)), inSats} }

// sumOf is an amount in sats, or in another currency, where the message named it so;
// ok is false where it named none.
func sumOf(amount *int64, fiat *orders.Money) (s Sum, ok bool) {
	switch {
	case amount != nil:
		return sats(*amount), true
	case fiat != nil:
		return Sum{fiat.Amount, fiat.Currency}, true
	}
	return Sum{}, false
}

// InSats reports whether s is in sats.
func (s Sum) InSats() bool { return s.Currency == inSats }

// spell is the sum as a sentence has it.
func (s Sum) spell(language string) string {
	unit := s.Currency
	if s.InSats() {
		unit = "sats"
	}
	return strings.TrimSpace(decimal(s.Amount, language) + " " + unit)
}

var plainDecimal = regexp.MustCompile(`^\d{1,18}(\.\d+)?$`)

// decimal sets off the thousands and the fraction of n as the language does; what is
// no plain number stays as it is.
func decimal(n json.Number, language string) string {
	if !plainDecimal.MatchString(n.String()) {
		return n.String()
	}
	whole, fraction, fractional := strings.Cut(n.String(), ".")
	value, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return n.String()
	}
	text := group(value, language)
	if !fractional {
		return text
	}
	if language == "de" {
		return text + "," + fraction
	}
	return text + "." + fraction
}
