package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// shop is the API in front of a real index of orders.
type shop struct {
	*house
	store                          *redisstore.Store
	buyer, seller, admin, stranger *nip17.SecretSigner

	mu     sync.Mutex
	viewed []string
}

func newShop(t testing.TB, os ...func(*shop) *orders.Order) *shop {
	t.Helper()
	engine, err := redisstore.StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	store, err := redisstore.Dial(t.Context(), engine.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close(); engine.Close() })
	s := &shop{store: store, buyer: newSigner(t), seller: newSigner(t), admin: newSigner(t), stranger: newSigner(t)}
	isAdmin := func(pubkey string) bool { return pubkey == s.admin.PublicKey() }
	s.house = newHouse(t, func(c *Config) {
		c.Orders, c.Admin = orders.NewReader(store, isAdmin), isAdmin
		c.Names = func(_ context.Context, name string) ([]string, error) {
			if name == "ana@example.com" {
				return []string{s.buyer.PublicKey()}, nil
			}
			return nil, nil
		}
		c.Explain = func(_ context.Context, id string) (any, error) {
			switch {
			case id == strings.Repeat("e", 64), id == "m-17":
				return map[string]any{"copies": []any{}}, nil
			case id == "xy":
				return nil, orders.Errorf(orders.EINVALID, "no message is named like that")
			}
			return nil, orders.Errorf(orders.ENOTFOUND, "no such message")
		}
		c.Viewed = func(o *orders.Order, reader string) {
			if o.Role(reader) != orders.Buyer {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.viewed = append(s.viewed, o.IntentID+" "+reader)
		}
	})
	for _, o := range os {
		s.put(o(s))
	}
	return s
}

func (s *shop) put(os ...*orders.Order) {
	s.t.Helper()
	if err := s.store.Write(context.Background(), os); err != nil {
		s.t.Fatal(err)
	}
}

// order is an order of the shop's buyer with its seller, with boxes for both and one
// for the seller alone.
func (s *shop) order(id string, more ...func(*orders.Order)) *orders.Order {
	b, v := s.buyer.PublicKey(), s.seller.PublicKey()
	o := &orders.Order{
		IntentID: id, OrderID: id, EventID: strings.Repeat("1", 64), BuyerPubkey: b, SellerPubkey: v, BuyerNpub: orders.Npub(b), SellerNpub: orders.Npub(v),
		Products:  []orders.Product{{ProductID: "mug", Title: "Blue mug", Quantity: 2, PricePerUnit: "500", Subtotal: "1000", Currency: "SATS"}},
		TotalSats: 1000, GrandTotal: 1000, Status: orders.StatusPaid, CreatedTimestamp: noon, UpdatedTimestamp: noon + 1, Payment: orders.PaymentClaimed,
		MessageThreadID: strings.Repeat("0", 32), Dialect: "gamma", Trust: orders.Bound, Version: 7,
		ShippingAddress: &orders.Sealed{Fact: "f0", Field: orders.FieldShippingAddress},
		Timeline: []orders.TimelineEntry{
			{Fact: "f0", Verb: orders.Intent, Sender: b, Role: "buyer", At: noon, ReceivedAt: noon, OK: true, Trust: orders.Bound, Dialect: "gamma",
				Transports: []orders.Transport{orders.ByWrap}, Carries: []orders.Field{orders.FieldShippingAddress}},
			{Fact: "f1", Verb: orders.Paid, Sender: b, Role: "buyer", At: noon + 1, ReceivedAt: noon + 1, OK: true, Trust: orders.Bound, Dialect: "gamma", Transports: []orders.Transport{orders.ByAPI}},
			{Fact: "f2", Verb: orders.Note, Sender: v, Role: "seller", At: noon + 1, ReceivedAt: noon + 1, OK: true, Trust: orders.Bound, Dialect: "gamma", Transports: []orders.Transport{orders.ByWrap}},
		},
		Boxes: map[string]orders.Box{
			"f0": {SealedBy: strings.Repeat("5", 64), For: map[string]string{b: "for the buyer", v: "for the seller"}},
			"f2": {SealedBy: strings.Repeat("5", 64), For: map[string]string{v: "the seller's own note"}},
		},
	}
	for _, m := range more {
		m(o)
	}
	return o
}

func disputed(o *orders.Order) { o.Status, o.DisputeTimestamp = orders.StatusDisputed, noon+2 }

func (s *shop) get(as *nip17.SecretSigner, path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	a := ask{method: "GET", path: path, as: as, header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		a.header.Set(header[i], header[i+1])
	}
	return s.do(a)
}

// ids are those of a list.
func (s *shop) ids(as *nip17.SecretSigner, query string) string {
	s.t.Helper()
	resp, body := s.get(as, "/api/v1/orders?"+query)
	var l struct{ Data []*orders.Order }
	if err := json.Unmarshal([]byte(body), &l); err != nil || resp.StatusCode != 200 {
		s.t.Fatalf("%s: %s %s", query, resp.Status, body)
	}
	var ids []string
	for _, o := range l.Data {
		ids = append(ids, o.IntentID)
	}
	return strings.Join(ids, " ")
}
