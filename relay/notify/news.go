package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// News is what one notice tells, frozen when it is decided. Nothing private is in
// it, nor a key.
type News struct {
	Event    Event         `json:"event"`
	At       int64         `json:"at"` // ms: when it was decided
	OrderID  string        `json:"orderId"`
	Seq      int64         `json:"seq"`     // of the fact in the ledger
	Version  int64         `json:"version"` // of the order after it
	Status   orders.Status `json:"status"`  // after it
	Changed  []string      `json:"changed"` // the fields of the order that it changed
	By       string        `json:"by"`      // the role of who caused it
	Unproven bool          `json:"unproven,omitempty"`
}

func readNews(content string) (n News, err error) {
	err = json.Unmarshal([]byte(content), &n)
	return n, err
}

// EventOf is what a notice tells, "" where that cannot be read.
func EventOf(n ledger.Notice) Event {
	news, err := readNews(n.Content)
	if err != nil {
		return ""
	}
	return news.Event
}

func (n *News) json() string {
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(text)
}

// payload is the body that is posted to webhooks.
func (n *News) payload() []byte {
	body, err := json.Marshal(struct {
		Type      Event  `json:"type"`
		Timestamp string `json:"timestamp"`
		Data      any    `json:"data"`
	}{n.Event, time.UnixMilli(n.At).UTC().Format("2006-01-02T15:04:05.000Z"), struct {
		OrderID string        `json:"order_id"`
		Seq     int64         `json:"seq"`
		Version int64         `json:"version"`
		Status  orders.Status `json:"status"`
		Changed []string      `json:"changed"`
	}{n.OrderID, n.Seq, n.Version, n.Status, n.Changed}})
	if err != nil {
		panic(err) // strings and numbers
	}
	return body
}

// who names who caused it.
func (n *News) who() string {
	switch n.By {
	case "buyer", "seller":
		return "the " + n.By
	case "admin":
		return "the arbiter"
	}
	return "the relay"
}

// subject is what happened, in a few words.
func (n *News) subject() string {
	return fmt.Sprintf("Order %s: %s", n.OrderID, map[Event]string{
		Created: "new", PaymentRequested: "payment requested", Paid: "paid, the buyer says", PaymentConfirmed: "payment confirmed",
		Processing: "in the works", Shipped: "a parcel is on its way", Delivered: "delivered", Cancelled: "cancelled",
		Disputed: "disputed", Resolved: "dispute settled", Refunded: "refunded", AddressChanged: "another address",
		Exception: "trouble on the way",
	}[n.Event])
}

// sentence is what happened, for who it concerns. It begins with no command's word
// (enrol.ParseCommand): every one begins with a capital letter and a word that is none.
func (n *News) sentence() string {
	var text string
	switch n.Event {
	case Created:
		text = "There is a new order, %s."
	case PaymentRequested:
		text = "The seller asks for the payment of order %s."
	case Paid:
		text = "The buyer says that order %s is paid."
	case PaymentConfirmed:
		text = "The payment of order %s is confirmed."
	case Processing:
		text = "The seller is at work on order %s."
	case Shipped:
		text = "A parcel of order %s is on its way."
	case Delivered:
		text = "Order %s has arrived, says " + n.who() + "."
	case Cancelled:
		text = "Order %s was cancelled by " + n.who() + "."
	case Disputed:
		text = "Order %s is disputed by " + n.who() + "."
	case Resolved:
		text = "A dispute about order %s was settled by " + n.who() + "."
	case Refunded:
		text = "The seller says that money of order %s was paid back."
	case AddressChanged:
		text = "The buyer wants order %s sent to another address."
	case Exception:
		text = "The seller reports trouble with order %s."
	default:
		text = "Order %s has changed."
	}
	text = fmt.Sprintf(text, n.OrderID) + fmt.Sprintf(" Status: %s.", n.Status)
	if n.Unproven {
		text += " Who says so has not proven to be a party of it."
	}
	return text
}
