package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// ask is what somebody writes to the relay, and the answer.
func (h *house) ask(who, text string) (string, error) {
	h.t.Helper()
	c, ok := enrol.ParseCommand(text)
	if !ok || c.Err != nil {
		h.t.Fatalf("%q is no command: %v", text, c.Err)
	}
	return Answer(h.t.Context(), h.notifier, who, c)
}

func TestCommands(t *testing.T) {
	o := newPostOffice(t, Plain)
	h := newHouse(t, func(c *Config) { c.Mail = &o.config })
	who := h.person(true).PublicKey()
	for _, tt := range []struct {
		text string
		want string // in the answer
		code orders.Code
	}{
		{"notices", "Direct messages: on, as long as you take part here.\nE-mail: off.\nOf: everything.", ""},
		{"Notices off", "Direct messages: off.", ""},
		{"notices on", "Direct messages: on.", ""},
		{"notices dm off", "Direct messages: off.", ""},
		{"notices dm", "", orders.EINVALID},
		{"notices only Shipped, order.delivered", "Of: shipped, delivered.", ""},
		{"notices only payment-requested", "Of: payment_requested.", ""},
		{"notices only pay*", "Of: pay*.", ""},
		{"notices only", "", orders.EINVALID},
		{"notices only everything", "", orders.EINVALID},
		{"notices only [", "", orders.EINVALID},
		{"notices all", "Of: everything.", ""},
		{"notices mute", "You are muted: I tell you nothing.", ""},
		{"notices mute 8h", "You are muted until ", ""},
		{"notices mute 8", "", orders.EINVALID},
		{"notices mute h", "", orders.EINVALID},
		{"notices mute -1h", "", orders.EINVALID},
		{"notices unmute", "Direct messages: off.", ""},
		{"notices on now", "", orders.EINVALID},
		{"notices quietly", "", orders.EINVALID},
		{"notices help", "notices mute 8h", ""},
		{"notices email", "", orders.EINVALID},
		{"notices email nobody", "", orders.EINVALID},
		{"notices email me@shop.example", "A code is on its way", ""},
		{"notices", "E-mail: me@shop.example waits for its code.", ""},
		{"notices confirm", "", orders.EINVALID},
		{"notices confirm 1", "", orders.EFORBIDDEN},
		{"notices confirm CODE", "From now on I write to me@shop.example, too.", ""},
		{"notices", "E-mail: me@shop.example.", ""},
		{"notices email off", "There will be no more e-mail", ""},
		{"notices list", "There were no notices for you.", ""},
		{"notices retry 7", "", orders.ENOTFOUND},
		{"notices retry", "", orders.EINVALID},
		{"webhook", "You have no webhooks.", ""},
		{"webhook help", "webhook rotate ID", ""},
		{"webhook add", "", orders.EINVALID},
		{"webhook add ftp://x", "", orders.EINVALID},
		{"webhook add https://shop.example/hook nothing", "", orders.EINVALID},
		{"webhook add https://shop.example/hook shipped,delivered", "Its secret, which I show only now: whsec_", ""},
		{"webhook list", ": https://shop.example/hook, of shipped, delivered", ""},
		{"webhook rotate ID", "which I show only now: whsec_", ""},
		{"webhook log ID", "Nothing was posted there yet.", ""},
		{"webhook enable ID", "It is told again.", ""},
		{"webhook remove whe_1", "", orders.ENOTFOUND},
		{"webhook remove ID", "It is removed.", ""},
		{"webhook log ID", "", orders.ENOTFOUND},
		{"webhook frobnicate x", "", orders.EINVALID},
	} {
		text := tt.text
		if strings.HasSuffix(text, " CODE") {
			text = strings.TrimSuffix(text, "CODE") + o.code()
		}
		if strings.Contains(text, "ID") {
			id := "whe_0"
			if hooks, err := h.notifier.Webhooks(t.Context(), who); err == nil && len(hooks) > 0 {
				id = hooks[0].ID
			}
			text = strings.Replace(text, "ID", id, 1)
		}
		got, err := h.ask(who, text)
		if orders.ErrorCode(err) != tt.code || err == nil && !strings.Contains(got, tt.want) {
			t.Errorf("%q: got %q, %v; want %q, %q", text, got, err, tt.want, tt.code)
		}
		for _, line := range strings.Split(got, "\n") {
			if _, ok := enrol.ParseCommand(line); ok && err == nil {
				t.Errorf("%q: the answer has a command: %q", text, line)
			}
		}
	}
}

