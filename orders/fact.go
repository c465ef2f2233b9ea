// Package orders is the domain of Waybill: what an order is, which facts it is
// made of, and how the set of its facts folds into its state.
//
// It is pure: no network, no clock, no storage, and no import of another
// package of the project. The adapters around it import it.
package orders

import (
	"encoding/json"
	"slices"
)

// Trust says how far a fact proves who stated it.
type Trust string

// Bound: the seal was signed by the party's own key. Unbound: by a throw-away
// key, so that only the knowledge of the order id and the inbox speak for it.
const (
	Bound   Trust = "bound"
	Unbound Trust = "unbound"
)

// Transport is the way by which a copy of a message came.
type Transport string

// The transports: a NIP-59 gift wrap, a public signed event, the HTTP API.
const (
	ByWrap   Transport = "wrap"
	ByPublic Transport = "public"
	ByAPI    Transport = "api"
)

// A Fact is one neutral statement by one party about one order, read from one
// copy of one message. It holds the public part only; everything private is
// sealed in Box. Times are Unix milliseconds, amounts sats, keys lower-case hex.
type Fact struct {
	ID string `json:"id"`          // rumor id, or the id of the signed event
	N  int    `json:"n,omitempty"` // place among the facts of that message, from 0

	Seq        int64       `json:"seq,omitempty"` // the ledger's, highest of the copies
	ReceivedAt int64       `json:"receivedAt"`    // arrival here, earliest of the copies
	Inboxes    []string    `json:"inboxes"`       // whose inboxes it came through (hex), sorted
	Transports []Transport `json:"transports"`    // sorted

	Verb Verb `json:"verb"`
	// Sender is who speaks: proven where Trust is Bound, claimed where not. "" is the
	// party whom the message does not name, the other one than Parties[0].
	Sender  string   `json:"sender"`
	Key     string   `json:"key,omitempty"`     // the key that sealed it, where it is not Sender's
	Parties []string `json:"parties"`           // one or two keys, sorted: whom the message is between
	OrderID string   `json:"orderId,omitempty"` // the client's order id, escaped (EscapeID); "" in free text
	Ref     string   `json:"ref,omitempty"`     // the order id a text seems to speak of (escaped); used only where the pair has such an order
	At      int64    `json:"at"`                // the sender's clock, a hint
	Trust   Trust    `json:"trust"`
	Dialect string   `json:"dialect"`

	// Stamps: what depended on the moment of arrival, or on the dialect.
	ByAdmin        bool `json:"byAdmin,omitempty"`        // the sender was an admin
	ByNode         bool `json:"byNode,omitempty"`         // evidence of the relay's own payment node
	SellerDelivers bool `json:"sellerDelivers,omitempty"` // the dialect lets a seller say delivered
	As             Role `json:"as,omitempty"`             // which side its sender is on, where the dialect knows that: Buyer or Seller
	Hint           bool `json:"hint,omitempty"`           // guessed from free text: a note where the sender may not say the verb
	Leg            bool `json:"leg,omitempty"`            // a request that a buyer may write too, of how he pays: then it is a note
	Acceptance     bool `json:"acceptance,omitempty"`     // the seller takes the order on: a note unless a payment was said before
	Standing       bool `json:"standing,omitempty"`       // says how things stand: said again, nothing more has happened
	Held           bool `json:"held,omitempty"`           // its author had said more than the operator's limits allow

	Public
	// Carries names the private fields that are in Box, sorted.
	Carries []Field `json:"carries,omitempty"`
	Flags   []Flag  `json:"flags,omitempty"` // what the decoder noticed, sorted
	Box     *Box    `json:"box,omitempty"`
}

// Public is the part of a fact that may be stored and shown in clear.
type Public struct {
	Products      []Product `json:"products,omitempty"`
	Amount        *int64    `json:"amount,omitempty"`        // sats: the total of an intent, the sum asked, paid, or refunded
	Fiat          *Money    `json:"fiat,omitempty"`          // the same where it is in a currency that is not worth a fixed number of sats
	ShippingQuote *int64    `json:"shippingQuote,omitempty"` // sats
	Medium        string    `json:"medium,omitempty"`        // lightning, bitcoin, ecash, fiat …
	PaymentHash   string    `json:"paymentHash,omitempty"`   // of the invoice in a request, or of the one a receipt pays (hex)
	PreimageHash  string    `json:"preimageHash,omitempty"`  // SHA-256 of the preimage a receipt shows (hex)
	Mint          string    `json:"mint,omitempty"`          // of an ecash payment
	ProofHash     string    `json:"proofHash,omitempty"`     // SHA-256 of the ecash token or the transaction id that a receipt shows (hex)
	OtherHashes   []string  `json:"otherHashes,omitempty"`   // payment hashes of the further invoices that a request offers (hex)
	Payee         string    `json:"payee,omitempty"`         // whom a payment goes to, where the message is not between him and its sender (hex)
	Expiry        int64     `json:"expiry,omitempty"`        // ms: until when the payment link is good
	ETA           int64     `json:"eta,omitempty"`           // ms: estimated delivery
	Tracking      string    `json:"tracking,omitempty"`
	Carrier       string    `json:"carrier,omitempty"`
	Shipping      string    `json:"shipping,omitempty"` // the shipping option chosen, e.g. a 30406 address
	CheckoutID    string    `json:"checkoutId,omitempty"`
	Outcome       Outcome   `json:"outcome,omitempty"` // of a resolved
	Code          string    `json:"code,omitempty"`    // a client's own status word, kept raw
}

