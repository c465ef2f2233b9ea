package web

import (
	"slices"

	"github.com/waybill-relay/waybill/orders"
)

// A queue is the part of a list that asks for the same from its reader: a set of
// statuses, by who he is. In every queue but the last an order stands once.
type queue struct {
	name     string
	statuses map[orders.Role][]orders.Status // none: all
}

// queues are what a list is sorted into. A dispute needs both sides: each may settle
// it, and it is decided on what both have said.
var queues = []queue{
	{"needs", map[orders.Role][]orders.Status{
		orders.Buyer:  {orders.StatusPaymentRequested, orders.StatusShipped, orders.StatusDisputed},
		orders.Seller: {orders.StatusIntentSent, orders.StatusPaid, orders.StatusProcessing, orders.StatusDisputed},
	}},
	{"waiting", map[orders.Role][]orders.Status{
		orders.Buyer:  {orders.StatusIntentSent, orders.StatusPaid, orders.StatusProcessing},
		orders.Seller: {orders.StatusPaymentRequested, orders.StatusShipped},
	}},
	{"done", map[orders.Role][]orders.Status{
		orders.Buyer:  {orders.StatusDelivered, orders.StatusCancelled},
		orders.Seller: {orders.StatusDelivered, orders.StatusCancelled},
	}},
	{name: everything},
}

const everything = "all"

// A list is one of the two pages of orders.
type list struct {
	path  string
	role  orders.Role
	first string // the queue that is shown where none is asked for
}

// A seller comes to work, a buyer to see where things are.
var (
	bought = list{"/orders", orders.Buyer, everything}
	sold   = list{"/my-shop/orders", orders.Seller, "needs"}
)

// statuses are those of the queue with that name; ok is false where there is none.
func (l list) statuses(name string) (statuses []orders.Status, ok bool) {
	i := slices.IndexFunc(queues, func(q queue) bool { return q.name == name })
	if i < 0 {
		return nil, false
	}
	return queues[i].statuses[l.role], true
}

// A Tab leads to a queue.
type Tab struct {
	Name    string
	Href    string
	Count   int64
	Current bool
}

// tabs are the queues, with how many orders are in each. What else is looked for stays.
func (q *listQuery) tabs(stats orders.Stats) []Tab {
	tabs := make([]Tab, len(queues))
	for i, of := range queues {
		tabs[i] = Tab{Name: of.name, Href: q.href("queue", of.name, "status", ""), Current: of.name == q.queue}
		if of.name == everything {
			tabs[i].Count = stats.TotalOrders
		}
		for _, s := range of.statuses[q.list.role] {
			tabs[i].Count += stats.OrdersByStatus[s]
		}
	}
	return tabs
}
