package dialect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// wording is what a chat client shows of a message: the same that the tags say,
// in plain words. Preimages are left out, nobody can do anything with them; an
// ecash token is the money and must arrive.
func wording(d *orders.Draft, f form) string {
	p := &d.Private
	if d.Verb == orders.Note {
		return p.Note
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\n%s: %s", name, value)
		}
	}
	b.WriteString(f.sentence + " " + d.OrderID)
	has := f.fields
	if has&items != 0 {
		for _, it := range d.Products {
			fmt.Fprintf(&b, "\n%d × %s", it.Quantity, cmp.Or(it.Title, it.ProductID))
			if it.PricePerUnit != "" {
				fmt.Fprintf(&b, ", %s %s each", it.PricePerUnit, cmp.Or(it.Currency, "SATS"))
			}
		}
	}
	if has&amount != 0 && d.Amount != nil {
		line("Amount", fmt.Sprintf("%d sats", *d.Amount))
	}
	if has&quote != 0 && d.ShippingQuote != nil {
		line("Shipping", fmt.Sprintf("%d sats", *d.ShippingQuote))
	}
	if has&payment != 0 {
		line("By", d.Medium)
		switch {
		case d.Verb == orders.Request:
			line("Pay here", p.PaymentLink)
		case medium(d.Medium) == "ecash":
			line("Token", p.Proof)
		}
	}
	if has&shipping != 0 {
		line("Shipping option", d.Shipping)
	}
	if has&parcel != 0 {
		line("Carrier", d.Carrier)
		line("Tracking number", d.Tracking)
	}
	if has&eta != 0 && d.ETA > 0 {
		line("Expected by", time.UnixMilli(d.ETA).UTC().Format(time.DateOnly))
	}
	if has&address != 0 {
		line("Ship to", p.ShippingAddress)
		for _, name := range slices.Sorted(maps.Keys(p.Contact)) {
			line(name, p.Contact[name])
		}
	}
	if has&reason != 0 {
		line("Reason", p.Reason)
	}
	if has&outcome != 0 {
		line("Outcome", string(d.Outcome))
		line("Decision", p.Resolution)
	}
	if has&note != 0 {
		line("Note", p.Note)
	}
	return b.String()
}
