//go:build e2e

package e2e

import (
	"math/rand/v2"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A life is what is said about one order, and what it must come to.
type life struct {
	says    []say
	status  orders.Status
	payment orders.Payment
}

// say is one message: by the seller or else the buyer, to the other of them.
type say struct {
	bySeller bool
	message  func(to *person, id string) rumor
}

const price, link = 5_000, "till@shop.example"

// What buyers and sellers say.
var (
	asks    = say{false, func(to *person, id string) rumor { return intent(to, id, "two mugs, please", price) }}
	bills   = say{true, func(to *person, id string) rumor { return request(to, id, link, price) }}
	pays    = say{false, func(to *person, id string) rumor { return receipt(to, id, link, "", price) }}
	takes   = say{true, func(to *person, id string) rumor { return status(to, id, "confirmed", "thank you") }}
	packs   = say{true, func(to *person, id string) rumor { return status(to, id, "processing", "") }}
	ships   = say{true, func(to *person, id string) rumor { return parcel(to, id, "1Z"+id, "UPS") }}
	unpacks = say{false, func(to *person, id string) rumor { return status(to, id, "delivered", "it is here") }}
	regrets = say{false, func(to *person, id string) rumor { return status(to, id, "cancelled", "found one at home") }}
	fails   = say{true, func(to *person, id string) rumor { return status(to, id, "cancelled", "the kiln broke") }}
	returns = say{true, func(to *person, id string) rumor { return status(to, id, "refunded", "", tag("amount", "5000")) }}
	argues  = say{false, func(to *person, id string) rumor { return status(to, id, "disputed", "one is broken") }}
	relents = say{false, func(to *person, id string) rumor {
		return status(to, id, "resolved", "glued", tag("outcome", "resume"))
	}}
	chats = say{false, func(to *person, id string) rumor { return message(14, to, id, "when will it come?") }}
)

// lives are the orders that a market plays.
var lives = []life{
	{[]say{asks, bills, pays, takes, ships, unpacks}, "delivered", "confirmed"},
	{[]say{asks, bills, pays, takes, packs, chats, ships}, "shipped", "confirmed"},
	{[]say{asks, chats, bills, pays}, "paid", "claimed"},
	{[]say{asks, bills, chats, regrets}, "cancelled", "requested"},
	{[]say{asks, bills, pays, takes, fails, returns}, "cancelled", "refunded"},
	{[]say{asks, bills, pays, takes, ships, argues}, "disputed", "confirmed"},
	{[]say{asks, bills, pays, takes, ships, argues, chats, relents}, "shipped", "confirmed"},
}

// An order that is being played: who, and which life.
type played struct {
	life
	id     string
	buyer  *speaker
	stall  *stall
	began  time.Time
	copyTo string // hex: an inbox whose key the relay does not hold; "" for none
}

// rumor is the order's message number n. Each is dated a second after the one
// before, as one who writes them would, whenever they arrive.
func (p *played) rumor(n int) (from *speaker, r rumor) {
	s := p.says[n]
	from, to := p.buyer, p.stall.seller
	if s.bySeller {
		from, to = to, from
	}
	return from, s.message(to.person(), p.id).at(p.began.Add(time.Duration(n) * time.Second))
}

func anyOf[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }
