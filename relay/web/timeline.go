package web

import (
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// A Block is one piece of the timeline: a message that counts, or one or several in a
// row that do not, folded.
type Block struct {
	Entry   *Entry
	Refused []Entry
}

// An Entry is one message in the history of an order, in words.
type Entry struct {
	orders.TimelineEntry
	Icon    string
	Who     string  // you, party, admin, node, other
	Person  *Person // nil where nobody is named
	Apart   bool    // it arrived at another time than it says
	Proven  bool
	Strange []string // flags that there are words for, else "other"
	Sum     *Sum
	Page    string   // of the carrier, about its parcel
	Secrets []Secret // what is said in it, in private
	More    []Secret // what else is in it: evidence, and what the page shows elsewhere
}

// A Secret is a place where something private stands once the viewer's signer has
// opened it, in his browser.
type Secret struct {
	Fact  string
	Field orders.Field
	Opens bool // there is a box of it for the viewer
}

// apartFrom is how far (ms) the two times of a message are apart to be told apart.
const apartFrom = 5 * 60_000

var verbIcons = map[orders.Verb]string{
	orders.Intent: "shopping-bag", orders.Request: "receipt", orders.Paid: "hand-coins", orders.Confirm: "coins",
	orders.Process: "package", orders.Shipped: "truck", orders.Delivered: "circle-check", orders.Cancel: "circle-x",
	orders.Dispute: "scale", orders.Resolved: "shield-check", orders.Refunded: "undo-2", orders.Address: "map-pin",
	orders.Note: "message-square", orders.Exception: "triangle-alert",
}

// flagCodes are the flags that there are words for.
var flagCodes = []orders.Flag{
	"cut", "bad-amount", "bad-item", "bad-time", "foreign-item", "unknown-status", "total-claimed", "total-converted",
	"sender-mismatch", "content-mismatch", "repeated-lines", "invoice-mismatch", "proof-mismatch", "holds-token",
	"holds-address", "holds-tracking", "paid-mismatch", "other-buyer", "quantity-claimed",
}

// evidence is what few readers want to see of a message.
var evidence = []orders.Field{orders.FieldContent, orders.FieldProof, orders.FieldReference}

// shownElsewhere reports whether secret is one that stands, with a place of its own.
func shownElsewhere(o *orders.Order, secret Secret) bool {
	for _, s := range []*orders.Sealed{o.PaymentLink, o.ShippingAddress, o.Contact} {
		if s != nil && s.Fact == secret.Fact && s.Field == secret.Field {
			return true
		}
	}
	return false
}

// timelineOf are the messages of the order as viewer (hex) reads them, the latest
// first; who are the persons that they name.
func timelineOf(o *orders.Order, viewer string, who map[string]*Person) []Block {
	var all []Block
	for _, e := range slices.Backward(o.Timeline) {
		entry := entryOf(o, e, viewer, who)
		switch last := len(all) - 1; {
		case e.OK:
			all = append(all, Block{Entry: &entry})
		case last >= 0 && all[last].Entry == nil:
			all[last].Refused = append(all[last].Refused, entry)
		default:
			all = append(all, Block{Refused: []Entry{entry}})
		}
	}
	return all
}

func entryOf(o *orders.Order, e orders.TimelineEntry, viewer string, who map[string]*Person) Entry {
	entry := Entry{
		TimelineEntry: e, Icon: verbIcons[e.Verb], Who: whoSaid(e, viewer), Person: who[e.Sender],
		Apart: max(e.At-e.ReceivedAt, e.ReceivedAt-e.At) > apartFrom, Proven: e.Trust == orders.Bound,
		Page: trackingPage(e.Carrier, e.Tracking),
	}
	if entry.Icon == "" {
		entry.Icon = "circle"
	}
	for _, f := range e.Flags {
		if !slices.Contains(flagCodes, f) {
			f = "other"
		}
		entry.Strange = append(entry.Strange, string(f))
	}
	entry.Strange = slices.Compact(entry.Strange)
	if s, ok := sumOf(e.Amount, e.Fiat); ok {
		entry.Sum = &s
	}
	for _, f := range e.Carries {
		secret := secretIn(o, e.Fact, f)
		if slices.Contains(evidence, f) || shownElsewhere(o, secret) {
			entry.More = append(entry.More, secret)
		} else {
			entry.Secrets = append(entry.Secrets, secret)
		}
	}
	return entry
}

// disputeOf are the words of both sides, and of the arbiter, in a dispute: what counts.
func disputeOf(o *orders.Order, viewer string, who map[string]*Person) (all []Entry) {
	for _, e := range o.Timeline {
		if e.OK && (e.Verb == orders.Dispute || e.Verb == orders.Resolved) {
			all = append(all, entryOf(o, e, viewer, who))
		}
	}
	return all
}

// whoSaid is what the sender of a message is to the viewer.
func whoSaid(e orders.TimelineEntry, viewer string) string {
	switch {
	case e.Sender != "" && e.Sender == viewer:
		return "you"
	case e.Role == orders.Buyer.String(), e.Role == orders.Seller.String():
		return "party"
	case e.Role == orders.Admin.String(), e.Role == orders.Node.String():
		return e.Role
	}
	return "other"
}

// secretIn is the place of a private field of a message; what is not in the order's
// Boxes is sealed to others (orders.Reader).
func secretIn(o *orders.Order, fact string, field orders.Field) Secret {
	_, opens := o.Boxes[fact]
	return Secret{fact, field, opens}
}

// secretOf is the same for a field of the order, nil where there is none.
func secretOf(o *orders.Order, s *orders.Sealed) *Secret {
	if s == nil {
		return nil
	}
	secret := secretIn(o, s.Fact, s.Field)
	return &secret
}
