package notify

import (
	"path"
	"slices"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// An Event is a kind of news about an order. The names are part of the interface of
// webhooks.
type Event string

// The events.
const (
	Created          Event = "order.created"
	PaymentRequested Event = "order.payment_requested"
	Paid             Event = "order.paid" // the buyer says so
	PaymentConfirmed Event = "order.payment_confirmed"
	Processing       Event = "order.processing"
	Shipped          Event = "order.shipped"
	Delivered        Event = "order.delivered"
	Cancelled        Event = "order.cancelled"
	Disputed         Event = "order.disputed"
	Resolved         Event = "order.resolved"
	Refunded         Event = "order.refunded"
	AddressChanged   Event = "order.address_changed"
	Exception        Event = "order.exception"
)

// Events lists every event in the order of an order's life.
var Events = []Event{
	Created, PaymentRequested, Paid, PaymentConfirmed, Processing, Shipped, Delivered,
	Cancelled, Disputed, Resolved, Refunded, AddressChanged, Exception,
}

// eventOf is what a verb that has an effect is told as. A note is none: it is a
// message to the other party itself.
var eventOf = map[orders.Verb]Event{
	orders.Intent: Created, orders.Request: PaymentRequested, orders.Paid: Paid, orders.Confirm: PaymentConfirmed,
	orders.Process: Processing, orders.Shipped: Shipped, orders.Delivered: Delivered, orders.Cancel: Cancelled,
	orders.Dispute: Disputed, orders.Resolved: Resolved, orders.Refunded: Refunded, orders.Address: AddressChanged,
	orders.Exception: Exception,
}

// A Choice is a set of events as somebody wrote it: a list of names and globs
// ("order.*"). The empty one is all.
type Choice []string

// ParseChoice reads a list with commas or spaces. The "order." may be left out, and a
// status (payment-requested) is as good as the event. EINVALID where a part of it
// means no event.
func ParseChoice(text string) (Choice, error) {
	var c Choice
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		pattern := strings.ReplaceAll(strings.ToLower(word), "-", "_")
		if !strings.HasPrefix(pattern, "order.") {
			pattern = "order." + pattern
		}
		if !slices.ContainsFunc(Events, func(e Event) bool { return Choice{pattern}.Has(e) }) {
			return nil, orders.Errorf(orders.EINVALID, "%.40q is no event: there are %s", word, strings.Join(shortNames(), ", "))
		}
		if !slices.Contains(c, pattern) {
			c = append(c, pattern)
		}
	}
	return c, nil
}

// Has reports whether e is in the set.
func (c Choice) Has(e Event) bool {
	return len(c) == 0 || slices.ContainsFunc(c, func(pattern string) bool {
		ok, err := path.Match(pattern, string(e))
		return ok && err == nil
	})
}

// String is the list with commas.
func (c Choice) String() string { return strings.Join(c, ",") }

// words is the list for people.
func (c Choice) words() string {
	if len(c) == 0 {
		return "everything"
	}
	short := make([]string, len(c))
	for i, pattern := range c {
		short[i] = strings.TrimPrefix(pattern, "order.")
	}
	return strings.Join(short, ", ")
}

func shortNames() (names []string) {
	for _, e := range Events {
		names = append(names, strings.TrimPrefix(string(e), "order."))
	}
	return names
}
