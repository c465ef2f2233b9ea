package orders

// Order is the state of one order, folded from its facts. Times are Unix
// milliseconds (0: not yet), amounts sats, keys lower-case hex. The private
// fields tell where their box is; GetOrder fills Boxes, lists do not.
type Order struct {
	IntentID     string `json:"intentId"`
	OrderID      string `json:"orderId"`           // the client's own id, escaped; IntentID unless another order had it first
	EventID      string `json:"eventId,omitempty"` // rumor id of the standing intent; "" in a stub
	BuyerPubkey  string `json:"buyerPubkey"`
	BuyerNpub    string `json:"buyerNpub"`
	SellerPubkey string `json:"sellerPubkey"`
	SellerNpub   string `json:"sellerNpub"`

	Products      []Product `json:"products"`
	TotalSats     int64     `json:"totalSats"`
	ShippingQuote int64     `json:"shippingQuote,omitempty"`
	GrandTotal    int64     `json:"grandTotal"`          // TotalSats + ShippingQuote
	FiatTotal     *Money    `json:"fiatTotal,omitempty"` // the total where it was named in another currency, never converted

	Status           Status `json:"status"`
	CreatedTimestamp int64  `json:"createdTimestamp"`
	UpdatedTimestamp int64  `json:"updatedTimestamp"`

	PaymentLink               *Sealed `json:"paymentLink,omitempty"`
	PaymentRequestedTimestamp int64   `json:"paymentRequestedTimestamp,omitempty"`
	PaymentConfirmedTimestamp int64   `json:"paymentConfirmedTimestamp,omitempty"` // the buyer's mark
	ShippingAddress           *Sealed `json:"shippingAddress,omitempty"`
	Contact                   *Sealed `json:"contact,omitempty"`
	ShippingTimestamp         int64   `json:"shippingTimestamp,omitempty"`
	TrackingNumber            string  `json:"trackingNumber,omitempty"`
	Carrier                   string  `json:"carrier,omitempty"`
	EstimatedDeliveryDate     int64   `json:"estimatedDeliveryDate,omitempty"`
	ActualDeliveryTimestamp   int64   `json:"actualDeliveryTimestamp,omitempty"`
	MessageThreadID           string  `json:"messageThreadId"`
	BuyerNotes                *Sealed `json:"buyerNotes,omitempty"`
	SellerNotes               *Sealed `json:"sellerNotes,omitempty"`
	DisputeReason             *Sealed `json:"disputeReason,omitempty"`
	DisputeTimestamp          int64   `json:"disputeTimestamp,omitempty"`
	DisputeResolution         *Sealed `json:"disputeResolution,omitempty"`

	Payment                  Payment          `json:"payment"`
	PaymentVerifiedTimestamp int64            `json:"paymentVerifiedTimestamp,omitempty"` // the seller's word, or proof
	PaymentExpiry            int64            `json:"paymentExpiry,omitempty"`
	RefundedSats             int64            `json:"refundedSats,omitempty"`
	Shipments                []Shipment       `json:"shipments,omitempty"`
	Exceptions               []OrderException `json:"exceptions,omitempty"`
	CancelReason             *Sealed          `json:"cancelReason,omitempty"`
	CancelledBy              string           `json:"cancelledBy,omitempty"` // public key
	DisputedBy               string           `json:"disputedBy,omitempty"`  // public key, of the first dispute
	DisputeOutcome           Outcome          `json:"disputeOutcome,omitempty"`
	Dialect                  string           `json:"dialect"`
	Trust                    Trust            `json:"trust"` // of the standing intent, else of the first fact
	// CheckoutID is the same in all orders of one cart: as the client named it, else
	// the client's order id, which some clients give to all of them.
	CheckoutID     string          `json:"checkoutId,omitempty"`
	ShippingOption string          `json:"shippingOption,omitempty"`
	Stub           bool            `json:"stub,omitempty"` // no intent has come yet
	Held           bool            `json:"held,omitempty"` // looks like spam: the buyer was over a limit, and the seller has not answered
	Version        int64           `json:"version"`        // highest ledger seq that bears on the order
	Timeline       []TimelineEntry `json:"timeline"`
	Omitted        int             `json:"omitted,omitempty"`        // messages over a limit that the timeline does not show
	Boxes          map[string]Box  `json:"boxes,omitempty"`          // by fact (TimelineEntry.Fact)
	AllowedActions []Verb          `json:"allowedActions,omitempty"` // for the viewer, computed when read
}

