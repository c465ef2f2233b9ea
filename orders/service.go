package orders

import (
	"context"
	"iter"

	"github.com/nbd-wtf/go-nostr"
)

// Service is everything that can be asked of orders and said about them.
//
// Reading methods take the caller's public key (hex). A buyer sees his own
// orders, a seller those he sells, an admin those that are or were disputed and
// every order's public fields in GetAllOrders and GetOrdersByStatus. To
// everybody else an order does not exist: ENOTFOUND. Lists and statistics of
// somebody else are EFORBIDDEN.
//
// Writing methods take the caller's own Signer: each builds one order message,
// wraps it (NIP-59) to the other party and the caller, and returns once it is
// accepted. EFORBIDDEN: it is the other party's to say. ECONFLICT: the order's state,
// as the caller sees it, does not allow it. EINVALID: a value is missing or off.
// EUNAVAILABLE: no relay took it.
type Service interface {
	Reader

	LogOrder(ctx context.Context, caller Signer, in NewOrder) (Sent, error)
	UpdateOrderStatus(ctx context.Context, caller Signer, intentID string, status Status, with Update) (Sent, error)
	UpdateOrderPayment(ctx context.Context, caller Signer, intentID, link string, etaMs, shippingQuoteSats int64) (Sent, error)
	ConfirmPayment(ctx context.Context, caller Signer, intentID, address string) (Sent, error)
	UpdateOrderShipping(ctx context.Context, caller Signer, intentID, tracking, carrier string, atMs int64) (Sent, error)
	ConfirmDelivery(ctx context.Context, caller Signer, intentID string, atMs int64) (Sent, error)
	CancelOrder(ctx context.Context, caller Signer, intentID, reason string) (Sent, error)
	DisputeOrder(ctx context.Context, caller Signer, intentID, reason string) (Sent, error)
}

// Reader is the reading half of Service.
type Reader interface {
	GetOrder(ctx context.Context, caller, intentID string) (*Order, error)
	GetBuyerOrders(ctx context.Context, caller, buyer string, q Query) (Page, error)
	GetSellerOrders(ctx context.Context, caller, seller string, q Query) (Page, error)
	GetOrdersByStatus(ctx context.Context, caller string, status Status, q Query) (Page, error)
	GetAllOrders(ctx context.Context, caller string, q Query) (Page, error)
	GetBuyerOrderStats(ctx context.Context, caller, buyer string) (Stats, error)
	GetSellerOrderStats(ctx context.Context, caller, seller string) (Stats, error)

	FindOrders(ctx context.Context, caller string, f Filter, q Query) (Found, error)
	EachOrder(ctx context.Context, caller string, f Filter) iter.Seq2[*Order, error]
	GetPeriods(ctx context.Context, caller string, as Role, edges []int64) ([]Stats, error)
	GetDurations(ctx context.Context, caller string, f Filter) (Durations, error)
	GetMeasures(ctx context.Context, caller string, f Filter) (m *Measures, all bool, err error)
}

// Query asks for one page of a list, newest first: by page number (from 1), or
// by the cursor that the page before gave. Status "" means all. Limit is 1–200;
// 0 means 50.
type Query struct {
	Status Status
	Page   int
	Limit  int
	Cursor string
}

// Page is one page of a list. Next is "" on the last one.
type Page struct {
	Items []*Order `json:"items"`
	Total int64    `json:"total"`
	Next  string   `json:"next,omitempty"`
}

// Signer is a participant's own key in the caller's own process: a secret key,
// a NIP-07 or a NIP-46 signer. The daemon has none but the relay's own.
type Signer interface {
	PublicKey() string // hex
	// Sign sets pubkey, id and signature (NIP-01).
	Sign(ctx context.Context, evt *nostr.Event) error
	// Encrypt is NIP-44 v2 from this key to the other (hex).
	Encrypt(ctx context.Context, to, plaintext string) (string, error)
	// Decrypt is its reverse.
	Decrypt(ctx context.Context, from, payload string) (string, error)
}

// NewOrder is what LogOrder sends.
type NewOrder struct {
	Seller     string // public key (hex)
	OrderID    string // "" for a new one (NewIntentID)
	CheckoutID string // one id for the orders of one cart
	Products   []Product
	TotalSats  int64 // 0: what the lines add up to; where one has no price in sats none is named, and the seller's request names it
	Address    string
	Contact    map[string]string
	Shipping   string // shipping option (30406 address)
	Note       string
}

// Update is what UpdateOrderStatus may say beside the status. Only what the
// status calls for is used.
type Update struct {
	PaymentLink   string
	ETA           int64 // ms
	ShippingQuote int64 // sats
	Address       string
	Tracking      string
	Carrier       string
	At            int64 // ms; 0: now
	Reason        string
	Outcome       Outcome // of a resolved dispute: status is what it ends in
	Resolution    string
	Note          string
}

// Sent tells what became of a message that was sent.
type Sent struct {
	IntentID string   `json:"intentId"` // the order it speaks of, as the sender named it
	RumorID  string   `json:"rumorId"`
	Wraps    []string `json:"wraps"`            // event ids of the gift wraps, recipient first
	Missed   []string `json:"missed,omitempty"` // readers (hex) whose wrap no relay took
}
