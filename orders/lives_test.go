package orders

import (
	"testing"
)

func TestLives(t *testing.T) {
	bought := func(more ...Fact) []Fact {
		return append([]Fact{says(ana, Intent, 0, sats(100)), says(bob, Request, 1)}, more...)
	}
	h := "11"
	tests := map[string]struct {
		facts      []Fact
		status     Status
		payment    Payment
		exceptions string
		refusals   string
		check      func(t *testing.T, o *Order)
	}{
		"a whole life": {
			facts: bought(says(ana, Paid, 2), says(bob, Confirm, 3), says(bob, Process, 4),
				says(bob, Shipped, 5, parcel("UPS", "1Z9")), says(ana, Delivered, 6)),
			status: StatusDelivered, payment: PaymentConfirmed,
			check: func(t *testing.T, o *Order) {
				got := []int64{o.CreatedTimestamp, o.PaymentRequestedTimestamp, o.PaymentConfirmedTimestamp,
					o.PaymentVerifiedTimestamp, o.ShippingTimestamp, o.ActualDeliveryTimestamp, o.UpdatedTimestamp}
				for i, min := range []int64{0, 1, 2, 3, 5, 6, 6} {
					if got[i] != noon+min*minute {
						t.Errorf("time %d: got %d, want %d", i, got[i], noon+min*minute)
					}
				}
				if o.TrackingNumber != "1Z9" || o.Carrier != "UPS" || o.BuyerPubkey != ana || o.SellerPubkey != bob {
					t.Errorf("got %+v", o)
				}
			},
		},
		"buyer back-dates a cancel after shipment": {
			facts:  bought(says(ana, Paid, 200), says(bob, Shipped, 300), says(ana, Cancel, 600, backdated(2))),
			status: StatusShipped, payment: PaymentClaimed, exceptions: "cancel-refused", refusals: "illegal-transition",
		},
		"seller back-dates a confirmation after an accepted cancel": {
			facts:  bought(says(ana, Paid, 2), says(ana, Cancel, 3), says(bob, Confirm, 600, backdated(2))),
			status: StatusCancelled, payment: PaymentRefundDue, exceptions: "confirm-after-cancel",
		},
		"cancel, seller ships 5 min later (crossed)": {
			facts:  bought(says(ana, Cancel, 3), says(bob, Shipped, 8, parcel("UPS", "1"))),
			status: StatusCancelled, payment: PaymentRequested, exceptions: "shipped-after-cancel",
			check: func(t *testing.T, o *Order) {
				if len(o.Shipments) != 1 {
					t.Errorf("got %d parcels, want 1", len(o.Shipments))
				}
			},
		},
		"claim, cancel": {
			facts:  bought(says(ana, Paid, 2), says(ana, Cancel, 3)),
			status: StatusCancelled, payment: PaymentClaimed, exceptions: "refund-asked",
		},
		"address A, B, A": {
			facts: bought(says(ana, Address, 2, id("first A"), with(FieldShippingAddress)),
				says(ana, Address, 3, id("B"), with(FieldShippingAddress)),
				says(ana, Address, 4, id("again A"), with(FieldShippingAddress))),
			status: StatusPaymentRequested, payment: PaymentRequested,
			check: func(t *testing.T, o *Order) {
				if o.ShippingAddress == nil || o.ShippingAddress.Fact != "again A" {
					t.Errorf("got %+v, want the third", o.ShippingAddress)
				}
			},
		},
		"two parcels without tracking": {
			facts:  bought(says(ana, Paid, 2), says(bob, Shipped, 3, id("p1")), says(bob, Shipped, 3, id("p2"))),
			status: StatusShipped, payment: PaymentClaimed,
			check: func(t *testing.T, o *Order) {
				if len(o.Shipments) != 2 {
					t.Errorf("got %d parcels, want 2", len(o.Shipments))
				}
			},
		},
		"one parcel told twice": {
			facts:  bought(says(bob, Shipped, 3, parcel("UPS", "1")), says(bob, Shipped, 4, parcel("UPS", "1"))),
			status: StatusShipped, payment: PaymentRequested,
			check: func(t *testing.T, o *Order) {
				if len(o.Shipments) != 1 {
					t.Errorf("got %d parcels, want 1", len(o.Shipments))
				}
			},
		},
		"a parcel, and the word that the order stands at shipped, before and after": {
			facts: bought(says(bob, Shipped, 2, id("s1"), standing), says(bob, Shipped, 3, parcel("UPS", "1")),
				says(bob, Shipped, 4, id("s2"), standing)),
			status: StatusShipped, payment: PaymentRequested,
			check: func(t *testing.T, o *Order) {
				if len(o.Shipments) != 1 || o.TrackingNumber != "1" || o.ShippingTimestamp != noon+2*minute {
					t.Errorf("got parcels %+v", o.Shipments)
				}
			},
		},
		"that word alone, said twice": {
			facts:  bought(says(bob, Shipped, 2, id("s1"), standing), says(bob, Shipped, 4, id("s2"), standing)),
			status: StatusShipped, payment: PaymentRequested,
			check: func(t *testing.T, o *Order) {
				if len(o.Shipments) != 1 {
					t.Errorf("got %d parcels, want 1", len(o.Shipments))
				}
			},
		},
		"two refunds of 50 for 100": {
			facts: bought(says(ana, Paid, 2, sats(100)), says(bob, Confirm, 3), says(bob, Cancel, 4),
				says(bob, Refunded, 5, id("r1"), sats(50)), says(bob, Refunded, 5, id("r2"), sats(50))),
			status: StatusCancelled, payment: PaymentRefunded,
		},
		"one refund of 50 for 100": {
			facts: bought(says(ana, Paid, 2, sats(100)), says(bob, Confirm, 3), says(bob, Cancel, 4),
				says(bob, Refunded, 5, sats(50))),
			status: StatusCancelled, payment: PaymentRefundDue,
		},
		"dispute, withdrawn, raised again in the same words, admin rules delivered": {
			facts: bought(says(ana, Paid, 2), says(ana, Dispute, 3), says(ana, Resolved, 4, ends(OutcomeResume)),
				says(ana, Dispute, 5), says(judge, Resolved, 6, asAdmin, ends(OutcomeDelivered))),
			status: StatusDelivered, payment: PaymentClaimed,
		},
		`raiser "withdraws" with outcome cancelled`: {
			facts:  bought(says(ana, Paid, 2), says(ana, Dispute, 3), says(ana, Resolved, 4, ends(OutcomeCancelled))),
			status: StatusDisputed, payment: PaymentClaimed, refusals: "illegal-transition",
		},
		"seller concedes": {
			facts: bought(says(ana, Paid, 2), says(bob, Confirm, 3), says(ana, Dispute, 4),
				says(bob, Resolved, 5, ends(OutcomeCancelled))),
			status: StatusCancelled, payment: PaymentRefundDue,
		},
		"a ruling that crosses its dispute on the way": {
			facts: bought(says(ana, Paid, 2), says(judge, Resolved, 4, asAdmin, ends(OutcomeDelivered)),
				says(ana, Dispute, 9)),
			status: StatusDelivered, payment: PaymentClaimed,
		},
		"a ruling long before any dispute": {
			facts: bought(says(ana, Paid, 2), says(judge, Resolved, 4, asAdmin, ends(OutcomeDelivered)),
				says(ana, Dispute, 30)),
			status: StatusDisputed, payment: PaymentClaimed, refusals: "illegal-transition",
		},
		"one of two disputes withdrawn": {
			facts: bought(says(ana, Paid, 2), says(ana, Dispute, 3), says(bob, Dispute, 4),
				says(bob, Resolved, 5, ends(OutcomeResume))),
			status: StatusDisputed, payment: PaymentClaimed,
		},
		"a party who is an admin rules in his own case": {
			facts: bought(says(ana, Paid, 2), says(bob, Dispute, 3),
				says(ana, Resolved, 4, asAdmin, ends(OutcomeCancelled))),
			status: StatusDisputed, payment: PaymentClaimed, refusals: "illegal-transition",
		},
		"dispute of what the seller alone says is paid": {
			facts:  bought(says(bob, Confirm, 2), says(ana, Dispute, 3)),
			status: StatusDisputed, payment: PaymentConfirmed,
		},
		"dispute before anything happened": {
			facts: bought(says(ana, Dispute, 2)), status: StatusPaymentRequested, payment: PaymentRequested,
			refusals: "illegal-transition",
		},
		"intent 9 days late": {
			facts: []Fact{says(bob, Request, 0, invoice(h)), says(ana, Paid, 1, preimageOf(h)),
				says(ana, Intent, 9*24*60, backdated(-1), sats(70))},
			status: StatusPaid, payment: PaymentConfirmed,
			check: func(t *testing.T, o *Order) {
				if o.Stub || o.CreatedTimestamp != noon-minute || o.TotalSats != 70 {
					t.Errorf("got stub %v, created %d, total %d", o.Stub, o.CreatedTimestamp-noon, o.TotalSats)
				}
			},
		},
		"a stub's shipping counts once": {
			facts:  []Fact{says(bob, Request, 1, sats(12), func(f *Fact) { n := int64(2); f.ShippingQuote = &n })},
			status: StatusPaymentRequested, payment: PaymentRequested,
			check: func(t *testing.T, o *Order) {
				if o.TotalSats != 10 || o.GrandTotal != 12 {
					t.Errorf("got %d and %d sats, want 10 and 12", o.TotalSats, o.GrandTotal)
				}
			},
		},
		"message dated 2099": {
			facts:  bought(says(ana, Paid, 2, func(f *Fact) { f.At = 4_070_908_800_000 })),
			status: StatusPaid, payment: PaymentClaimed,
			check: func(t *testing.T, o *Order) {
				if want := noon + 12*minute; o.PaymentConfirmedTimestamp != want {
					t.Errorf("counts at %d, want %d", o.PaymentConfirmedTimestamp, want)
				}
			},
		},
		"shipped after delivered": {
			facts:  bought(says(ana, Paid, 2), says(ana, Delivered, 3), says(bob, Shipped, 4, parcel("UPS", "2"))),
			status: StatusDelivered, payment: PaymentClaimed,
			check: func(t *testing.T, o *Order) {
				if len(o.Shipments) != 1 {
					t.Errorf("got %d parcels, want 1", len(o.Shipments))
				}
			},
		},
		"paid after cancel": {
			facts:  bought(says(ana, Cancel, 2), says(ana, Paid, 3)),
			status: StatusCancelled, payment: PaymentClaimed, exceptions: "paid-after-cancel refund-asked",
		},
		"paid after cancel, confirmed": {
			facts:  bought(says(ana, Cancel, 2), says(ana, Paid, 3), says(bob, Confirm, 4)),
			status: StatusCancelled, payment: PaymentRefundDue, exceptions: "paid-after-cancel confirm-after-cancel",
		},
		"cancel after delivery": {
			facts:  bought(says(ana, Delivered, 3), says(bob, Cancel, 4)),
			status: StatusDelivered, payment: PaymentRequested, exceptions: "cancel-refused", refusals: "illegal-transition",
		},
		"buyer cancels once the seller has begun": {
			facts:  bought(says(bob, Process, 3), says(ana, Cancel, 4)),
			status: StatusProcessing, payment: PaymentRequested, exceptions: "cancel-refused", refusals: "illegal-transition",
		},
		"process confirms only a payment that is claimed": {
			facts: bought(says(bob, Process, 3), says(ana, Paid, 4)), status: StatusProcessing, payment: PaymentConfirmed,
		},
		"an order taken on before it is paid": {
			facts: bought(says(bob, Process, 3, accepts), says(ana, Paid, 4)), status: StatusPaid, payment: PaymentClaimed,
		},
		"an order taken on that was said to be paid": {
			facts: bought(says(ana, Paid, 3), says(bob, Process, 4, accepts)), status: StatusProcessing, payment: PaymentClaimed,
		},
		"taken on, and paid as the seller confirms": {
			facts:  bought(says(bob, Process, 3, accepts), says(ana, Paid, 4), says(bob, Confirm, 5)),
			status: StatusProcessing, payment: PaymentConfirmed,
		},
		"a preimage of an invoice that is not this seller's": {
			facts:  []Fact{says(ana, Intent, 0), says(bob, Request, 1, invoice("22")), says(ana, Paid, 2, preimageOf(h))},
			status: StatusPaid, payment: PaymentClaimed,
		},
		"a buyer's own invoice proves nothing": {
			facts:  []Fact{says(ana, Intent, 0), says(ana, Request, 1, invoice(h)), says(ana, Paid, 2, preimageOf(h))},
			status: StatusPaid, payment: PaymentClaimed, refusals: "wrong-role",
		},
		"a mirrored intent": {
			facts:  []Fact{says(ana, Intent, 0, sats(5)), says(bob, Intent, 300, backdated(-1000), sats(1))},
			status: StatusIntentSent, payment: PaymentNone, refusals: "wrong-role",
		},
		"a second intent with the same id": {
			facts:  []Fact{says(ana, Intent, 0, sats(5)), says(ana, Intent, 3, sats(1))},
			status: StatusIntentSent, payment: PaymentNone, refusals: "duplicate-id",
			check: func(t *testing.T, o *Order) {
				if o.TotalSats != 5 {
					t.Errorf("got %d sats, want those of the first", o.TotalSats)
				}
			},
		},
		"a stranger": {
			facts:  bought(says(eve, Paid, 2), says(eve, Resolved, 3, ends(OutcomeDelivered))),
			status: StatusPaymentRequested, payment: PaymentRequested, refusals: "not-a-participant not-a-participant",
		},
		"wrong roles": {
			facts:  bought(says(bob, Paid, 2), says(ana, Shipped, 3), says(ana, Confirm, 4), says(bob, Delivered, 5)),
			status: StatusPaymentRequested, payment: PaymentRequested, refusals: "wrong-role wrong-role wrong-role wrong-role",
		},
		"a seller whose dialect lets him say delivered": {
			facts: bought(says(bob, Delivered, 5, sellerDelivers)), status: StatusDelivered, payment: PaymentRequested,
		},
		"throw-away keys": {
			facts: bought(says(ana, Paid, 2, unbound), says(bob, Shipped, 3, unbound), says(ana, Cancel, 4, unbound),
				says(bob, Confirm, 5, unbound)),
			status: StatusShipped, payment: PaymentClaimed, refusals: "unbound-sender unbound-sender",
		},
		"a bound intent beats an unbound one": {
			facts:  []Fact{says(bob, Intent, 0, unbound, sats(9)), says(ana, Intent, 5, sats(3))},
			status: StatusIntentSent, payment: PaymentNone, refusals: "wrong-role",
		},
		"a payment link in free text": {
			facts:  []Fact{says(ana, Intent, 0), says(bob, Request, 2, hint, with(FieldContent, FieldPaymentLink))},
			status: StatusPaymentRequested, payment: PaymentRequested,
		},
		"an intent over the limit is kept, as spam": {
			facts: []Fact{says(ana, Intent, 0, held)}, status: StatusIntentSent, payment: PaymentNone, check: isHeld(true),
		},
		"until the seller answers": {
			facts: bought(says(ana, Intent, -1, held)), status: StatusPaymentRequested, payment: PaymentRequested,
			refusals: "duplicate-id", check: isHeld(false),
		},
		"not for a stranger's answer": {
			facts: []Fact{says(ana, Intent, 0, held), says(bob, Shipped, 1, unbound), says(eve, Request, 2)}, status: StatusShipped,
			payment: PaymentNone, refusals: "not-a-participant", check: isHeld(true),
		},
		"anything else over the limit does not count": {
			facts:  bought(says(ana, Paid, 2, held, with(FieldProof), boxed), says(ana, Note, 3, held, boxed)),
			status: StatusPaymentRequested, payment: PaymentRequested, refusals: "over-limit over-limit",
			check: func(t *testing.T, o *Order) {
				if len(o.Boxes) != 0 {
					t.Errorf("%d boxes are kept", len(o.Boxes))
				}
			},
		},
		"an invoice that the buyer pastes into the chat is a note": {
			facts:  []Fact{says(ana, Intent, 0), says(ana, Request, 2, hint, with(FieldContent))},
			status: StatusIntentSent, payment: PaymentNone,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := fold(tt.facts...)
			wantOutcome(t, o, tt.status, tt.payment, tt.exceptions, tt.refusals)
			if len(o.Timeline) != len(tt.facts) {
				t.Errorf("timeline: got %d lines, want %d", len(o.Timeline), len(tt.facts))
			}
			if tt.check != nil {
				tt.check(t, o)
			}
		})
	}
}

