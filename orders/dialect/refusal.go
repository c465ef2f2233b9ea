package dialect

import "errors"

// Refusal is why a message gives no statement: a stable code. It never holds
// anything of the message.
type Refusal string

// The refusals.
const (
	// ErrNotAnOrder: not an order message, nor a chat message that may be a
	// note: a reaction, a file, a deletion.
	ErrNotAnOrder Refusal = "not-an-order"
	// Repost: kind 16 or 17, but a repost or a reaction to a website. Is ErrNotAnOrder.
	Repost Refusal = "repost"
	// GroupMessage: more than one recipient.
	GroupMessage Refusal = "group-message"
	// NoRecipient: no p tag.
	NoRecipient Refusal = "no-recipient"
	// NotYourInbox: it landed in the inbox of somebody who is no party to it.
	NotYourInbox Refusal = "not-your-inbox"
	// BadKey: an id or a public key is not 64 lower-case hex digits.
	BadKey Refusal = "bad-key"
	// BadOrderID: the order id is empty, or there are two.
	BadOrderID Refusal = "bad-order-id"
	// BadAmount: a refund of an amount that cannot be read.
	BadAmount Refusal = "bad-amount"
	// BadOutcome: a ruling whose outcome is none of the three.
	BadOutcome Refusal = "bad-outcome"
	// BadJSON: JSON too deep, too long, or with a key twice.
	BadJSON Refusal = "bad-json"
	// UnknownType: kind 16 with an order id and a type that no dialect knows.
	UnknownType Refusal = "unknown-type"

	// InClear: something private stands in a posted message in clear, or something
	// of which nobody knows whether it is.
	InClear Refusal = "in-clear"
	// BadTag: a tag of a posted message is there twice, or has a value that cannot be read.
	BadTag Refusal = "bad-tag"
	// BadSeal: what is sealed in a posted message does not have its form.
	BadSeal Refusal = "bad-seal"
)

func (r Refusal) Error() string { return "dialect: " + string(r) }

// Is makes a repost an ErrNotAnOrder too.
func (r Refusal) Is(target error) bool { return r == Repost && target == ErrNotAnOrder }

// Reason is the code of the first Refusal in err's chain, "" where there is none.
func Reason(err error) string {
	var r Refusal
	if errors.As(err, &r) {
		return string(r)
	}
	return ""
}

// words are the refusals as sentences for a user.
var words = map[Refusal]string{
	ErrNotAnOrder: "it is no order message, nor chat that could be about one",
	Repost:        "it is a repost (NIP-18) or a reaction (NIP-25), which share their kinds with order messages",
	GroupMessage:  "it has more than one recipient: no order follows from what is said to a group",
	NoRecipient:   "it names no recipient (p tag)",
	NotYourInbox:  "it landed with somebody who is no party to it",
	BadKey:        "an id or a public key in it is not 64 lower-case hex digits, or both parties are the same",
	BadOrderID:    "its order id is empty, or there are two",
	BadAmount:     "it is a refund of an amount that cannot be read",
	BadOutcome:    "it is a ruling whose outcome is none of delivered, cancelled, resume",
	BadJSON:       "its JSON is too long, too deep, or has a key twice",
	UnknownType:   "it is of an order, and its type is one that no client is known to write",
	InClear:       "something that is private, or may be, stands in it in clear; it is to be sealed by its author",
	BadTag:        "a tag is there twice, or has a value that cannot be read",
	BadSeal:       "what its author sealed does not have the form: one sealed tag for each reader, and one private tag with the names of the fields",
}

// Words is the first Refusal in err's chain as a sentence, "" where there is none.
func Words(err error) string {
	var r Refusal
	if errors.As(err, &r) {
		return words[r]
	}
	return ""
}
