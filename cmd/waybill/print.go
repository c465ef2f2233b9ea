package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/waybill-relay/waybill/orders"
)

// printList is a page as a table.
func printList(out io.Writer, page orders.Page) error {
	if len(page.Items) == 0 {
		_, err := fmt.Fprintln(out, "No orders.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ORDER\tDATE\tBUYER\tSELLER\tTOTAL\tSTATUS\tPAYMENT")
	for _, o := range page.Items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d sats\t%s\t%s\n", middle(o.IntentID, 28), clock(o.CreatedTimestamp),
			middle(o.BuyerNpub, 16), middle(o.SellerNpub, 16), o.GrandTotal, statusOf(o), o.Payment)
	}
	fmt.Fprintf(w, "\n%d of %d", len(page.Items), page.Total)
	if page.Next != "" {
		fmt.Fprintf(w, " (go on with --cursor %s)", page.Next)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

func printOrder(out io.Writer, o openedOrder) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, plain(value))
		}
	}
	row("Order", o.IntentID)
	row("Status", statusOf(o.Order))
	row("Payment", string(o.Payment))
	row("Buyer", o.BuyerNpub)
	row("Seller", o.SellerNpub)
	row("Begun", clock(o.CreatedTimestamp))
	for _, p := range o.Products {
		row("Product", fmt.Sprintf("%d × %s", p.Quantity, first(p.Title, p.ProductID)))
	}
	total := fmt.Sprintf("%d sats", o.GrandTotal)
	if o.FiatTotal != nil {
		total += fmt.Sprintf(" (%s %s, as the client named it)", o.FiatTotal.Amount, o.FiatTotal.Currency)
	}
	row("Total", total)
	if o.CheckoutID != o.OrderID {
		row("Checkout", o.CheckoutID)
	}
	if o.Trust == orders.Unbound {
		row("Trust", "its first word came from a throw-away key")
	}
	row("Pay by", o.text(o.PaymentLink))
	row("Ship to", o.text(o.ShippingAddress))
	for _, s := range o.Shipments {
		row("Parcel", strings.TrimSpace(s.Carrier+" "+s.TrackingNumber))
	}
	if o.EstimatedDeliveryDate > 0 {
		row("Expected", clock(o.EstimatedDeliveryDate))
	}
	row("Buyer's note", o.text(o.BuyerNotes))
	row("Seller's note", o.text(o.SellerNotes))
	row("Cancelled", o.text(o.CancelReason))
	row("Dispute", o.text(o.DisputeReason))
	row("Resolution", o.text(o.DisputeResolution))
	for _, e := range o.Exceptions {
		row("Look at", e.Code)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "TIME\tWHO\tWHAT\t\t")
	for _, e := range o.Timeline {
		verdict := ""
		if !e.OK {
			verdict = "refused: " + string(e.Reason)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", clock(e.At), first(e.Role, "stranger"), e.Verb, details(e), verdict)
	}
	return w.Flush()
}

// statusOf says beside the status what a seller should know before he looks at all.
func statusOf(o *orders.Order) string {
	if o.Held {
		return string(o.Status) + " (spam?)"
	}
	return string(o.Status)
}

func details(e orders.TimelineEntry) string {
	var ds []string
	if e.Amount != nil {
		ds = append(ds, fmt.Sprintf("%d sats", *e.Amount))
	}
	if e.Fiat != nil {
		ds = append(ds, plain(string(e.Fiat.Amount)+" "+e.Fiat.Currency))
	}
	for _, s := range []string{e.Medium, e.Mint, e.Carrier, e.Tracking, string(e.Outcome), e.Code} {
		if s != "" {
			ds = append(ds, plain(s))
		}
	}
	if e.Trust == orders.Unbound {
		ds = append(ds, "unproven sender")
	}
	return strings.Join(ds, ", ")
}

func printStats(out io.Writer, s orders.Stats) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Orders\t%d\n", s.TotalOrders)
	for _, status := range orders.Statuses {
		fmt.Fprintf(w, "  %s\t%d\n", status, s.OrdersByStatus[status])
	}
	fmt.Fprintf(w, "Revenue\t%d sats\nSpent\t%d sats\nAverage\t%d sats\n", s.TotalRevenue, s.TotalSpent, s.AverageOrderValue)
	return w.Flush()
}

// middle cuts the middle out of a long id: its ends tell it apart.
func middle(s string, most int) string {
	if len(s) <= most {
		return s
	}
	head := (most - 1) / 2
	return s[:head] + "…" + s[len(s)-(most-1-head):]
}

func clock(ms int64) string { return time.UnixMilli(ms).Local().Format("2006-01-02 15:04") }

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// plain keeps a stranger's text from steering the terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
}

// byCount are the names of what was counted, the most frequent first.
func byCount[N cmp.Ordered](counts map[string]N) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
