package export

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// Mark is what some spreadsheet programs need at the beginning of a file to read it
// as UTF-8.
const Mark = "\xef\xbb\xbf"

// A column is one of the table. Text is what people, and strangers, wrote: it is kept
// from being a formula. The others hold what we wrote, numbers and times among them.
type column struct {
	name string
	text bool
	cell func(*Entry) string
}

var columns = []column{
	{"order_id", true, func(e *Entry) string { return e.IntentID }},
	{"client_order_id", true, func(e *Entry) string { return e.OrderID }},
	{"created", false, at(func(o *orders.Order) int64 { return o.CreatedTimestamp })},
	{"updated", false, at(func(o *orders.Order) int64 { return o.UpdatedTimestamp })},
	{"status", false, func(e *Entry) string { return string(e.Status) }},
	{"payment", false, func(e *Entry) string { return string(e.Payment) }},
	{"buyer", false, func(e *Entry) string { return e.BuyerNpub }},
	{"seller", false, func(e *Entry) string { return e.SellerNpub }},
	{"items", true, func(e *Entry) string { return items(e.Order) }},
	{"quantity", false, func(e *Entry) string { return strconv.FormatInt(quantity(e.Order), 10) }},
	{"total_sats", false, sats(func(o *orders.Order) int64 { return o.TotalSats })},
	{"shipping_sats", false, sats(func(o *orders.Order) int64 { return o.ShippingQuote })},
	{"grand_total_sats", false, sats(func(o *orders.Order) int64 { return o.GrandTotal })},
	{"refunded_sats", false, sats(func(o *orders.Order) int64 { return o.RefundedSats })},
	{"fiat_amount", true, func(e *Entry) string { return string(fiat(e.Order).Amount) }},
	{"fiat_currency", true, func(e *Entry) string { return fiat(e.Order).Currency }},
	{"payment_requested", false, at(func(o *orders.Order) int64 { return o.PaymentRequestedTimestamp })},
	{"paid", false, at(func(o *orders.Order) int64 { return o.PaymentConfirmedTimestamp })},
	{"payment_verified", false, at(func(o *orders.Order) int64 { return o.PaymentVerifiedTimestamp })},
	{"shipped", false, at(func(o *orders.Order) int64 { return o.ShippingTimestamp })},
	{"carrier", true, func(e *Entry) string { return parcels(e.Order, func(s orders.Shipment) string { return s.Carrier }) }},
	{"tracking_number", true, func(e *Entry) string {
		return parcels(e.Order, func(s orders.Shipment) string { return s.TrackingNumber })
	}},
	{"estimated_delivery", false, at(func(o *orders.Order) int64 { return o.EstimatedDeliveryDate })},
	{"delivered", false, at(func(o *orders.Order) int64 { return o.ActualDeliveryTimestamp })},
	{"disputed", false, at(func(o *orders.Order) int64 { return o.DisputeTimestamp })},
	{"dispute_outcome", false, func(e *Entry) string { return string(e.DisputeOutcome) }},
	{"exceptions", true, func(e *Entry) string { return exceptions(e.Order) }},
	{"checkout_id", true, func(e *Entry) string { return e.CheckoutID }},
	{"dialect", true, func(e *Entry) string { return e.Dialect }},
}

// opened are the columns of what the caller opened.
var opened = []column{
	{"shipping_address", true, func(e *Entry) string { return e.text(e.ShippingAddress) }},
	{"contact", true, func(e *Entry) string { return contact(e) }},
	{"payment_link", true, func(e *Entry) string { return e.text(e.PaymentLink) }},
	{"buyer_notes", true, func(e *Entry) string { return e.text(e.BuyerNotes) }},
	{"seller_notes", true, func(e *Entry) string { return e.text(e.SellerNotes) }},
	{"cancel_reason", true, func(e *Entry) string { return e.text(e.CancelReason) }},
	{"dispute_reason", true, func(e *Entry) string { return e.text(e.DisputeReason) }},
	{"dispute_resolution", true, func(e *Entry) string { return e.text(e.DisputeResolution) }},
}

// NewCSV writes a table (RFC 4180) with a row for each order and a first row of
// names; with private, with the columns of what was opened. Times are RFC 3339 in
// UTC, amounts whole numbers of sats.
//
// There is one row for an order, whatever is in it: the column items has all
// products, and columns of sums can be added up.
func NewCSV(w io.Writer, private bool) Writer {
	t := &table{out: csv.NewWriter(w), columns: columns, below: w}
	t.out.UseCRLF = true
	if private {
		t.columns = slices.Concat(columns, opened)
	}
	return t
}

type table struct {
	out     *csv.Writer
	below   io.Writer
	columns []column
	begun   bool
}

func (t *table) Write(e Entry) error {
	if err := t.begin(); err != nil {
		return err
	}
	cells := make([]string, len(t.columns))
	for i, c := range t.columns {
		if cells[i] = c.cell(&e); c.text {
			cells[i] = Text(cells[i])
		}
	}
	return t.out.Write(cells)
}

func (t *table) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return t.out.Write(names)
}

func (t *table) Close() error {
	if err := t.begin(); err != nil {
		return err
	}
	t.out.Flush()
	flush(t.below)
	return t.out.Error()
}

// Text makes a cell of what somebody wrote: a spreadsheet takes what begins with one
// of = + - @, or with a character that it skips before looking, for a formula, so
// that gets an apostrophe, which says that it is text. NUL, on which some programs
// end, is left out.
func Text(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if rest := strings.TrimLeft(s, " \u00a0\u3000\ufeff\v\f"); rest != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(rest)[0]) {
		return "'" + s
	}
	return s
}

func at(ms func(*orders.Order) int64) func(*Entry) string {
	return func(e *Entry) string {
		n := ms(e.Order)
		if n == 0 {
			return ""
		}
		t := time.UnixMilli(n).UTC()
		if y := t.Year(); y < 0 || y > 9999 {
			return "" // a sender's clock; JSON has it
		}
		return t.Format("2006-01-02T15:04:05.000Z07:00")
	}
}

func sats(n func(*orders.Order) int64) func(*Entry) string {
	return func(e *Entry) string { return strconv.FormatInt(n(e.Order), 10) }
}

func items(o *orders.Order) string {
	lines := make([]string, len(o.Products))
	for i, p := range o.Products {
		name := p.Title
		if name == "" {
			name = p.ProductID
		}
		lines[i] = strconv.FormatInt(p.Quantity, 10) + " × " + name
	}
	return strings.Join(lines, "; ")
}

func quantity(o *orders.Order) (n int64) {
	for _, p := range o.Products {
		n += p.Quantity
	}
	return n
}

func fiat(o *orders.Order) orders.Money {
	if o.FiatTotal == nil {
		return orders.Money{}
	}
	return *o.FiatTotal
}

func parcels(o *orders.Order, part func(orders.Shipment) string) string {
	var all []string
	for _, s := range o.Shipments {
		if v := part(s); v != "" {
			all = append(all, v)
		}
	}
	return strings.Join(all, "; ")
}

func exceptions(o *orders.Order) string {
	codes := make([]string, len(o.Exceptions))
	for i, e := range o.Exceptions {
		codes[i] = e.Code
	}
	return strings.Join(codes, "; ")
}

func contact(e *Entry) string {
	if e.Contact == nil {
		return ""
	}
	data := e.Opened[e.Contact.Fact].Contact
	var all []string
	for _, name := range slices.Sorted(maps.Keys(data)) {
		all = append(all, name+": "+data[name])
	}
	return strings.Join(all, "; ")
}
