package web

import (
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

func TestTimeline(t *testing.T) {
	h := newHouse(t)
	sent := today.Add(-24 * time.Hour)
	amount := int64(21000)
	o := h.order("A",
		say{by: h.seller, verb: orders.Request, Public: orders.Public{Amount: &amount, ETA: today.AddDate(100, 0, 0).UnixMilli()}, carries: []orders.Field{orders.FieldContent, orders.FieldPaymentLink}},
		say{by: h.stranger, verb: orders.Cancel},
		say{by: h.buyer, verb: orders.Shipped},
		say{by: h.buyer, verb: orders.Note, carries: []orders.Field{orders.FieldNote, orders.FieldContent}},
		say{by: h.seller, verb: orders.Shipped, at: sent, Public: orders.Public{Carrier: "DHL", Tracking: "00340434161094042557"}})
	o.For(h.buyer)
	o.Timeline[4].ReceivedAt += 6 * 60_000
	o.Timeline[4].Trust = orders.Unbound
	o.Timeline[4].Flags = []orders.Flag{"cut", "made-up", "made-up-too"}
	o.Timeline[5].ReceivedAt += 4 * 60_000
	all := timelineOf(o, h.buyer, nil)
	if len(all) != 5 {
		t.Fatalf("got %d blocks", len(all))
	}
	parcel, note, refused, request := all[0].Entry, all[1].Entry, all[2].Refused, all[3].Entry
	if parcel == nil || parcel.Who != "party" || parcel.Apart || !parcel.Proven || !strings.Contains(parcel.Page, "00340434161094042557") {
		t.Errorf("the parcel: %+v", parcel)
	}
	if note == nil || note.Who != "you" || !note.Apart || note.Proven || strings.Join(note.Strange, " ") != "cut other" {
		t.Errorf("the note: %+v", note)
	}
	if len(note.Secrets) != 1 || note.Secrets[0] != (Secret{o.Timeline[4].Fact, orders.FieldNote, true}) || len(note.More) != 1 {
		t.Errorf("the note holds %v, %v", note.Secrets, note.More)
	}
	if len(refused) != 2 || refused[0].Reason != orders.WrongRole || refused[1].Reason != orders.NotAParticipant || refused[1].Who != "other" {
		t.Errorf("refused: %+v", refused)
	}
	// The standing link has its own place, and needs none here.
	if request == nil || len(request.Secrets) != 0 || len(request.More) != 2 || request.Sum.spell("en") != "21,000 sats" {
		t.Errorf("the request: %+v", request)
	}

	page := h.shown(h.buyer, "/orders/A")
	line := find(page, "ol", "class", "timeline")[0]
	if future := find(line, "li", "class", "entry--future"); len(future) != 1 || !strings.Contains(words(future[0]), "2126-03-14") {
		t.Errorf("the future: %q", words(line))
	}
	folded := find(line, "details", "data-keep", o.Timeline[3].Fact)
	if len(folded) != 1 || !strings.HasPrefix(words(folded[0]), "2 messages that do not count") || !strings.Contains(words(folded[0]), "its sender has no part in this order") {
		t.Errorf("folded: %v", folded)
	}
}

// What is over the limits is said to be left out.
func TestOmitted(t *testing.T) {
	h := newHouse(t)
	o := h.order("A")
	o.Omitted = 7
	if err := h.store.Write(t.Context(), []*orders.Order{o}); err != nil {
		t.Fatal(err)
	}
	if text := words(h.shown(h.buyer, "/orders/A")); !strings.Contains(text, "7 further messages") {
		t.Errorf("got %s", text)
	}
}

// What the arbiter reads: both sides, and what he himself decided.
func TestDisputeBlock(t *testing.T) {
	h := newHouse(t)
	says := append(h.lives()["disputed"], say{by: h.admin, verb: orders.Resolved, Public: orders.Public{Outcome: orders.OutcomeCancelled}, carries: []orders.Field{orders.FieldResolution}})
	h.order("A", says...)
	for viewer, by := range map[string]string{h.buyer: "you", h.seller: "the buyer", h.admin: "the buyer"} {
		block := find(h.shown(viewer, "/orders/A"), "section", "data-region", "dispute")
		if len(block) != 1 {
			t.Fatal("there is no block")
		}
		text := words(block[0])
		for _, want := range []string{"The dispute has ended: cancelled", "Opened by " + by, "The end of it"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %s", want, text)
			}
		}
		if len(find(block[0], "div", "data-field", "reason")) != 1 || len(find(block[0], "div", "data-field", "resolution")) != 1 {
			t.Errorf("the words of both are not there: %s", text)
		}
	}
}

func TestTroubles(t *testing.T) {
	h := newHouse(t)
	o := &orders.Order{Exceptions: []orders.OrderException{{Code: "late"}, {Code: "shipped-after-cancel"}, {Code: "new-code"}}}
	got := troublesOf(o)
	if len(got) != 3 || got[0].Code != "late" || got[1].Code != "after-cancel" || got[2].Code != "other" || got[2].Raw != "new-code" {
		t.Errorf("got %+v", got)
	}
	h.order("A", h.lives()["expired"]...)
	text := words(find(h.shown(h.buyer, "/orders/A"), "div", "data-region", "troubles")[0])
	if !strings.Contains(text, "Do not pay the old one") {
		t.Errorf("got %s", text)
	}
	if len(find(h.shown(h.buyer, "/orders/A"), "div", "data-payable")) != 0 {
		t.Error("what has expired is to be paid")
	}
	h.order("B", h.lives()["asked"]...)
	if len(find(h.shown(h.buyer, "/orders/B"), "div", "data-payable")) != 1 || len(find(h.shown(h.seller, "/orders/B"), "div", "data-payable")) != 0 {
		t.Error("who pays is the buyer")
	}
}