// What somebody wants decides what he is told, and what was decided before and is not
// sent yet is not sent any more.
func TestSettings(t *testing.T) {
	h := newHouse(t, nil)
	buyer, seller, guest := h.person(true), h.person(true), h.person(false)
	s := seller.PublicKey()
	do := func(who, text string) {
		t.Helper()
		if _, err := h.ask(who, text); err != nil {
			t.Fatal(err)
		}
	}
	do(s, "notices only created")
	h.say(buyer, seller, intent("A-1"))
	h.say(buyer, seller, verb(orders.Paid, "A-1"))
	h.told() // before he wants none
	do(s, "notices mute")
	h.say(buyer, seller, intent("A-2"))
	h.decided()
	do(s, "notices unmute")
	do(s, "notices off")
	h.say(buyer, seller, intent("A-3"))
	h.decided()
	got := h.told()
	if kinds := events(t, got, s, ""); !slices.Equal(kinds, []string{"created"}) {
		t.Errorf("got %v", kinds)
	}
	// Somebody who takes no part is told nothing, until he asks.
	h.say(guest, seller, intent("A-4"))
	h.say(seller, guest, orders.Draft{Verb: orders.Request, OrderID: "A-4", Private: orders.Private{PaymentLink: "lnurl1dp68gurn8ghj7"}})
	h.told()
	if n := len(h.inbox(guest)); n != 0 {
		t.Errorf("%d messages to a guest", n)
	}
	do(guest.PublicKey(), "notices on")
	h.say(seller, guest, orders.Draft{Verb: orders.Shipped, OrderID: "A-4"})
	h.told()
	if n := len(h.inbox(guest)); n != 1 {
		t.Errorf("%d messages to a guest who wants them", n)
	}

	do(s, "notices on")
	h.refuse(orders.Errorf(orders.EUNAVAILABLE, "no room"))
	h.waits = slices.Repeat([]time.Duration{300 * time.Millisecond}, 9)
	h.restart()
	h.say(buyer, seller, intent("A-5"))
	eventually(t, "a try", func() bool {
		all := h.notices()
		last := all[len(all)-1]
		return last.IntentID == "A-5" && last.Attempts > 0
	})
	do(s, "notices mute 1h")
	h.refuse(nil)
	got = h.told()
	if last := got[len(got)-1]; last.State != ledger.NoticeDropped || last.LastError != "muted" {
		t.Errorf("got %+v", last)
	}
	if list, err := h.ask(s, "notices list"); err != nil || !strings.Contains(list, "A-5: created, by dm: dropped (muted)") {
		t.Errorf("got %q, %v", list, err)
	}
}

func TestMuteForDays(t *testing.T) {
	h := newHouse(t, nil)
	in3Days := func() string {
		return "You are muted until " + time.Now().UTC().Add(72*time.Hour).Format(time.DateOnly)
	}
	before := in3Days()
	got, err := h.ask(h.person(true).PublicKey(), "notices mute 3d")
	if err != nil || !strings.Contains(got, before) && !strings.Contains(got, in3Days()) { // midnight may pass
		t.Errorf("got %q, %v; want %q", got, err, before)
	}
}

func TestChoice(t *testing.T) {
	for text, want := range map[string]struct {
		list string
		has  []Event
	}{
		"":                         {"", Events},
		"order.*":                  {"order.*", Events},
		"shipped,Delivered":        {"order.shipped,order.delivered", []Event{Shipped, Delivered}},
		"payment-*  order.paid":    {"order.payment_*,order.paid", []Event{PaymentRequested, Paid, PaymentConfirmed}},
		"shipped order.shipped ,,": {"order.shipped", []Event{Shipped}},
	} {
		c, err := ParseChoice(text)
		if err != nil || c.String() != want.list {
			t.Errorf("%q: got %q, %v", text, c.String(), err)
		}
		var has []Event
		for _, e := range Events {
			if c.Has(e) {
				has = append(has, e)
			}
		}
		if !slices.Equal(has, want.has) {
			t.Errorf("%q has %v", text, has)
		}
	}
}
