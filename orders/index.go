package orders

import "context"

// Index is the projection of all orders as a store answers it, without asking
// who asks: NewService puts the access rules in front of it.
type Index interface {
	// Order returns the order with timeline and boxes; ENOTFOUND.
	Order(ctx context.Context, intentID string) (*Order, error)
	// List returns one page of a list, newest first, without boxes.
	List(ctx context.Context, l List, q Query) (Page, error)
	// Stats sums up what key did as Buyer or as Seller.
	Stats(ctx context.Context, as Role, pubkey string) (Stats, error)
	// Find returns one page of the orders that f means for viewer (hex), without boxes.
	// Query.Status is not looked at.
	Find(ctx context.Context, viewer string, f Filter, q Query) (Found, error)
	// Periods is Stats of the orders begun in [edges[i], edges[i+1]) (ms), for each i.
	Periods(ctx context.Context, as Role, pubkey string, edges []int64) ([]Stats, error)
	// Unbox puts their boxes into orders that Find gave.
	Unbox(ctx context.Context, os []*Order) error
}

// Found is a page of what a filter means. It may be short, or empty, and still have a
// Next: where orders have to be looked at one by one, only so many are in one call.
type Found struct {
	Items []*Order
	Next  string // the cursor of the next page, "" on the last one
	Total int64  // how many there are in all; -1 where that is not known without looking at each
}

// List names a list of orders: those of one buyer, of one seller, or (As 0) all.
type List struct {
	As     Role   // Buyer, Seller or 0
	Pubkey string // hex; "" where As is 0
}

// A Sender brings an order message into the pipeline: it composes the rumor,
// wraps it for the parties and publishes the wraps. The error is EUNAVAILABLE
// where no relay took it.
type Sender interface {
	Send(ctx context.Context, from Signer, d Draft) (Sent, error)
}

// Draft is an order message before it has a form on the wire.
type Draft struct {
	Verb    Verb
	OrderID string // the client's id, as the other messages of the order have it
	To      string // the other party (hex); "" for a ruling or a note to oneself
	Buyer   string // both parties, of a ruling
	Seller  string
	At      int64 // ms; 0: now
	Public        // what the verb calls for
	Private Private
}