// The origin's clients build a message twice, a second apart.
func TestTwins(t *testing.T) {
	a := says(ana, Intent, 0, id("1"), through(bob), sats(5))
	b := says(ana, Intent, 0, id("2"), through(ana), sats(5))
	b.At += 1000
	if got := len(fold(a, b).Timeline); got != 1 {
		t.Errorf("built twice: got %d lines, want 1", got)
	}
	b.Inboxes = []string{bob}
	if got := len(fold(a, b).Timeline); got != 2 {
		t.Errorf("two messages in one inbox: got %d lines, want 2", got)
	}
	b.Inboxes, b.At = []string{ana}, b.At+2000
	if got := len(fold(a, b).Timeline); got != 2 {
		t.Errorf("three seconds apart: got %d lines, want 2", got)
	}
}

func isHeld(want bool) func(*testing.T, *Order) {
	return func(t *testing.T, o *Order) {
		t.Helper()
		if o.Held != want {
			t.Errorf("held: got %v, want %v", o.Held, want)
		}
	}
}

// A flood of messages over the limit does not grow the order without bound.
func TestOverLimitIsOmitted(t *testing.T) {
	facts := []Fact{says(ana, Intent, 0)}
	for i := range maxOverLimit + 50 {
		facts = append(facts, says(ana, Note, int64(i+1), held))
	}
	facts[len(facts)-1].Seq = 7
	o := fold(facts...)
	if len(o.Timeline) != 1+maxOverLimit || o.Omitted != 50 || o.Version != 7 {
		t.Errorf("got %d lines, %d omitted, version %d", len(o.Timeline), o.Omitted, o.Version)
	}
}

// A stub of which nothing is accepted still began some time, somehow: lists stand by it.
func TestStubOfRefusedFacts(t *testing.T) {
	o := fold(says(bob, Dispute, 9), says(ana, Dispute, 7))
	if got := refusals(o); got != "illegal-transition illegal-transition" {
		t.Fatalf("refusals: got %q", got)
	}
	if !o.Stub || o.CreatedTimestamp != noon+7*minute || o.UpdatedTimestamp != o.CreatedTimestamp || o.Dialect != "gamma" || o.Trust != Bound {
		t.Errorf("got created %d, updated %d, %q, %q", o.CreatedTimestamp-noon, o.UpdatedTimestamp-noon, o.Dialect, o.Trust)
	}
}
