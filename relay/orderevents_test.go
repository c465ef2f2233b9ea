package relay

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// opened is the order in an event, as its reader opens it.
func (h *house) opened(who *nip17.SecretSigner, evt nostr.Event) (o orders.Order) {
	h.t.Helper()
	if ok, err := evt.CheckSignature(); !ok || err != nil || !evt.CheckID() || evt.Kind != KindOrder || evt.PubKey != h.self.PublicKey() ||
		evt.Tags.FindWithValue("p", who.PublicKey()) == nil {
		h.t.Fatalf("no order event for its reader: %v", evt)
	}
	text, err := who.Decrypt(h.ctx, evt.PubKey, evt.Content)
	if err == nil {
		err = json.Unmarshal([]byte(text), &o)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	if o.IntentID != evt.Tags.GetD() || evt.CreatedAt != nostr.Timestamp(o.UpdatedTimestamp/1000) || evt.Tags.FindWithValue("version", fmt.Sprint(o.Version)) == nil {
		h.t.Errorf("tags %v of %+v", evt.Tags, o)
	}
	return o
}

// counts sends a COUNT.
func (s *socket) counts(filter any) (n int) {
	s.t.Helper()
	s.say("COUNT", "c", filter)
	for {
		if m := s.read(); s.label(m) == "COUNT" {
			var answer struct{ Count int }
			if err := json.Unmarshal(m[2], &answer); err != nil {
				s.t.Fatal(err)
			}
			return answer.Count
		}
	}
}

// TestOrdersAsEvents asks for orders in every way there is.
func TestOrdersAsEvents(t *testing.T) {
	h := newHouse(t)
	buyer, seller, eve := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	writer, follower := h.connect(nil), h.connect(seller)
	follower.subscribe("live", obj{"kinds": []int{KindOrder}, "limit": 0})
	for i, id := range []string{"A-1", "A-2", "A-3"} {
		d := intent(seller.PublicKey(), id)
		rumorAt := nostr.Now() - nostr.Timestamp(1000-100*i)
		d.At = int64(rumorAt) * 1000
		h.publish(writer, h.wraps(buyer, d)[0])
		follower.next() // what changes while it is asked for would come twice: stored, and live
	}
	self, now := h.self.PublicKey(), int64(nostr.Now())
	kinds := obj{"kinds": []int{KindOrder}}
	with := func(more obj) obj {
		f := obj{"kinds": []int{KindOrder}}
		for k, v := range more {
			f[k] = v
		}
		return f
	}
	for _, reader := range []*nip17.SecretSigner{seller, buyer} {
		s := h.connect(reader)
		all := s.query(kinds)
		if len(all) != 3 {
			t.Fatalf("%d orders, want 3", len(all))
		}
		for name, tt := range map[string]struct {
			filter obj
			want   string
		}{
			"all":                     {kinds, "A-3 A-2 A-1"},
			"the relay's":             {with(obj{"authors": []string{self}}), "A-3 A-2 A-1"},
			"mine":                    {with(obj{"#p": []string{reader.PublicKey()}}), "A-3 A-2 A-1"},
			"one":                     {with(obj{"#d": []string{"A-2"}}), "A-2"},
			"two and none":            {with(obj{"#d": []string{"A-1", "A-3", "A-1", "nope", "", "a}b"}}), "A-3 A-1"},
			"two, of which one":       {with(obj{"#d": []string{"A-1", "A-3"}, "limit": 1}), "A-3"},
			"the last":                {with(obj{"limit": 1}), "A-3"},
			"a negative limit":        {with(obj{"limit": -5}), "A-3 A-2 A-1"},
			"since":                   {with(obj{"since": now - 950}), "A-3 A-2"},
			"until":                   {with(obj{"until": now - 950}), "A-1"},
			"since and until":         {with(obj{"since": now - 950, "until": now - 850}), "A-2"},
			"since after until":       {with(obj{"since": now, "until": now - 999}), ""},
			"since the end of time":   {with(obj{"since": int64(1)<<62 - 1}), ""},
			"until the end of time":   {with(obj{"until": int64(1)<<62 - 1}), "A-3 A-2 A-1"},
			"by id":                   {with(obj{"ids": []string{all[2].ID}}), "A-1"},
			"by another id":           {with(obj{"ids": []string{strings.Repeat("0", 64)}}), ""},
			"no ids":                  {with(obj{"ids": []string{}}), ""},
			"somebody else's":         {with(obj{"authors": []string{eve.PublicKey()}}), ""},
			"to somebody else":        {with(obj{"#p": []string{eve.PublicKey()}}), ""},
			"another tag":             {with(obj{"#e": []string{all[0].ID}}), ""},
			"other kinds too":         {obj{"kinds": []int{0, KindOrder}}, "A-3 A-2 A-1"},
			"by author without kinds": {obj{"authors": []string{self}}, ""},
			"by d without kinds":      {obj{"#d": []string{"A-1"}}, ""},
			"an odd tag":              {with(obj{"##d": []string{"A-1"}}), ""},
		} {
			var got []string
			for _, evt := range s.query(tt.filter) {
				got = append(got, h.opened(reader, evt).IntentID)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s: got %v, want %s", name, got, tt.want)
			}
			want := len(strings.Fields(tt.want))
			if tt.filter["limit"] != nil { // which does not count
				delete(tt.filter, "limit")
				want = len(s.query(tt.filter))
			}
			if n := s.counts(tt.filter); n != want {
				t.Errorf("%s: counted %d, want %d", name, n, want)
			}
		}
		// The same state is the same event, whoever asks when by what.
		again := h.connect(reader).query(with(obj{"#d": []string{"A-3"}}))
		if len(again) != 1 || again[0].String() != all[0].String() {
			t.Errorf("the same order is another event:\n%v\n%v", again, all[0])
		}
		o := h.opened(reader, all[0])
		if len(o.Boxes) != 1 || len(o.AllowedActions) == 0 {
			t.Errorf("boxes %v, actions %v", o.Boxes, o.AllowedActions)
		}
		for _, box := range o.Boxes {
			if len(box.For) != 1 || box.For[reader.PublicKey()] == "" {
				t.Errorf("a box for others: %v", box.For)
			}
		}
	}
	if h.views.Load() == 0 {
		t.Error("the buyer looked at his orders, and nobody was told")
	}
	// To everybody else they are not there.
	if got := h.connect(eve).query(kinds); len(got) != 0 {
		t.Errorf("a stranger got %v", got)
	}
	nobody := h.connect(nil)
	for _, f := range []obj{kinds, with(obj{"authors": []string{self}}), with(obj{"#d": []string{"A-1"}}), {"kinds": []int{1059, KindOrder}}} {
		if _, closed := nobody.subscribe("x", f); !strings.HasPrefix(closed, "auth-required:") {
			t.Errorf("without AUTH, %v: %q", f, closed)
		}
	}
	for _, f := range []obj{{}, {"kinds": []int{0, KindOrder}, "authors": []string{self}}} {
		if stored, closed := nobody.subscribe("y", f); len(stored) > 0 || closed != "" {
			t.Errorf("without AUTH, %v: %v, %q", f, stored, closed)
		}
	}
	// Whoever publishes that kind is not taken.
	if err := writer.publish(signed(t, eve, nostr.Event{Kind: KindOrder, Tags: nostr.Tags{{"d", "A-1"}}})); err == nil || !strings.HasPrefix(err.Error(), "blocked:") {
		t.Errorf("another's kind %d: %v", KindOrder, err)
	}
}

// Where the relay takes other events of that kind, those are for everybody.
func TestOrdersBesideOthers(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.Kinds = append(c.Kinds, KindOrder) })
	app := newSigner(t)
	if err := h.connect(app).publish(signed(t, app, nostr.Event{Kind: KindOrder, Tags: nostr.Tags{{"d", "settings"}}})); err != nil {
		t.Fatal(err)
	}
	nobody := h.connect(nil)
	if stored, closed := nobody.subscribe("x", obj{"kinds": []int{KindOrder}}); len(stored) != 1 || closed != "" {
		t.Errorf("got %v, %q", stored, closed)
	}
	if _, closed := nobody.subscribe("y", obj{"kinds": []int{KindOrder}, "authors": []string{h.self.PublicKey()}}); !strings.HasPrefix(closed, "auth-required:") {
		t.Errorf("of the relay's: %q", closed)
	}
}

