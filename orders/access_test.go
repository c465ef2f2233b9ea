package orders

import (
	"context"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// shelf is an Index of two orders of ana with bob: one plain, one disputed.
type shelf map[string]*Order

func newShelf() shelf {
	plain := fold(says(ana, Intent, 0, with(FieldShippingAddress)), says(bob, Request, 1, with(FieldPaymentLink)))
	plain.IntentID, plain.OrderID = "plain", "plain"
	disputed := fold(lives()[StatusDisputed]...)
	disputed.IntentID, disputed.OrderID = "disputed", "disputed"
	return shelf{"plain": plain, "disputed": disputed}
}

func (s shelf) Order(_ context.Context, id string) (*Order, error) {
	if o := s[id]; o != nil {
		c := *o
		return &c, nil
	}
	return nil, Errorf(ENOTFOUND, "nothing here")
}

func (s shelf) List(_ context.Context, l List, q Query) (Page, error) {
	var page Page
	for _, id := range []string{"disputed", "plain"} {
		o := *s[id]
		if (l.As == 0 || o.Role(l.Pubkey) == l.As) && (q.Status == "" || q.Status == o.Status) {
			page.Items = append(page.Items, &o)
		}
	}
	page.Total = int64(len(page.Items))
	return page, nil
}

func (s shelf) Stats(context.Context, Role, string) (Stats, error) {
	return Stats{TotalOrders: int64(len(s))}, nil
}

func (s shelf) Find(ctx context.Context, viewer string, f Filter, _ Query) (found Found, err error) {
	page, err := s.List(ctx, List{}, Query{})
	for _, o := range page.Items {
		if f.Means(o, viewer) {
			found.Items = append(found.Items, o)
		}
	}
	found.Total = int64(len(found.Items))
	return found, err
}

func (s shelf) Periods(_ context.Context, _ Role, _ string, edges []int64) ([]Stats, error) {
	return make([]Stats, len(edges)-1), nil
}

func (s shelf) Unbox(_ context.Context, os []*Order) error {
	for _, o := range os {
		o.Boxes = s[o.IntentID].Boxes
	}
	return nil
}

// outbox keeps the drafts instead of sending them.
type outbox struct{ sent []Draft }

func (o *outbox) Send(_ context.Context, _ Signer, d Draft) (Sent, error) {
	o.sent = append(o.sent, d)
	return Sent{IntentID: d.OrderID}, nil
}

type key string

func (k key) PublicKey() string                                            { return string(k) }
func (k key) Sign(context.Context, *nostr.Event) error                     { return nil }
func (k key) Encrypt(_ context.Context, _, text string) (string, error)    { return text, nil }
func (k key) Decrypt(_ context.Context, _, payload string) (string, error) { return payload, nil }

// TestAccess is the table of caller and method.
func TestAccess(t *testing.T) {
	ctx := context.Background()
	s := NewService(newShelf(), &outbox{}, func(k string) bool { return k == judge })
	n := func(p Page, err error) (int, error) { return len(p.Items), err }
	methods := []struct {
		name string
		call func(me string) (int, error)
	}{
		{"GetOrder plain", func(me string) (int, error) { _, err := s.GetOrder(ctx, me, "plain"); return 1, err }},
		{"GetOrder disputed", func(me string) (int, error) { _, err := s.GetOrder(ctx, me, "disputed"); return 1, err }},
		{"GetOrder absent", func(me string) (int, error) { _, err := s.GetOrder(ctx, me, "absent"); return 1, err }},
		{"GetBuyerOrders", func(me string) (int, error) { return n(s.GetBuyerOrders(ctx, me, ana, Query{})) }},
		{"GetSellerOrders", func(me string) (int, error) { return n(s.GetSellerOrders(ctx, me, bob, Query{})) }},
		{"GetOrdersByStatus", func(me string) (int, error) { return n(s.GetOrdersByStatus(ctx, me, StatusDisputed, Query{})) }},
		{"GetAllOrders", func(me string) (int, error) { return n(s.GetAllOrders(ctx, me, Query{})) }},
		{"GetBuyerOrderStats", func(me string) (int, error) { _, err := s.GetBuyerOrderStats(ctx, me, ana); return 1, err }},
		{"GetSellerOrderStats", func(me string) (int, error) { _, err := s.GetSellerOrderStats(ctx, me, bob); return 1, err }},
		{"FindOrders", func(me string) (int, error) { _, err := s.FindOrders(ctx, me, Filter{}, Query{}); return 1, err }},
		{"FindOrders everybody's", func(me string) (int, error) {
			f, err := s.FindOrders(ctx, me, Filter{As: Admin}, Query{})
			return len(f.Items), err
		}},
		{"GetPeriods", func(me string) (int, error) {
			p, err := s.GetPeriods(ctx, me, Seller, []int64{0, 1})
			return len(p), err
		}},
		{"GetMeasures", func(me string) (int, error) {
			m, _, err := s.GetMeasures(ctx, me, Filter{})
			if me == judge || me == eve {
				return 1, err // who has no order has none measured
			}
			return int(m.Orders), err
		}},
		{"GetMeasures of everybody's", func(me string) (int, error) {
			m, _, err := s.GetMeasures(ctx, me, Filter{As: Admin})
			return int(m.Orders), err
		}},
		{"UpdateOrderStatus", func(me string) (int, error) {
			_, err := s.UpdateOrderStatus(ctx, key(me), "plain", StatusPaymentRequested, Update{PaymentLink: "x"})
			return 1, err
		}},
		{"UpdateOrderStatus resolved", func(me string) (int, error) {
			_, err := s.UpdateOrderStatus(ctx, key(me), "disputed", StatusDelivered, Update{Outcome: OutcomeDelivered})
			return 1, err
		}},
		{"UpdateOrderPayment", func(me string) (int, error) {
			_, err := s.UpdateOrderPayment(ctx, key(me), "plain", "lnurl", 0, 5)
			return 1, err
		}},
		{"ConfirmPayment", func(me string) (int, error) { _, err := s.ConfirmPayment(ctx, key(me), "plain", "x"); return 1, err }},
		{"UpdateOrderShipping", func(me string) (int, error) {
			_, err := s.UpdateOrderShipping(ctx, key(me), "plain", "1", "UPS", 0)
			return 1, err
		}},
		{"ConfirmDelivery", func(me string) (int, error) { _, err := s.ConfirmDelivery(ctx, key(me), "plain", 0); return 1, err }},
		{"CancelOrder", func(me string) (int, error) { _, err := s.CancelOrder(ctx, key(me), "plain", "x"); return 1, err }},
		{"DisputeOrder", func(me string) (int, error) { _, err := s.DisputeOrder(ctx, key(me), "plain", "x"); return 1, err }},
	}
	const no, forbidden, conflict = ENOTFOUND, EFORBIDDEN, ECONFLICT
	want := map[string][]Code{ //        buyer     seller     admin      stranger   nobody
		"GetOrder plain":             {"", "", no, no, no},
		"GetOrder disputed":          {"", "", "", no, no},
		"GetOrder absent":            {no, no, no, no, no},
		"GetBuyerOrders":             {"", forbidden, forbidden, forbidden, forbidden},
		"GetSellerOrders":            {forbidden, "", forbidden, forbidden, forbidden},
		"GetOrdersByStatus":          {forbidden, forbidden, "", forbidden, forbidden},
		"GetAllOrders":               {forbidden, forbidden, "", forbidden, forbidden},
		"GetBuyerOrderStats":         {"", forbidden, forbidden, forbidden, forbidden},
		"GetSellerOrderStats":        {forbidden, "", forbidden, forbidden, forbidden},
		"FindOrders":                 {"", "", "", "", forbidden},
		"FindOrders everybody's":     {forbidden, forbidden, "", forbidden, forbidden},
		"GetPeriods":                 {"", "", "", "", forbidden},
		"GetMeasures":                {"", "", "", "", forbidden},
		"GetMeasures of everybody's": {forbidden, forbidden, "", forbidden, forbidden},
		"UpdateOrderStatus":          {forbidden, "", no, no, no},
		"UpdateOrderStatus resolved": {"", "", "", no, no},
		"UpdateOrderPayment":         {forbidden, "", no, no, no},
		"ConfirmPayment":             {"", forbidden, no, no, no},
		"UpdateOrderShipping":        {forbidden, "", no, no, no},
		"ConfirmDelivery":            {conflict, forbidden, no, no, no},
		"CancelOrder":                {"", "", no, no, no},
		"DisputeOrder":               {conflict, conflict, no, no, no},
	}
	for _, m := range methods {
		for i, who := range []string{ana, bob, judge, eve, ""} {
			n, err := m.call(who)
			if got := ErrorCode(err); got != want[m.name][i] {
				t.Errorf("%s by %.1s: got %q (%v), want %q", m.name, who, got, err, want[m.name][i])
			}
			if err == nil && n == 0 {
				t.Errorf("%s by %.1s: granted, and empty", m.name, who)
			}
		}
	}
}

func TestAbsentAndForbiddenLookAlike(t *testing.T) {
	r := NewReader(newShelf(), func(string) bool { return false })
	_, forbidden := r.GetOrder(context.Background(), eve, "plain")
	_, absent := r.GetOrder(context.Background(), eve, "absent")
	if forbidden == nil || absent == nil || forbidden.Error() != absent.Error() {
		t.Errorf("got %q and %q", forbidden, absent)
	}
}

func TestAdminSeesOnlyPublicFieldsOfUndisputedOrders(t *testing.T) {
	r := NewReader(newShelf(), func(k string) bool { return k == judge })
	page, err := r.GetAllOrders(context.Background(), judge, Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Items {
		private := o.ShippingAddress != nil || o.PaymentLink != nil
		for _, e := range o.Timeline {
			private = private || len(e.Carries) > 0
		}
		if private {
			t.Errorf("%s shows private fields to an admin", o.IntentID)
		}
	}
}

func TestDrafts(t *testing.T) {
	ctx := context.Background()
	out := &outbox{}
	s := NewService(newShelf(), out, func(k string) bool { return k == judge })
	must := func(_ Sent, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.LogOrder(ctx, key(ana), NewOrder{Seller: bob, TotalSats: 5, Note: "two mugs"}))
	must(s.UpdateOrderPayment(ctx, key(bob), "plain", "lnbc1", 0, 5))
	must(s.UpdateOrderStatus(ctx, key(judge), "disputed", StatusCancelled, Update{Outcome: OutcomeCancelled, Resolution: "money back"}))
	must(s.UpdateOrderStatus(ctx, key(bob), "plain", StatusProcessing, Update{}))

	got := out.sent
	if got[0].Verb != Intent || got[0].To != bob || *got[0].Amount != 5 || got[0].OrderID[:3] != "pi_" {
		t.Errorf("LogOrder: got %+v", got[0])
	}
	if got[1].Verb != Request || got[1].To != ana || *got[1].ShippingQuote != 5 || got[1].Private.PaymentLink != "lnbc1" {
		t.Errorf("UpdateOrderPayment: got %+v", got[1])
	}
	if got[2].Verb != Resolved || got[2].To != "" || got[2].Buyer != ana || got[2].Seller != bob || got[2].Outcome != OutcomeCancelled {
		t.Errorf("a ruling: got %+v", got[2])
	}
	if got[3].Verb != Confirm {
		t.Errorf("processing an unconfirmed payment: got %s, want confirm", got[3].Verb)
	}
	if _, err := s.LogOrder(ctx, key(ana), NewOrder{Seller: bob, OrderID: "plain", Note: "once more"}); ErrorCode(err) != ECONFLICT {
		t.Errorf("an order that has begun: got %v, want a conflict", err)
	}
	must(s.LogOrder(ctx, key(ana), NewOrder{Seller: eve, OrderID: "plain", Note: "another seller's"}))
	for name, err := range map[string]error{
		"to oneself": second(s.LogOrder(ctx, key(ana), NewOrder{Seller: ana, Note: "x"})),
		"nothing":    second(s.LogOrder(ctx, key(ana), NewOrder{Seller: bob})),
		"negative":   second(s.LogOrder(ctx, key(ana), NewOrder{Seller: bob, Note: "x", TotalSats: -1})),
		"no link":    second(s.UpdateOrderPayment(ctx, key(bob), "plain", "", 0, 0)),
		"no reason":  second(s.DisputeOrder(ctx, key(ana), "disputed", "")),
		"no status":  second(s.UpdateOrderStatus(ctx, key(ana), "plain", "lost", Update{})),
	} {
		if ErrorCode(err) != EINVALID {
			t.Errorf("%s: got %v, want an invalid", name, err)
		}
	}
}

// What a message names as its amount: nothing that nobody knows, and no 0 for it.
func TestDraftAmounts(t *testing.T) {
	ctx := context.Background()
	priced := Product{Quantity: 3, PricePerUnit: "50", Currency: "SATS"}
	gift, unpriced := Product{Quantity: 1, PricePerUnit: "0", Currency: "SATS"}, Product{Quantity: 1, Title: "mug"}
	asked := fold(says(ana, Intent, 0))
	known := fold(says(ana, Intent, 0, sats(70)), says(bob, Request, 1))
	given := fold(says(ana, Intent, 0, sats(0), lines(0)))
	quoted := fold(says(ana, Intent, 0, sats(70)), says(bob, Request, 1, func(f *Fact) { f.ShippingQuote = new(int64(5)) }))
	logs := func(total int64, lines ...Product) func(Service) (Sent, error) {
		return func(s Service) (Sent, error) {
			return s.LogOrder(ctx, key(ana), NewOrder{Seller: bob, Products: lines, TotalSats: total, Note: "x"})
		}
	}
	asks := func(s Service) (Sent, error) { return s.UpdateOrderPayment(ctx, key(bob), "o", "lnbc1", 0, 5) }
	asksAgain := func(s Service) (Sent, error) { return s.UpdateOrderPayment(ctx, key(bob), "o", "lnbc1", 0, 0) }
	pays := func(s Service) (Sent, error) { return s.ConfirmPayment(ctx, key(ana), "o", "") }
	const none = -1
	for name, tt := range map[string]struct {
		order *Order
		do    func(Service) (Sent, error)
		want  int64
	}{
		"a new order with a total":           {nil, logs(70, priced), 70},
		"of priced goods":                    {nil, logs(0, priced, Product{Quantity: 1, Subtotal: "7", Currency: "SATS"}), 157},
		"of goods of which one has no price": {nil, logs(0, priced, unpriced), none},
		"of a gift":                          {nil, logs(0, gift), 0},
		"that only asks":                     {nil, logs(0), none},
		"that is beyond all there is":        {nil, logs(0, Product{Quantity: 3, PricePerUnit: "900000000000000000", Currency: "SATS"}), none},
		"a request of a known total":         {known, asks, 75},
		"of an unknown one":                  {asked, asks, none},
		"of a gift's shipping":               {given, asks, 5},
		"with the shipping quoted before":    {quoted, asksAgain, 75},
		"a payment of a known total":         {known, pays, 70},
		"a payment of an unknown one":        {asked, pays, none},
	} {
		t.Run(name, func(t *testing.T) {
			out := &outbox{}
			if _, err := tt.do(NewService(shelf{"o": tt.order}, out, func(string) bool { return false })); err != nil {
				t.Fatal(err)
			}
			got := int64(none)
			if n := out.sent[0].Amount; n != nil {
				got = *n
			}
			if got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func second(_ Sent, err error) error { return err }
