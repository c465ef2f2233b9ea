package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A whole life: each step is told to the other party, once, in one sentence that says
// nothing private and is no command.
func TestALifeIsTold(t *testing.T) {
	h := newHouse(t, nil)
	buyer, seller := h.person(true), h.person(true)
	refund := int64(100)
	link := orders.Private{PaymentLink: "lnurl1dp68gurn8ghj7"}
	for _, step := range []struct {
		from, to *nip17.SecretSigner
		d        orders.Draft
	}{
		{buyer, seller, intent("A-1")},
		{seller, buyer, orders.Draft{Verb: orders.Request, OrderID: "A-1", Private: link}},
		{buyer, seller, verb(orders.Paid, "A-1")},
		{seller, buyer, verb(orders.Confirm, "A-1")},
		{seller, buyer, verb(orders.Process, "A-1")}, // the status is that already
		{buyer, seller, orders.Draft{Verb: orders.Address, OrderID: "A-1", Private: orders.Private{ShippingAddress: "2 Side St"}}},
		{buyer, seller, orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "please hurry"}}},
		{seller, buyer, orders.Draft{Verb: orders.Shipped, OrderID: "A-1", Public: orders.Public{Tracking: "1Z9", Carrier: "UPS"}}},
		{buyer, seller, verb(orders.Delivered, "A-1")},
		{buyer, seller, orders.Draft{Verb: orders.Dispute, OrderID: "A-1", Private: orders.Private{Reason: "it is broken"}}},
		{buyer, seller, orders.Draft{Verb: orders.Cancel, OrderID: "A-1"}}, // too late: refused
		{seller, buyer, orders.Draft{Verb: orders.Resolved, OrderID: "A-1", Public: orders.Public{Outcome: orders.OutcomeCancelled}}},
		{seller, buyer, orders.Draft{Verb: orders.Refunded, OrderID: "A-1", Public: orders.Public{Amount: &refund}}},
	} {
		h.say(step.from, step.to, step.d)
		h.decided() // in the same second the fold goes by the verbs' order
	}
	got := h.told()
	for who, want := range map[string][]string{
		seller.PublicKey(): {"created", "paid", "address_changed", "delivered", "disputed"},
		buyer.PublicKey():  {"payment_requested", "payment_confirmed", "shipped", "resolved", "refunded"},
	} {
		if diff := cmp.Diff(want, events(t, got, who, laneDM)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	for _, n := range got {
		if n.State != ledger.NoticeSent || n.Attempts != 1 {
			t.Errorf("got %+v", n)
		}
	}
	for _, p := range []*nip17.SecretSigner{buyer, seller} {
		rumors := h.inbox(p)
		if len(rumors) != 5 {
			t.Errorf("%d messages, want 5", len(rumors))
		}
		for _, r := range rumors {
			if !strings.Contains(r.Content, "A-1") || !strings.Contains(r.Content, "Status: ") || !enrol.IsNotice(&r) {
				t.Errorf("got %+v", r)
			}
			for _, private := range []string{"Main", "Side", "hurry", "broken", "lnurl", "1Z9", buyer.PublicKey(), seller.PublicKey()} {
				if strings.Contains(r.Content, private) {
					t.Errorf("%q tells %q", r.Content, private)
				}
			}
		}
	}
}

// No sentence, and nothing that quotes one, is a command.
func TestSentences(t *testing.T) {
	for _, e := range append(Events, "order.later") {
		for _, by := range []string{"buyer", "seller", "admin", "node", ""} {
			n := News{Event: e, OrderID: "revoke", Status: orders.StatusPaid, By: by, Unproven: by == ""}
			if c, ok := enrol.ParseCommand(n.sentence()); ok {
				t.Errorf("%q is a command: %v", n.sentence(), c.Verb)
			}
			if strings.Contains(n.sentence(), "%!") || strings.Contains(n.subject(), "%!") {
				t.Errorf("%q, %q", n.sentence(), n.subject())
			}
		}
	}
	for _, line := range strings.Split(Usage+"\n"+WebhookUsage, "\n") {
		if _, ok := enrol.ParseCommand(line); ok {
			t.Errorf("%q is a command", line)
		}
	}
}

// Nothing is news that is old, was opened late, comes again, or comes with a rebuild.
func TestOldNews(t *testing.T) {
	h := newHouse(t, nil)
	buyer, seller := h.person(true), nip17test.Signer(t)
	now := time.Now()
	// Before anybody holds the seller's key.
	waits := h.wraps(buyer, seller.PublicKey(), intent("late"), now)[0]
	h.arrive(&waits, now)

	for id, at := range map[string]struct{ said, arrived time.Time }{
		"old":      {now.Add(-49 * time.Hour), now.Add(-49 * time.Hour)},
		"imported": {now.Add(-49 * time.Hour), now},
		"news":     {now.Add(-47 * time.Hour), now.Add(-47 * time.Hour)},
	} {
		h.takesPart(seller)
		w := h.wraps(buyer, seller.PublicKey(), intent(id), at.said)[1] // the buyer's own copy
		h.arrive(&w, at.arrived)
	}
	told := func(want int) {
		t.Helper()
		h.decided()
		got := h.told()
		if len(got) != want || want > 0 && got[0].IntentID != "news" {
			t.Fatalf("got %+v, want %d", got, want)
		}
	}
	told(1)

	// The key comes.
	dir := t.TempDir()
	store, err := nip17.OpenStore(dir+"/keys.json", h.master)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.keyring.Add(nip17test.ReadingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	backlog := relay.NewBacklog(h.ledger, h.decoder, h.keyring, store, 0, h.notifier.log)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- backlog.Run(ctx) }()
	eventually(t, "the late order", func() bool { _, err := h.store.Order(t.Context(), "late"); return err == nil })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	told(1)

	// Everything again, from an empty Redis, and after a restart.
	if _, err := relay.Rebuild(t.Context(), h.ledger, h.store, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Remove(t.Context(), "news", "old"); err != nil {
		t.Fatal(err)
	}
	told(1)
	h.restart()
	told(1)
}

// The seller's key opens what the buyer wrote; the same message by another way, or
// wrapped anew, is no second news.
func TestCopies(t *testing.T) {
	h := newHouse(t, nil)
	buyer, seller := h.person(true), h.person(true)
	wraps := h.wraps(buyer, seller.PublicKey(), intent("A-1"), time.Now())
	for _, w := range wraps {
		h.arrive(&w, time.Now())
		h.decided()
	}
	if got := events(t, h.told(), seller.PublicKey(), ""); !slices.Equal(got, []string{"created"}) {
		t.Errorf("got %v", got)
	}
	if n := len(h.inbox(seller)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// What fails is tried again, and after the last try it is seen to have failed; a
// restart in the middle loses nothing and sends nothing twice.
func TestRetry(t *testing.T) {
	h := newHouse(t, nil)
	buyer, seller := h.person(true), h.person(true)
	h.refuse(errors.New("no room"))
	h.say(buyer, seller, intent("A-1"))
	got := h.told()
	if len(got) != 1 || got[0].State != ledger.NoticeFailed || got[0].Attempts != 4 || got[0].LastError != "not-stored" {
		t.Fatalf("got %+v", got)
	}
	if err := h.notifier.Again(t.Context(), buyer.PublicKey(), got[0].ID); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("somebody else's: %v", err)
	}
	h.waits = []time.Duration{time.Hour}
	h.restart()
	if err := h.notifier.Again(t.Context(), seller.PublicKey(), got[0].ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a try", func() bool { return h.notices()[0].Attempts == 1 })
	h.refuse(nil)
	h.restart()
	if n := h.notices()[0]; n.State != ledger.NoticeDue || n.NextAt < time.Now().Add(50*time.Minute).UnixMilli() {
		t.Errorf("after a restart: %+v", n)
	}
	h.skew = 2 * time.Hour
	h.restart()
	if got := h.told(); got[0].State != ledger.NoticeSent || len(h.inbox(seller)) != 1 {
		t.Errorf("got %+v and %d messages", got, len(h.inbox(seller)))
	}
	h.restart()
	h.decided()
	if got := h.told(); len(got) != 1 || len(h.inbox(seller)) != 1 {
		t.Errorf("got %+v and %d messages", got, len(h.inbox(seller)))
	}
}