// TestOrdersLive: a change goes to the subscriptions of its parties, and to no other.
func TestOrdersLive(t *testing.T) {
	h := newHouse(t)
	buyer, seller, eve := newSigner(t), newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	kinds := []int{KindOrder}
	b, s, e, anything := h.connect(buyer), h.connect(seller), h.connect(eve), h.connect(seller)
	b.subscribe("live", obj{"kinds": kinds, "limit": 0})
	s.subscribe("live", obj{"kinds": kinds, "#d": []string{"A-1"}})
	e.subscribe("live", obj{"kinds": kinds})
	anything.subscribe("live", obj{})
	other := h.connect(seller)
	other.subscribe("live", obj{"kinds": kinds, "#d": []string{"B-1"}})

	writer := h.connect(nil)
	h.publish(writer, h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0])
	for who, socket := range map[*nip17.SecretSigner]*socket{buyer: b, seller: s} {
		if o := h.opened(who, socket.next()); o.IntentID != "A-1" || o.Status != orders.StatusIntentSent {
			t.Errorf("got %+v", o)
		}
	}
	h.publish(writer, h.wraps(seller, orders.Draft{Verb: orders.Request, OrderID: "A-1", To: buyer.PublicKey(), Private: orders.Private{PaymentLink: "lnurl1dp68gurn8ghj7"}})[1])
	first := s.next()
	if o := h.opened(seller, first); o.Status != orders.StatusPaymentRequested {
		t.Errorf("got %+v", o)
	}
	if o := h.opened(buyer, b.next()); o.Status != orders.StatusPaymentRequested {
		t.Errorf("got %+v", o)
	}
	if stored := h.connect(seller).query(obj{"kinds": kinds}); len(stored) != 1 || stored[0].String() != first.String() {
		t.Errorf("stored %v, live %v", stored, first)
	}
	for name, socket := range map[string]*socket{"a stranger": e, "a filter without kinds": anything, "another d": other} {
		for _, m := range socket.heard() {
			if strings.Contains(m, fmt.Sprint(KindOrder)) && strings.Contains(m, `"EVENT"`) {
				t.Errorf("%s got %s", name, m)
			}
		}
	}
}

