// Package dialect reads what Nostr clients put into their order messages and
// writes Waybill's own: rumor → statements, draft → rumor.
//
// It is a pure function of the message: no clock, no state, no network, and it
// never asks which order exists. It does not judge either: whether the sender
// may say what he says, and which order it belongs to, is for orders.Fold. It
// never puts private text into the public part of a statement, and none of its
// errors quotes the message.
//
// A client's dialect is a file of its own, and one row of the table precedence.
package dialect

import (
	"slices"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// The names of the dialects, as Fact.Dialect has them.
const (
	// Gamma is the Gamma / Open Markets specification, section 4, with
	// Waybill's extensions; Waybill's own messages are written in it.
	Gamma = "gamma"
	// Conduit is the messages of Conduit-BTC/conduit-mono.
	Conduit = "conduit"
	// Plebeian is Plebeian Market: today's app, which writes Gamma in its own way,
	// and the JSON of the one before it.
	Plebeian = "plebeian"
	// CultureBridge is the purchase messages of psam21/cb, text and JSON.
	CultureBridge = "culturebridge"
	// NIP15 is the checkout of NIP-15, as nostrmarket writes it.
	NIP15 = "nip15"
	// Shopstr is the order messages of shopstr-eng/shopstr and of its fork Milk Market.
	Shopstr = "shopstr"
	// Text is any other chat message.
	Text = "text"
)

// The rumor kinds that carry order messages.
const (
	kindDirect  = 4  // NIP-04
	kindChat    = 14 // NIP-17
	kindOrder   = 16 // Gamma; also NIP-18 generic reposts
	kindReceipt = 17 // Gamma; also NIP-25 reactions to websites
)

// Message is one copy of a verified message: a rumor that nip17 opened, or a
// signed event.
type Message struct {
	Rumor      nostr.Event // ID and PubKey set (hex); PubKey is proven by the seal or the signature
	Owner      string      // whose inbox it landed in (hex); "" for a public or an API event
	Relay      string      // the relay's own public key (hex), which is no party to anything; "" for none
	Transport  orders.Transport
	ReceivedAt int64 // ms
}

// row is one line of the table of dialects: messages of that kind for which
// when holds are read by read.
type row struct {
	dialect string
	kind    int
	rule    string // what tells them, in words
	when    func(*letter) (bool, error)
	read    func(*letter) ([]orders.Statement, error)
}

// precedence is the table of dialects. The first row that fits reads the
// message; what fits none is no order message. The specific stand before the
// general: a tag beats the content, but that a chat message is of an order does not
// tell what it says; a form beats free text.
var precedence = []row{
	{Plebeian, kindReceipt, "an order, a payment, and one of Plebeian's sentences about it", isPlebeianReceipt, readPlebeianReceipt},
	{Gamma, kindReceipt, "an order, and a payment or the subject order-receipt", isReceipt, readReceipt},
	{Conduit, kindOrder, "an order and a type that is one of Conduit's words", isConduit, readConduit},
	{Plebeian, kindOrder, "an order, a type from 1 to 4, and Plebeian's recipient, a sentence of its own, or its address of five lines", isPlebeian, readPlebeian},
	{Gamma, kindOrder, "an order and a type from 1 to 4", isTyped, readTyped},
	{Shopstr, kindChat, "one of Shopstr's subjects, or JSON of one of its types", isShopstr, readShopstr},
	{Gamma, kindChat, "an order and a type from 1 to 4", isTyped, readTyped},
	{Gamma, kindChat, "an order and the status note", isOrderNote, readOrderNote},
	{CultureBridge, kindChat, "JSON whose type is one of CultureBridge's words", isCultureBridgeJSON, readCultureBridgeJSON},
	{Plebeian, kindChat, "JSON with fields of the earlier Plebeian Market", isOldPlebeian, readOldPlebeian},
	{NIP15, kindChat, "JSON with an id, and a type of NIP-15 or what only it has", isNIP15, readNIP15},
	{CultureBridge, kindChat, "a purchase request in words", isCultureBridgeText, readCultureBridgeText},
	{Gamma, kindChat, "an order", hasOrder, readOrderNote},
	{Text, kindChat, "any text", isText, readText},
}

// Names lists the dialects, each once.
func Names() (names []string) {
	for _, r := range precedence {
		if !slices.Contains(names, r.dialect) {
			names = append(names, r.dialect)
		}
	}
	return names
}

// Registry reads messages. The zero value is not usable: see New. It is safe
// for concurrent use.
type Registry struct {
	rows  []row
	kinds []int // read like kindOrder or kindReceipt
	chats []int // read like kindChat
}

// Option changes what a Registry reads.
type Option func(*Registry)

// WithKinds has rumors of these further kinds read as kind 16, or as 17 where
// they are shaped like a receipt. 1327 has been proposed for both.
func WithKinds(kinds ...int) Option {
	return func(r *Registry) { r.kinds = append(r.kinds, kinds...) }
}

// WithDirectMessages has NIP-04 messages, opened, read like kind 14.
func WithDirectMessages() Option {
	return func(r *Registry) { r.chats = append(r.chats, kindDirect) }
}

// New makes a Registry of every dialect.
func New(opts ...Option) *Registry {
	r := &Registry{rows: precedence, chats: []int{kindChat}}
	for _, o := range opts {
		o(r)
	}
	return r
}

// Read returns the statements of m, at least one where err is nil. Seq, ByAdmin and
// Box are left to the decoder, but for the Box of what was posted to the API, which
// its author sealed. The error is a Refusal, or wraps one: it
// holds nothing of the message, but the name of a tag (TagError). errors.Is(err, ErrNotAnOrder) says that m is
// something else altogether, a reaction or a repost.
func (r *Registry) Read(m Message) ([]orders.Statement, error) {
	return r.read(m, func(row, bool) {})
}

// IsPublicOrder reports whether a signed event is an order message that stands in
// the open: of a kind and form that some dialect reads, and no repost or reaction.
// Chat is never one, whatever it says.
func (r *Registry) IsPublicOrder(evt *nostr.Event) bool {
	l := &letter{Message: Message{Rumor: *evt}, kind: r.kindOf(evt)}
	if l.kind != kindOrder && l.kind != kindReceipt || l.isRepost() {
		return false
	}
	for _, row := range r.rows {
		if row.kind == l.kind {
			if fits, err := row.when(l); fits || err != nil {
				return err == nil
			}
		}
	}
	return false
}

// A Look is one row of the table of dialects, held against a message.
type Look struct {
	Dialect string `json:"dialect"`
	Kind    int    `json:"kind"` // the kind that the row is about
	Rule    string `json:"rule"` // what tells its messages
	Fits    bool   `json:"fits"` // then it reads the message, and no further row is looked at
}

// Explain is Read, and tells at which rows of the table it looked.
func (r *Registry) Explain(m Message) (looks []Look, sts []orders.Statement, err error) {
	sts, err = r.read(m, func(row row, fits bool) {
		looks = append(looks, Look{row.dialect, row.kind, row.rule, fits})
	})
	return looks, sts, err
}

func (r *Registry) read(m Message, look func(row row, fits bool)) ([]orders.Statement, error) {
	l := &letter{Message: m, kind: r.kindOf(&m.Rumor)}
	if l.kind == 0 {
		return nil, ErrNotAnOrder
	}
	if l.kind != kindChat && l.isRepost() {
		return nil, Repost
	}
	if err := l.findParties(); err != nil {
		return nil, err
	}
	if l.Transport == orders.ByAPI {
		if err := l.checkPosted(); err != nil {
			return nil, err
		}
	}
	for _, row := range r.rows {
		if row.kind != l.kind {
			continue
		}
		fits, err := row.when(l)
		if err != nil {
			return nil, err
		}
		if look(row, fits); !fits {
			continue
		}
		sts, err := row.read(l)
		if err != nil {
			return nil, err
		}
		for i := range sts {
			if err := l.checkInbox(&sts[i]); err != nil {
				return nil, err
			}
		}
		finish(sts)
		if l.Transport == orders.ByAPI {
			return sts, l.seal(sts)
		}
		return sts, nil
	}
	if l.kind == kindOrder && l.value("order") != "" {
		return nil, UnknownType
	}
	return nil, ErrNotAnOrder
}

// kindOf is the kind as which a rumor is read, 0 for none.
func (r *Registry) kindOf(evt *nostr.Event) int {
	switch {
	case slices.Contains(r.chats, evt.Kind):
		return kindChat
	case evt.Kind == kindOrder, evt.Kind == kindReceipt:
		return evt.Kind
	case !slices.Contains(r.kinds, evt.Kind):
		return 0
	case evt.Tags.Find("type") != nil:
		return kindOrder
	}
	return kindReceipt
}