// Product is one line of an order. Prices are in Currency as the message had
// them (exact decimals, never converted); sats where Currency is "SATS".
type Product struct {
	ProductID    string      `json:"productId"`
	Title        string      `json:"title"`
	Quantity     int64       `json:"quantity"`
	PricePerUnit json.Number `json:"pricePerUnit,omitempty"`
	Subtotal     json.Number `json:"subtotal,omitempty"`
	Currency     string      `json:"currency,omitempty"`
	ImageURL     string      `json:"imageUrl,omitempty"`
}

// Money is an amount of a currency as the message had it: exact, never converted.
type Money struct {
	Amount   json.Number `json:"amount"`
	Currency string      `json:"currency"` // its code, upper case
}

// MaxSats is the greatest amount believed: every bitcoin there can be.
const MaxSats int64 = 2_100_000_000_000_000

// Flag is a short code for something odd about a message that was still read.
type Flag string

// A Field names one private part of a message. The values are the names of the
// fields in Private's JSON.
type Field string

// The private fields.
const (
	FieldContent         Field = "content"
	FieldShippingAddress Field = "shippingAddress"
	FieldContact         Field = "contact"
	FieldPaymentLink     Field = "paymentLink"
	FieldNote            Field = "note"
	FieldReason          Field = "reason"
	FieldResolution      Field = "resolution"
	FieldReference       Field = "reference"
	FieldProof           Field = "proof"
)

// Private is what only the parties may read: the plaintext of a Box is this,
// as JSON.
type Private struct {
	Content         string            `json:"content,omitempty"`         // the message as its author wrote it
	ShippingAddress string            `json:"shippingAddress,omitempty"` // one or several lines
	Contact         map[string]string `json:"contact,omitempty"`         // email, phone, name …
	PaymentLink     string            `json:"paymentLink,omitempty"`     // invoice, address, LNURL, URL
	Note            string            `json:"note,omitempty"`
	Reason          string            `json:"reason,omitempty"`     // of a cancel or a dispute
	Resolution      string            `json:"resolution,omitempty"` // the sentence of a ruling
	Reference       string            `json:"reference,omitempty"`  // of a receipt: invoice, address, id
	Proof           string            `json:"proof,omitempty"`      // preimage, ecash token, transaction id: bearer money
	Seal            string            `json:"seal,omitempty"`       // the signed seal, where the wrap itself is not kept
}

// Carries names the fields of p that are not empty, sorted. The seal is not one
// of them: it is there or not by the way a copy came, and says nothing itself.
func (p *Private) Carries() []Field {
	var fs []Field
	for f, has := range map[Field]bool{
		FieldContent: p.Content != "", FieldShippingAddress: p.ShippingAddress != "",
		FieldContact: len(p.Contact) > 0, FieldPaymentLink: p.PaymentLink != "",
		FieldNote: p.Note != "", FieldReason: p.Reason != "", FieldResolution: p.Resolution != "",
		FieldReference: p.Reference != "", FieldProof: p.Proof != "",
	} {
		if has {
			fs = append(fs, f)
		}
	}
	slices.Sort(fs)
	return fs
}

// A Statement is a fact as a dialect reads it, before its private part is
// sealed.
type Statement struct {
	Fact
	Private Private
}

// A Box is one Private, encrypted with NIP-44 v2 to each of its readers from a
// sealing key that its maker forgets: nip44.decrypt(SealedBy, For[me]).
type Box struct {
	SealedBy string            `json:"sealedBy"` // the sealing public key (hex)
	For      map[string]string `json:"for"`      // reader's public key (hex) → NIP-44 payload
}

// implies is the side of f's sender: the one that the dialect knows, or the one
// that may say f's verb. 0 where both may, where f is only a guess or a buyer's form
// as well, or where f would be refused anyway.
func (f *Fact) implies() Role {
	r := ruleOf[f.Verb].Roles & (Buyer | Seller)
	switch {
	case f.Hint || f.Leg || f.Trust != Bound && !ruleOf[f.Verb].Unbound:
		return 0
	case f.As != 0:
		return f.As
	case r == Buyer|Seller:
		return 0
	}
	return r
}

// carries reports whether the private field x is in f's box.
func (f *Fact) carries(x Field) bool { return slices.Contains(f.Carries, x) }