// TestLargeOrderFits: of an order that is more than an event holds, what counts most
// is in it.
func TestLargeOrderFits(t *testing.T) {
	self, reader := newSigner(t), newSigner(t)
	x := &OrderEvents{Self: self}
	for name, change := range map[string]func(o *orders.Order){
		"boxes": func(o *orders.Order) {
			for i := range 30 {
				o.Boxes[fmt.Sprint("f", i)] = orders.Box{For: map[string]string{reader.PublicKey(): strings.Repeat("x", 5000)}}
			}
		},
		"a timeline": func(o *orders.Order) {
			for i := range 900 {
				o.Timeline = append(o.Timeline, orders.TimelineEntry{Fact: fmt.Sprint(i), Sender: strings.Repeat("a", 64), Flags: []orders.Flag{"cut"}})
			}
		},
		"goods": func(o *orders.Order) {
			for range 200 {
				o.Products = append(o.Products, orders.Product{Title: strings.Repeat("t", 500), ImageURL: strings.Repeat("u", 900)})
			}
		},
	} {
		o := &orders.Order{IntentID: "A-1", BuyerPubkey: reader.PublicKey(), ShippingAddress: &orders.Sealed{Fact: "f7"}, Boxes: map[string]orders.Box{}}
		change(o)
		evt, err := x.event(t.Context(), o, reader.PublicKey())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h := &house{t: t, ctx: t.Context(), self: self}
		if got := h.opened(reader, evt.Event); name == "boxes" && len(got.Boxes) != 1 || name == "a timeline" && got.Omitted+len(got.Timeline) != 900 {
			t.Errorf("%s: %d boxes, %d lines, %d omitted", name, len(got.Boxes), len(got.Timeline), got.Omitted)
		}
	}
}
