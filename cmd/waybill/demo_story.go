package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A demoScene is a piece of the story with a line above it.
type demoScene struct {
	about string
	steps []demoStep
}

// A demoStep is one message: who sends it, what the tour shows of it, and the
// status in which it must leave the order.
type demoStep struct {
	by, to  string
	what    string
	becomes orders.Status
	draft   orders.Draft
}

const (
	demoDay  = 24 * time.Hour
	demoShip = "Nora Lind, Rua das Flores 14, 3.º Esq., 4050-262 Porto, Portugal"
)

// demoScenes is the story, told as of now: an order in every status, and a
// dispute that is resolved.
func demoScenes(now time.Time) []demoScene {
	order := func(id, seller string) *demoOrder { return &demoOrder{id: id, seller: seller, now: now} }
	mugs, beans := order("CUP-1001", demoCeramics), order("COF-2001", demoCoffee)
	bowl, grinder := order("CUP-1002", demoCeramics), order("COF-2002", demoCoffee)
	plates, kettle := order("CUP-1003", demoCeramics), order("COF-2003", demoCoffee)
	vase, decaf, press := order("CUP-1004", demoCeramics), order("COF-2004", demoCoffee), order("COF-2005", demoCoffee)
	cart := fmt.Sprintf("cart-%d", now.Add(-6*demoDay).Unix())

	return []demoScene{
		{"A cart over both sellers: two orders, one checkout id", []demoStep{
			mugs.asks(6*demoDay, cart, 2, "stoneware-mug", "Stoneware mug, cobalt", 10500),
			beans.asks(6*demoDay, cart, 3, "huila-250", "Huila washed, 250 g beans", 6200),
			mugs.requests(6*demoDay-9*time.Minute, demoInvoice, 2500),
			beans.requests(6*demoDay-14*time.Minute, demoInvoice, 1800),
			mugs.pays(6*demoDay-20*time.Minute, true),
			beans.pays(6*demoDay-21*time.Minute, false),
			mugs.says(5*demoDay, demoCeramics, orders.Process, "out of the kiln on Thursday"),
			beans.says(5*demoDay+2*time.Hour, demoCoffee, orders.Confirm, "payment received"),
			mugs.ships(4*demoDay, "CTT", "RF418823604PT"),
			beans.ships(3*demoDay, "DHL", "00340434161094042557"),
			mugs.says(2*demoDay, demoBuyer, orders.Delivered, "both in one piece, thank you"),
		}},
		{"Orders on their way", []demoStep{
			bowl.asks(40*time.Minute, "", 1, "ramen-bowl", "Ramen bowl, celadon", 18000),
			grinder.asks(3*time.Hour, "", 1, "hand-grinder", "Hand grinder, 38 mm burrs", 94000),
			grinder.requests(25*time.Minute, demoInvoice, 3500),
			plates.asks(50*time.Hour, "", 4, "side-plate", "Side plate, speckled", 7900),
			plates.requests(45*time.Hour, demoAddress, 4200),
			plates.pays(31*time.Hour, false),
			kettle.asks(77*time.Hour, "", 1, "gooseneck", "Gooseneck kettle, 0.9 l", 61000),
			kettle.requests(76*time.Hour, demoInvoice, 3900),
			kettle.pays(71*time.Hour, true),
			kettle.says(27*time.Hour, demoCoffee, orders.Process, "engraving the handle"),
		}},
		{"Orders that went wrong", []demoStep{
			vase.asks(118*time.Hour, "", 1, "bud-vase", "Bud vase, raw clay", 14000),
			vase.complains(94*time.Hour, orders.Cancel, "found one at the market"),
			decaf.asks(197*time.Hour, "", 2, "decaf-250", "Decaf, 250 g ground", 5800),
			decaf.requests(195*time.Hour, demoInvoice, 1800),
			decaf.pays(190*time.Hour, true),
			decaf.ships(7*demoDay, "DHL", "00340434161094042991"),
			decaf.complains(20*time.Hour, orders.Dispute, "these are whole beans, not ground"),
		}},
		{"A dispute that the arbiter resolves", []demoStep{
			press.asks(221*time.Hour, "", 1, "french-press", "French press, 1 l glass", 38000),
			press.requests(219*time.Hour, demoAddress, 2900),
			press.pays(214*time.Hour, false),
			press.says(8*demoDay, demoCoffee, orders.Confirm, "payment received"),
			press.ships(7*demoDay, "CTT", "RF418824105PT"),
			press.complains(4*demoDay, orders.Dispute, "the glass arrived in pieces"),
			press.rules(demoDay, orders.OutcomeCancelled, "the seller pays back"),
			press.refunds(5 * time.Hour),
		}},
	}
}

// A demoOrder keeps what the later messages of an order must agree with.
type demoOrder struct {
	id, seller string
	now        time.Time
	product    string
	total      int64 // sats, shipping included once it is quoted
	payment    demoPayment
}

// step makes the message, dated that long ago.
func (o *demoOrder) step(ago time.Duration, by string, becomes orders.Status, what string, d orders.Draft) demoStep {
	d.OrderID, d.At = o.id, o.now.Add(-ago).UnixMilli()
	to := o.seller
	if by == o.seller {
		to = demoBuyer
	}
	return demoStep{by: by, to: to, what: what, becomes: becomes, draft: d}
}

func (o *demoOrder) asks(ago time.Duration, cart string, n int64, id, title string, price int64) demoStep {
	o.product, o.total = title, n*price
	sum := o.total
	return o.step(ago, demoBuyer, orders.StatusIntentSent, fmt.Sprintf("%d × %s", n, title), orders.Draft{
		Verb: orders.Intent,
		Public: orders.Public{Amount: &sum, CheckoutID: cart, Products: []orders.Product{{
			ProductID: id, Title: title, Quantity: n, PricePerUnit: json.Number(strconv.FormatInt(price, 10)), Currency: "SATS",
		}}},
		Private: orders.Private{ShippingAddress: demoShip, Contact: map[string]string{"email": "nora@example.com"}},
	})
}

func (o *demoOrder) requests(ago time.Duration, by func(sats int64, what string, made time.Time) demoPayment, shipping int64) demoStep {
	o.total += shipping
	sum := o.total
	o.payment = by(sum, o.product, o.now.Add(-ago))
	return o.step(ago, o.seller, orders.StatusPaymentRequested, sats(sum)+" by "+o.payment.medium, orders.Draft{
		Verb:    orders.Request,
		Public:  orders.Public{Amount: &sum, ShippingQuote: &shipping, Medium: o.payment.medium},
		Private: orders.Private{PaymentLink: o.payment.link},
	})
}

func sats(n int64) string { return strconv.FormatInt(n, 10) + " sats" }
