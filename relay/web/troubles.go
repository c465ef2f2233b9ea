package web

import (
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// A Trouble is something that a human should look at, in words.
type Trouble struct {
	Code string // one of troubleCodes, "after-cancel" or "other"
	Raw  string // the order's own code
	At   int64  // ms; 0: no certain time
	Fact string // the message in the timeline that it comes from, "" for none
}

// troubleCodes are the exceptions that there are words for.
var troubleCodes = []string{
	"cancel-refused", "underpaid", "overpaid", "paid-late", "refund-asked", "return-requested", "refund-requested",
	"exchange-requested", "shipping-exception", "expired", "late",
}

func troublesOf(o *orders.Order) []Trouble {
	var all []Trouble
	for _, e := range o.Exceptions {
		t := Trouble{Code: e.Code, Raw: e.Code, At: e.At, Fact: e.Fact}
		switch {
		case slices.Contains(troubleCodes, e.Code):
		case strings.HasSuffix(e.Code, "-after-cancel"):
			t.Code = "after-cancel"
		default:
			t.Code = "other"
		}
		all = append(all, t)
	}
	return all
}
