package dialect

import (
	"cmp"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// Waybill's own messages are those of the Gamma specification, and where that
// has no word, these; all are read from any client:
//
//	kind 16, type 1   the buyer's order. Beside Gamma: `note`, `checkout`, and in
//	                  an `item` after address and quantity: image, title, price
//	                  of one, currency (SATS where it is left out)
//	kind 16, type 2   `shipping_quote` (sats), `eta` (Unix seconds)
//	kind 16, type 3   `status` beside Gamma's: delivered, disputed, resolved
//	                  (`outcome`, `resolution`), refunded (`amount`, `payment`),
//	                  address (`address`, contact tags: the buyer has another one),
//	                  note (the same as the kind 14 below, for a message that is posted)
//	kind 16, type 4   `status` exception with `reason`
//	kind 17           a receipt may carry `address` and contact tags
//	kind 14, `order`  a note on that order; with `status` note it is nothing but
//	                  that, otherwise another client's JSON or form in it is read,
//	                  and a payment link counts as a request
//
// Beside `amount` a `currency` may stand, which is read and never written.
//
// Contact tags are `name`, `email`, `phone`, `contact` (of one value), and
// `contact` with a name and a value. Where a tag `note`, `reason` or
// `resolution` is there, even empty, it wins over the content; where it is not,
// the content is the reason, the resolution, and in an order or a chat message
// the note.
//
// A ruling is a `resolved` or `cancelled` addressed to the relay's key alone,
// with tags `buyer` and `seller`.

// fields is a set of things that a message can say beside its verb.
type fields uint16

const (
	amount fields = 1 << iota
	items
	payment // link, or medium, reference and proof
	expiry
	quote
	eta
	parcel // tracking, carrier
	shipping
	address // and contact
	reason
	outcome // and resolution
	note
)

// form is how one verb is written.
type form struct {
	verb     orders.Verb
	kind     int
	typ      string
	status   string
	subject  string
	fields   fields // what is read and written with the verb; the rest is not its business
	sentence string // for whoever reads it in a chat client
}

var forms = []form{
	{orders.Intent, kindOrder, "1", "", "order-info", amount | items | shipping | address | note, "New order"},
	{orders.Request, kindOrder, "2", "", "order-payment", amount | payment | expiry | quote | eta | note, "Please pay for order"},
	{orders.Paid, kindReceipt, "", "", "order-receipt", amount | payment | address | note, "Payment sent for order"},
	{orders.Confirm, kindOrder, "3", "confirmed", "order-info", eta | note, "Payment received for order"},
	{orders.Process, kindOrder, "3", "processing", "order-info", eta | note, "Being prepared: order"},
	{orders.Shipped, kindOrder, "4", "shipped", "shipping-info", parcel | eta | note, "On its way: order"},
	{orders.Delivered, kindOrder, "3", "delivered", "order-info", note, "Delivered: order"},
	{orders.Cancel, kindOrder, "3", "cancelled", "order-info", reason | note, "Cancelled: order"},
	{orders.Dispute, kindOrder, "3", "disputed", "order-info", reason | note, "There is a problem with order"},
	{orders.Resolved, kindOrder, "3", "resolved", "order-info", outcome | note, "The problem is settled with order"},
	{orders.Refunded, kindOrder, "3", "refunded", "order-info", amount | payment | note, "Refund for order"},
	{orders.Address, kindOrder, "3", "address", "order-info", address | note, "New address for order"},
	{orders.Note, kindChat, "", "note", "", note, ""},
	{orders.Exception, kindOrder, "4", "exception", "shipping-info", parcel | eta | reason | note, "Trouble with the delivery of order"},
}

var formOf = func() map[orders.Verb]form {
	m := make(map[orders.Verb]form, len(forms))
	for _, f := range forms {
		m[f.verb] = f
	}
	for _, r := range orders.Rules {
		if _, ok := m[r.Verb]; !ok {
			panic("dialect: no form for the verb " + string(r.Verb))
		}
	}
	return m
}()

// spelling folds what clients write for one status.
var spelling = map[string]string{
	"cancel": "cancelled", "canceled": "cancelled", "rejected": "cancelled", "declined": "cancelled",
	"complete": "completed",
	"confirm":  "confirmed", "accepted": "confirmed", "paid": "confirmed", "payment_received": "confirmed",
	"refund_requested": "refund-requested", "return_requested": "return-requested",
}

// saying is what a status word means, and which side alone writes it, 0 where both do
// or where that follows from the verb.
type saying struct {
	verb           orders.Verb
	sellerDelivers bool
	as             orders.Role
}

// orderStatus is the words of type 3. In it paid is the merchant's word for a
// payment that arrived; completed is said by merchants, and by Plebeian buyers.
// Pending only repeats what everybody knows. Who may say shipped, the verb tells;
// from delivered on, either side writes them.
var orderStatus = map[string]saying{
	"pending":    {verb: orders.Note, as: orders.Seller},
	"confirmed":  {verb: orders.Confirm, as: orders.Seller},
	"processing": {verb: orders.Process, as: orders.Seller},
	"shipped":    {verb: orders.Shipped},
	"completed":  {verb: orders.Delivered, sellerDelivers: true},
	"delivered":  {verb: orders.Delivered},
	"cancelled":  {verb: orders.Cancel},
	"disputed":   {verb: orders.Dispute},
	"resolved":   {verb: orders.Resolved},
	"refunded":   {verb: orders.Refunded},
	"address":    {verb: orders.Address},
	"note":       {verb: orders.Note},

	// No states, but what a human should look at.
	"refund-requested": {verb: orders.Note},
	"return-requested": {verb: orders.Note},
	"expired":          {verb: orders.Note},
}

// shippingStatus is the words of type 4.
var shippingStatus = map[string]saying{
	"processing": {verb: orders.Process},
	"shipped":    {verb: orders.Shipped},
	"delivered":  {verb: orders.Delivered, sellerDelivers: true},
	"exception":  {verb: orders.Exception},
}

// sayStatus makes of st what the status word of a message says. A word of no
// dialect makes it a note that keeps the word.
func sayStatus(st *orders.Statement, raw string, table map[string]saying) {
	folded := strings.ToLower(strings.TrimSpace(raw))
	if s, ok := spelling[folded]; ok {
		folded = s
	}
	s, known := table[folded]
	if !known {
		flag(st, FlagUnknownStatus)
		keepWord(st, raw)
		return
	}
	st.Verb, st.SellerDelivers, st.As = s.verb, s.sellerDelivers, cmp.Or(s.as, st.As)
	if s.verb == orders.Note && folded != "note" {
		st.Code = folded
	}
}

// keepWord makes st a note of a status word: in public where it is one word, as
// the note where it is more.
func keepWord(st *orders.Statement, raw string) {
	st.Verb = orders.Note
	if st.Code = word(raw); st.Code == "" {
		st.Private.Note = raw
	}
}
