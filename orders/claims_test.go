package orders

import "testing"

// What a throw-away key says, the two parts of one order, and the sums: lives with
// outcomes written by hand.
func TestClaims(t *testing.T) {
	// A shop whose clients all use throw-away keys.
	shop := func(more ...Fact) []Fact {
		return append([]Fact{says(ana, Intent, 0, unbound, sats(100)), says(ana, Paid, 1, unbound, sats(100), token("22"))}, more...)
	}
	open, wrapped := by(ByPublic), by(ByWrap)
	for name, tt := range map[string]struct {
		facts               []Fact
		status              Status
		payment             Payment
		exceptions, refused string
		check               func(*Order) bool
	}{
		"a throw-away key begins, pays, ships and delivers": {
			shop(says(bob, Shipped, 2, nameless(ana), parcel("UPS", "1Z9")), says(bob, Delivered, 3, nameless(ana), sellerDelivers)),
			StatusDelivered, PaymentClaimed, "", "",
			func(o *Order) bool { return o.Trust == Unbound && o.SellerPubkey == bob && len(o.Shipments) == 1 },
		},
		"it cancels nothing, disputes nothing, confirms nothing": {
			shop(says(bob, Cancel, 2, unbound), says(ana, Dispute, 3, unbound), says(bob, Confirm, 4, unbound), says(bob, Refunded, 5, unbound)),
			StatusPaid, PaymentClaimed, "", "unbound-sender unbound-sender unbound-sender unbound-sender", nil,
		},
		"it settles no dispute": {
			shop(says(ana, Dispute, 2), says(bob, Resolved, 3, unbound, ends(OutcomeCancelled)), says(ana, Resolved, 4, unbound, ends(OutcomeResume))),
			StatusDisputed, PaymentClaimed, "", "unbound-sender unbound-sender", nil,
		},
		"its address does not override a proven one": {
			shop(says(ana, Address, 2, id("proven"), with(FieldShippingAddress)), says(ana, Address, 3, unbound, id("claimed"), with(FieldShippingAddress))),
			StatusPaid, PaymentClaimed, "", "",
			func(o *Order) bool { return o.ShippingAddress != nil && o.ShippingAddress.Fact == "proven" },
		},
		"a proven intent stands before one that is only claimed": {
			[]Fact{says(bob, Intent, 0, unbound, id("forged"), sats(1)), says(ana, Intent, 5, id("real"), sats(100))},
			StatusIntentSent, PaymentNone, "", "wrong-role",
			func(o *Order) bool {
				return o.EventID == "real" && o.BuyerPubkey == ana && o.TotalSats == 100 && o.Trust == Bound
			},
		},
		"who is not named, and sealed it with his own key, has proven it": {
			[]Fact{says(ana, Intent, 0), says(bob, Shipped, 1, nameless(ana), keyed(bob)), says(ana, Cancel, 2)},
			StatusShipped, PaymentNone, "cancel-refused", "illegal-transition",
			func(o *Order) bool { return o.Timeline[1].Trust == Bound && o.Timeline[1].Sender == bob },
		},
		"who is not named, and did not, has not": {
			[]Fact{says(ana, Intent, 0), says(bob, Shipped, 1, nameless(ana)), says(ana, Cancel, 2)},
			StatusCancelled, PaymentNone, "", "",
			func(o *Order) bool { return o.Timeline[1].Trust == Unbound && len(o.Shipments) == 1 },
		},

		"the private part of a public order": {
			[]Fact{says(ana, Intent, 0, id("open"), open, through(), sats(100), buys("mug")),
				says(ana, Intent, 1, id("wrapped"), wrapped, sats(100), buys("mug"), with(FieldShippingAddress))},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool {
				return o.EventID == "open" && o.ShippingAddress != nil && o.ShippingAddress.Fact == "wrapped" && len(o.Products) == 1
			},
		},
		"the private part comes first, and says less": {
			[]Fact{says(ana, Intent, 0, id("wrapped"), wrapped, with(FieldShippingAddress)),
				says(ana, Intent, 1, id("open"), open, through(), sats(100), buys("mug"))},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool { return o.EventID == "wrapped" && o.TotalSats == 100 && len(o.Products) == 1 },
		},
		"another part that contradicts": {
			[]Fact{says(ana, Intent, 0, open, through(), sats(100), buys("mug")), says(ana, Intent, 1, wrapped, sats(90), buys("mug"))},
			StatusIntentSent, PaymentNone, "", "duplicate-id",
			func(o *Order) bool { return o.TotalSats == 100 },
		},
		"a third part that contradicts the second": {
			[]Fact{says(ana, Intent, 0, open, through(), sats(100)), says(ana, Intent, 1, wrapped, buys("mug")), says(ana, Intent, 2, wrapped, id("3"), buys("cup"))},
			StatusIntentSent, PaymentNone, "", "duplicate-id",
			func(o *Order) bool { return o.Products[0].ProductID == "mug" },
		},
		"the same order sent twice by one transport": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Intent, 1, sats(100))},
			StatusIntentSent, PaymentNone, "", "duplicate-id", nil,
		},
		"two parts by one throw-away key": {
			[]Fact{says(ana, Intent, 0, unbound, sats(100)), says(ana, Intent, 1, unbound, with(FieldShippingAddress))},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool { return o.ShippingAddress != nil },
		},
		"two parts by two throw-away keys": {
			[]Fact{says(ana, Intent, 0, unbound, sats(100)), says(ana, Intent, 1, unbound, keyed(carol), with(FieldShippingAddress))},
			StatusIntentSent, PaymentNone, "", "duplicate-id",
			func(o *Order) bool { return o.ShippingAddress == nil },
		},

		"accepted before it was paid": {
			[]Fact{says(ana, Intent, 0), says(bob, Process, 1, accepts), says(ana, Paid, 2)},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"accepted after it was paid": {
			[]Fact{says(ana, Intent, 0), says(ana, Paid, 1), says(bob, Process, 2, accepts)},
			StatusProcessing, PaymentClaimed, "", "", nil,
		},
		"accepted after a stranger claimed that it was paid": {
			[]Fact{says(ana, Intent, 0), says(ana, Paid, 1, unbound), says(bob, Process, 2, accepts)},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"the buyer tells how he pays": {
			[]Fact{says(ana, Intent, 0), says(ana, Request, 1, asLeg)},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool { return o.Timeline[1].Verb == Note },
		},
		"the seller asks in the same form": {
			[]Fact{says(ana, Intent, 0), says(bob, Request, 1, asLeg)},
			StatusPaymentRequested, PaymentRequested, "", "", nil,
		},
		"the word that it is shipped, said again": {
			[]Fact{says(ana, Intent, 0), says(bob, Shipped, 1, standing), says(bob, Shipped, 30, standing)},
			StatusShipped, PaymentNone, "", "",
			func(o *Order) bool { return len(o.Shipments) == 1 },
		},
		"a return is asked for": {
			[]Fact{says(ana, Intent, 0), says(ana, Note, 1, unbound, code("return-requested"))},
			StatusIntentSent, PaymentNone, "return-requested", "", nil,
		},

		"a throw-away key adds nothing to an order whose buyer is proven": {
			[]Fact{says(ana, Intent, 0, sats(100), buys("soap")), says(ana, Paid, 1, unbound, sats(900), token("44"), buys("gold")), says(ana, Paid, 2, sats(50))},
			StatusPaid, PaymentClaimed, "underpaid", "",
			func(o *Order) bool { return o.TotalSats == 100 && o.Products[0].ProductID == "soap" },
		},
		"nor does its word make a payment confirmed": {
			[]Fact{says(ana, Intent, 0), says(bob, Process, 1), says(ana, Paid, 2, unbound)},
			StatusProcessing, PaymentClaimed, "", "", nil,
		},
		"a claimed intent does not turn round what was proven": {
			[]Fact{says(bob, Confirm, 0), says(bob, Shipped, 1, parcel("UPS", "1")), says(bob, Intent, 2, nameless(ana), id("forged"))},
			StatusShipped, PaymentConfirmed, "", "wrong-role",
			func(o *Order) bool { return o.SellerPubkey == bob && len(o.Shipments) == 1 },
		},
		"nor does a buyer's form of a request": {
			[]Fact{says(ana, Request, 0, asLeg), says(ana, Paid, 1)},
			StatusPaid, PaymentClaimed, "", "",
			func(o *Order) bool { return o.BuyerPubkey == ana },
		},
		"the side that the dialect knows": {
			[]Fact{says(bob, Delivered, 0, sellerDelivers, as(Seller))},
			StatusDelivered, PaymentNone, "", "",
			func(o *Order) bool { return o.SellerPubkey == bob },
		},
		"a message that only the other side writes": {
			[]Fact{says(ana, Intent, 0), says(ana, Cancel, 1, as(Seller))},
			StatusIntentSent, PaymentNone, "", "wrong-role", nil,
		},
		"two keys say the same, at once": {
			[]Fact{says(ana, Intent, 0, unbound, id("a"), through(bob)), says(ana, Intent, 0, unbound, keyed(carol), id("b"), through(ana))},
			StatusIntentSent, PaymentNone, "", "duplicate-id", nil,
		},

		"a preimage of a small invoice, and a large claim": {
			[]Fact{says(ana, Intent, 0), says(bob, Request, 1, sats(100000)), says(bob, Request, 2, sats(1), invoice("11")), says(bob, Request, 3, sats(100000), invoice("22")),
				says(ana, Paid, 4, sats(100000), preimageOf("11"))},
			StatusPaid, PaymentConfirmed, "underpaid", "", nil,
		},
		"a preimage of a further invoice of one request": {
			[]Fact{says(ana, Intent, 0), says(bob, Request, 1, invoice("11"), func(f *Fact) { f.OtherHashes = []string{"22"} }), says(ana, Paid, 4, preimageOf("22"))},
			StatusPaid, PaymentConfirmed, "", "", nil,
		},
		"paid by two media": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(60), medium("fiat")), says(ana, Paid, 2, sats(40), token("33"), medium("ecash"))},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"paid to somebody who is no party": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(10), func(f *Fact) { f.Parties, f.Payee = []string{ana}, carol })},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool { return o.Timeline[1].Verb == Note && o.Timeline[1].Code == LegPaid },
		},
		"paid to the seller, in a message that names the buyer": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(100), func(f *Fact) { f.Parties, f.Payee = []string{ana}, bob })},
			StatusPaid, PaymentClaimed, "", "", nil,
		},

		"underpaid": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(99))},
			StatusPaid, PaymentClaimed, "underpaid", "", nil,
		},
		"overpaid": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(101))},
			StatusPaid, PaymentClaimed, "overpaid", "", nil,
		},
		"what the seller asked for counts, shipping included": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(bob, Request, 1, sats(120)), says(ana, Paid, 2, sats(100))},
			StatusPaid, PaymentClaimed, "underpaid", "", nil,
		},
		"paid in two tokens": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(60), token("22")), says(ana, Paid, 2, sats(40), token("33"))},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"one token, told of twice": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(100), token("22")), says(ana, Paid, 20, sats(100), token("22"), unbound)},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"told of twice, without proof": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(100)), says(ana, Paid, 20, sats(100))},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"a part went to somebody else, and each was rounded": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(89)), says(ana, Note, 2, leg, sats(10))},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"the part of somebody else pays nothing by itself": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Note, 2, leg, sats(10))},
			StatusIntentSent, PaymentNone, "", "", nil,
		},
		"a total that is only claimed yields to what the seller asks for": {
			[]Fact{says(ana, Intent, 0, sats(1000), flagged("total-claimed")), says(bob, Request, 1, sats(100)), says(ana, Paid, 2, sats(100))},
			StatusPaid, PaymentClaimed, "", "",
			func(o *Order) bool { return o.TotalSats == 100 },
		},
		"a total that is only claimed yields to the sum of its lines": {
			[]Fact{says(ana, Intent, 0, sats(1000), flagged("total-claimed"), lines(60, 40)), says(ana, Paid, 2, sats(100))},
			StatusPaid, PaymentClaimed, "", "",
			func(o *Order) bool { return o.TotalSats == 100 },
		},
		"a total that is only claimed does not yield to what is paid": {
			[]Fact{says(ana, Intent, 0, sats(1000), flagged("total-claimed")), says(ana, Paid, 1, sats(100))},
			StatusPaid, PaymentClaimed, "underpaid", "",
			func(o *Order) bool { return o.TotalSats == 1000 },
		},
		"a claimed total stands where there is nothing better": {
			[]Fact{says(ana, Intent, 0, sats(1000), flagged("total-converted"))},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool { return o.TotalSats == 1000 },
		},
		"what something costs is asked, and the seller says it": {
			[]Fact{says(ana, Intent, 0, sats(0)), says(bob, Request, 1, sats(5000), quoted(500)), says(ana, Paid, 2, sats(5000)), says(bob, Confirm, 3)},
			StatusProcessing, PaymentConfirmed, "", "",
			func(o *Order) bool { return o.TotalSats == 4500 && o.GrandTotal == 5000 },
		},
		"what goods without a price cost is asked": {
			[]Fact{says(ana, Intent, 0, sats(0), buys("mug")), says(bob, Request, 1, sats(5000))},
			StatusPaymentRequested, PaymentRequested, "", "",
			func(o *Order) bool { return o.TotalSats == 5000 },
		},
		"no total, and paid without one": {
			[]Fact{says(ana, Intent, 0), says(ana, Paid, 1, sats(70))},
			StatusPaid, PaymentClaimed, "", "",
			func(o *Order) bool { return o.TotalSats == 70 },
		},
		"a gift": {
			[]Fact{says(ana, Intent, 0, sats(0), lines(0, 0)), says(bob, Request, 1, sats(500), quoted(500))},
			StatusPaymentRequested, PaymentRequested, "", "",
			func(o *Order) bool { return o.TotalSats == 0 && o.GrandTotal == 500 },
		},
		"the two parts of an order, one of which names no price": {
			[]Fact{says(ana, Intent, 0, sats(0), by(ByPublic)), says(ana, Intent, 0, sats(100), by(ByWrap), id("wrapped"))},
			StatusIntentSent, PaymentNone, "", "",
			func(o *Order) bool { return o.TotalSats == 100 },
		},
		"a part given back in another currency is not the whole": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(100)), says(bob, Confirm, 2), says(bob, Cancel, 3),
				says(bob, Refunded, 4, func(f *Fact) { f.Fiat = &Money{"1", "EUR"} })},
			StatusCancelled, PaymentRefundDue, "", "", nil,
		},
		"a cancelled order was not underpaid": {
			[]Fact{says(ana, Intent, 0, sats(100)), says(ana, Paid, 1, sats(99)), says(ana, Cancel, 2)},
			StatusCancelled, PaymentClaimed, "refund-asked", "", nil,
		},
		"paid after the invoice had expired": {
			[]Fact{says(ana, Intent, 0), says(bob, Request, 1, expires(10), invoice("11")), says(ana, Paid, 11, invoice("11"))},
			StatusPaid, PaymentClaimed, "paid-late", "", nil,
		},
		"paid by a later invoice that had not": {
			[]Fact{says(ana, Intent, 0), says(bob, Request, 1, expires(10), invoice("11")), says(bob, Request, 12, expires(60), invoice("22")), says(ana, Paid, 20, invoice("22"))},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
		"paid in time": {
			[]Fact{says(ana, Intent, 0), says(bob, Request, 1, expires(10)), says(ana, Paid, 10)},
			StatusPaid, PaymentClaimed, "", "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := fold(tt.facts...)
			wantOutcome(t, o, tt.status, tt.payment, tt.exceptions, tt.refused)
			if tt.check != nil && !tt.check(o) {
				t.Errorf("got %+v", o)
			}
		})
	}
}

func TestNow(t *testing.T) {
	asked := []Fact{says(ana, Intent, 0), says(bob, Request, 1, expires(10), func(f *Fact) { f.ETA = noon + 60*minute })}
	for name, tt := range map[string]struct {
		facts []Fact
		at    int64 // minutes
		want  string
	}{
		"in time":                   {asked, 10, ""},
		"not paid in time":          {asked, 11, "expired"},
		"nor arrived":               {asked, 61, "expired late"},
		"paid":                      {append(asked, says(ana, Paid, 5)), 61, "late"},
		"arrived":                   {append(asked, says(ana, Paid, 5), says(ana, Delivered, 70)), 90, ""},
		"cancelled":                 {append(asked, says(ana, Cancel, 5)), 90, ""},
		"asked again, without end":  {append(asked, says(bob, Request, 12, with(FieldPaymentLink))), 20, ""},
		"disputed, which is enough": {append(asked, says(ana, Paid, 5), says(ana, Dispute, 6)), 90, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := fold(tt.facts...)
			o.Now(noon + tt.at*minute)
			if got := codes(o); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