// Sealed says where a private value is: field Field of the Private in the box
// of fact Fact.
type Sealed struct {
	Fact  string `json:"fact"`
	Field Field  `json:"field"`
}

// Shipment is one parcel.
type Shipment struct {
	Carrier           string `json:"carrier,omitempty"`
	TrackingNumber    string `json:"trackingNumber,omitempty"`
	ShippedTimestamp  int64  `json:"shippedTimestamp"`
	EstimatedDelivery int64  `json:"estimatedDelivery,omitempty"`
	Fact              string `json:"fact"` // the first that told of it
}

// OrderException is something a human should look at: a code, and the fact it
// comes from ("" where it follows from the order as a whole).
type OrderException struct {
	Code string `json:"code"`
	Fact string `json:"fact,omitempty"`
	At   int64  `json:"at,omitempty"`
}

// TimelineEntry is one fact in the order's history, counted or refused.
type TimelineEntry struct {
	Fact       string      `json:"fact"` // rumor id, with #n behind it for the n-th further fact of one message
	Verb       Verb        `json:"verb"`
	Sender     string      `json:"sender"`
	Role       string      `json:"role,omitempty"` // buyer, seller, admin, node; "" for a stranger
	At         int64       `json:"at"`             // the time shown: the sender's clock, never later than 10 min after arrival
	ReceivedAt int64       `json:"receivedAt"`
	OK         bool        `json:"ok"`
	Reason     Reason      `json:"reason,omitempty"` // why it was refused
	Trust      Trust       `json:"trust"`
	Dialect    string      `json:"dialect"`
	Transports []Transport `json:"transports"`
	Carries    []Field     `json:"carries,omitempty"`
	Flags      []Flag      `json:"flags,omitempty"`
	Amount     *int64      `json:"amount,omitempty"`
	Fiat       *Money      `json:"fiat,omitempty"`
	Medium     string      `json:"medium,omitempty"`
	Mint       string      `json:"mint,omitempty"`
	Payee      string      `json:"payee,omitempty"`
	Tracking   string      `json:"tracking,omitempty"`
	Carrier    string      `json:"carrier,omitempty"`
	Outcome    Outcome     `json:"outcome,omitempty"`
	Code       string      `json:"code,omitempty"`
}

// Reason is why a fact was refused.
type Reason string

// The reasons that Fold gives.
const (
	NotAParticipant   Reason = "not-a-participant"
	WrongRole         Reason = "wrong-role"
	UnboundSender     Reason = "unbound-sender"
	DuplicateID       Reason = "duplicate-id"
	IllegalTransition Reason = "illegal-transition"
	OverLimit         Reason = "over-limit"
)

// Stats sums up the orders of one participant in one role. Amounts are sats.
type Stats struct {
	TotalOrders       int64            `json:"totalOrders"`
	OrdersByStatus    map[Status]int64 `json:"ordersByStatus"`
	TotalRevenue      int64            `json:"totalRevenue"` // as seller: confirmed, not refunded
	TotalSpent        int64            `json:"totalSpent"`   // as buyer: claimed or confirmed
	AverageOrderValue int64            `json:"averageOrderValue"`
	CompletedOrders   int64            `json:"completedOrders"`
	CancelledOrders   int64            `json:"cancelledOrders"`
	DisputedOrders    int64            `json:"disputedOrders"`
}

// Role is what the key is to the order: Buyer, Seller, or 0.
func (o *Order) Role(pubkey string) Role {
	switch pubkey {
	case "":
		return 0
	case o.BuyerPubkey:
		return Buyer
	case o.SellerPubkey:
		return Seller
	}
	return 0
}

// Revenue is what the order adds to its seller's TotalRevenue, and whether it
// counts at all (payment confirmed and not refunded).
func (o *Order) Revenue() (sats int64, counts bool) {
	return o.GrandTotal, o.Payment == PaymentConfirmed
}

// Spent is the same for its buyer's TotalSpent (payment claimed or confirmed).
func (o *Order) Spent() (sats int64, counts bool) {
	return o.GrandTotal, o.Payment == PaymentClaimed || o.Payment == PaymentConfirmed
}

// WasDisputed reports whether the order is or was disputed.
func (o *Order) WasDisputed() bool { return o.DisputeTimestamp != 0 }
