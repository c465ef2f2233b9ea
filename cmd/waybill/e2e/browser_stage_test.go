//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"time"
)

// What tests of the pages find when they begin. What somebody does in one of them is
// named by that test; the SEEN- orders are only looked at.

// stagePeople have names for the pages to show (kind 0).
var stagePeople = map[string]string{
	"buyer": "Nora Lind", "seller": "Casa Azul Ceramics", "shop": "Torrefação do Porto", "arbiter": "Market office", "newcomer": "Newcomer", "artisan": "Ana the potter",
}

// A stageAct is one message of a staged order, by its seller or by its buyer.
type stageAct struct {
	bySeller bool
	says     func(to *person, id string) rumor
}

var stageActs = map[string]stageAct{
	"ask": {true, func(to *person, id string) rumor {
		return request(to, id, "azul@pay.example", 21_500, tag("shipping_quote", "1500"), tag("eta", fmt.Sprint(time.Now().AddDate(0, 0, 9).Unix())))
	}},
	"pay":     {false, func(to *person, id string) rumor { return receipt(to, id, "azul@pay.example", "", 21_500) }},
	"confirm": {true, func(to *person, id string) rumor { return status(to, id, "confirmed", "") }},
	"ship": {true, func(to *person, id string) rumor {
		return parcel(to, id, "RF418824105PT", "CTT", tag("eta", fmt.Sprint(time.Now().AddDate(0, 0, 3).Unix())))
	}},
	"receive": {false, func(to *person, id string) rumor { return status(to, id, "delivered", "") }},
	"cancel": {false, func(to *person, id string) rumor {
		return status(to, id, "cancelled", "", tag("reason", "found one at home"))
	}},
	"dispute": {false, func(to *person, id string) rumor {
		return status(to, id, "disputed", "", tag("reason", "one mug came in two pieces"))
	}},
}

// stage has people order from each other, on days before today.
func (w *world) stage() {
	w.t.Helper()
	for _, p := range w.people {
		p.publishes(rumor{Kind: 0, Content: string(must(json.Marshal(map[string]string{"name": stagePeople[p.name]}))(w.t)), Tags: [][]string{}, CreatedAt: time.Now().Unix()})
	}
	w.order("seller", "SEEN-INTENT", 1)
	w.order("seller", "SEEN-ASKED", 2, "ask")
	w.order("seller", "SEEN-PAID", 4, "ask", "pay")
	w.order("seller", "SEEN-PROCESSING", 8, "ask", "pay", "confirm")
	w.order("seller", "SEEN-SHIPPED", 11, "ask", "pay", "confirm", "ship")
	w.order("seller", "SEEN-DELIVERED", 31, "ask", "pay", "confirm", "ship", "receive")
	w.order("seller", "SEEN-CANCELLED", 17, "cancel")
	w.order("seller", "SEEN-DISPUTED", 23, "ask", "pay", "confirm", "ship", "dispute")
	for _, id := range []string{"BUY-WRAPPED", "BUY-POSTED", "BY-KEYBOARD", "MOVED-ON"} {
		w.order("seller", id, 0)
	}
	w.order("seller", "CASE-RULED", 12, "ask", "pay", "confirm", "ship")
	w.order("seller", "CASE-WITHDRAWN", 12, "ask", "pay", "confirm", "ship", "dispute")
	w.order("seller", "CASE-CONCEDED", 12, "ask", "pay", "confirm", "ship", "dispute")
	for n := range 20 {
		w.order("shop", fmt.Sprintf("BULK-%02d", n+1), n, "ask", "pay", "confirm")
	}
	w.order("shop", "BULK-CANCELLED", 3, "cancel")
	w.order("shop", "BULK-DELIVERED", 20, "ask", "pay", "confirm", "ship", "receive")
	for n := range 20 {
		w.order("shop", fmt.Sprintf("PLAIN-%02d", n+1), 3*n)
	}
}

// order is one from the buyer, begun so many days ago; one message a minute.
func (w *world) order(seller, id string, days int, acts ...string) {
	w.t.Helper()
	from, to := w.person("buyer"), w.person(seller)
	at := time.Now().AddDate(0, 0, -days).Add(-time.Duration(len(acts)+1) * time.Minute)
	from.send(to, intent(to, id, "Please wrap them well.", 20_000, tag("address", "Nora Lind\nRua das Flores 14, 3.º Esq.\n4050-262 Porto\nPortugal"),
		tag("email", "nora@mail.example"), tag("shipping", "30406:"+to.pubkey+":post")).at(at))
	for _, name := range acts {
		a := stageActs[name]
		at = at.Add(time.Minute)
		if a.bySeller {
			to.send(from, a.says(from, id).at(at))
		} else {
			from.send(to, a.says(to, id).at(at))
		}
	}
}
