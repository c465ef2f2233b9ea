package orders

// Verb is what a fact says about an order.
type Verb string

// The verbs. Note and Address change no status; Refunded and Exception change
// the payment and the list of exceptions.
const (
	Intent    Verb = "intent"    // the buyer asks to buy
	Request   Verb = "request"   // the seller asks for payment (link, shipping quote, ETA)
	Paid      Verb = "paid"      // the buyer, or a payment node, says it is paid
	Confirm   Verb = "confirm"   // the seller has received the payment
	Process   Verb = "process"   // the seller works on it
	Shipped   Verb = "shipped"   // one parcel is on its way
	Delivered Verb = "delivered" // it has arrived
	Cancel    Verb = "cancel"
	Dispute   Verb = "dispute"
	Resolved  Verb = "resolved" // a ruling, a withdrawal, or a concession
	Refunded  Verb = "refunded"
	Address   Verb = "address" // a new shipping address
	Note      Verb = "note"
	Exception Verb = "exception" // the carrier or the seller reports trouble
)

// Status is where an order stands.
type Status string

// The statuses, in the order of an undisturbed life, then the two others.
const (
	StatusIntentSent       Status = "intent-sent"
	StatusPaymentRequested Status = "payment-requested"
	StatusPaid             Status = "paid"
	StatusProcessing       Status = "processing"
	StatusShipped          Status = "shipped"
	StatusDelivered        Status = "delivered"
	StatusCancelled        Status = "cancelled"
	StatusDisputed         Status = "disputed"
)

// Statuses lists every status in the order in which pages show them.
var Statuses = []Status{
	StatusIntentSent, StatusPaymentRequested, StatusPaid, StatusProcessing,
	StatusShipped, StatusDelivered, StatusCancelled, StatusDisputed,
}

// Valid reports whether s is one of Statuses.
func (s Status) Valid() bool {
	for _, t := range Statuses {
		if s == t {
			return true
		}
	}
	return false
}

// Role is what somebody is to one order. Roles are a set: a verb allows several.
type Role uint8

// The roles. A stranger has none.
const (
	Buyer Role = 1 << iota
	Seller
	Admin // an operator's arbiter, stamped on the fact when it arrived
	Node  // a payment node of the relay's own
)

// String names the roles in r, joined by a comma.
func (r Role) String() string {
	s := ""
	for i, name := range []string{"buyer", "seller", "admin", "node"} {
		if r&(1<<i) != 0 {
			if s != "" {
				s += ", "
			}
			s += name
		}
	}
	return s
}

// A Rule is one row of the table of verbs.
type Rule struct {
	Verb   Verb
	Roles  Role   // who may say it
	Raises Status // the status it lifts an order to, or "" for none
	Rank   int    // breaks ties between facts of one second: the order of a life
	// Unbound: a throw-away key may say it, known only by the order id and the
	// inbox it landed in.
	Unbound bool
	// Progress: said after an accepted cancellation it is an exception.
	Progress bool
}

// Rules is the table of verbs: who may say what, and what it does to the status.
// Delivered is the buyer's word; the seller's counts only where his client's
// dialect gives it to him (Fact.SellerDelivers).
var Rules = []Rule{
	{Verb: Intent, Roles: Buyer, Raises: StatusIntentSent, Rank: 0, Unbound: true},
	{Verb: Request, Roles: Seller, Raises: StatusPaymentRequested, Rank: 1, Progress: true},
	{Verb: Paid, Roles: Buyer | Node, Raises: StatusPaid, Rank: 2, Unbound: true, Progress: true},
	{Verb: Confirm, Roles: Seller, Raises: StatusProcessing, Rank: 3, Progress: true},
	{Verb: Process, Roles: Seller, Raises: StatusProcessing, Rank: 4, Progress: true},
	{Verb: Shipped, Roles: Seller, Raises: StatusShipped, Rank: 5, Unbound: true, Progress: true},
	{Verb: Delivered, Roles: Buyer | Seller, Raises: StatusDelivered, Rank: 6, Unbound: true, Progress: true},
	{Verb: Cancel, Roles: Buyer | Seller | Admin, Raises: StatusCancelled, Rank: 7},
	{Verb: Dispute, Roles: Buyer | Seller, Raises: StatusDisputed, Rank: 8},
	{Verb: Resolved, Roles: Buyer | Seller | Admin, Rank: 9},
	{Verb: Refunded, Roles: Seller, Rank: 10},
	{Verb: Address, Roles: Buyer, Rank: 11, Unbound: true},
	{Verb: Note, Roles: Buyer | Seller, Rank: 12, Unbound: true},
	{Verb: Exception, Roles: Seller, Rank: 13},
}

var ruleOf = func() map[Verb]Rule {
	m := make(map[Verb]Rule, len(Rules))
	for _, r := range Rules {
		if _, twice := m[r.Verb]; twice || r.Roles == 0 || (r.Raises != "" && !r.Raises.Valid()) {
			panic("orders: the table of verbs is broken at " + string(r.Verb))
		}
		m[r.Verb] = r
	}
	return m
}()

// Valid reports whether v stands in Rules.
func (v Verb) Valid() bool { _, ok := ruleOf[v]; return ok }

// progressRank orders the statuses of an undisturbed life; the others have none.
var progressRank = map[Status]int{
	StatusIntentSent: 1, StatusPaymentRequested: 2, StatusPaid: 3,
	StatusProcessing: 4, StatusShipped: 5, StatusDelivered: 6,
}

// Outcome is how a resolved dispute ends.
type Outcome string

// The outcomes. Resume closes the dispute and lets the order go on as it stood.
const (
	OutcomeDelivered Outcome = "delivered"
	OutcomeCancelled Outcome = "cancelled"
	OutcomeResume    Outcome = "resume"
)

// Valid reports whether o is one of the three outcomes.
func (o Outcome) Valid() bool {
	return o == OutcomeDelivered || o == OutcomeCancelled || o == OutcomeResume
}

// Payment is where the money of an order stands, apart from its status.
type Payment string

// The payment states. Claimed is the buyer's word, Confirmed the seller's or a
// preimage that matches an invoice of his.
const (
	PaymentNone      Payment = "none"
	PaymentRequested Payment = "requested"
	PaymentClaimed   Payment = "claimed"
	PaymentConfirmed Payment = "confirmed"
	PaymentRefundDue Payment = "refund-due"
	PaymentRefunded  Payment = "refunded"
)
