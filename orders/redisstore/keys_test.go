package redisstore

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestParseKey(t *testing.T) {
	npub, ok := npubOf(strings.Repeat("a", 64))
	if !ok {
		t.Fatal("no npub")
	}
	for key, want := range map[string]keyInfo{
		indexKey:                       {kind: setKind},
		cursorKey:                      {kind: cursorKind},
		disputedKey:                    {kind: setKind, disputed: true},
		orderKey("a:b_c%20@+-.Z"):      {kind: orderKind, id: "a:b_c%20@+-.Z"},
		boxesKey("a:b"):                {kind: boxesKind, id: "a:b"},
		statusKey(orders.StatusPaid):   {kind: setKind, status: orders.StatusPaid},
		sideKey(orders.Buyer, npub):    {kind: setKind, as: orders.Buyer, npub: npub},
		sideKey(orders.Seller, npub):   {kind: setKind, as: orders.Seller, npub: npub},
		sumsKey(orders.Buyer, npub):    {kind: sumsKind, as: orders.Buyer, npub: npub},
		updatedKey(orders.Buyer, npub): {kind: setKind, as: orders.Buyer, npub: npub},
		pairKey(npub, npub):            {kind: setKind, as: orders.Buyer, npub: npub, with: npub},
		findKey(npub):                  {kind: findKind, as: orders.Seller, npub: npub},
		titlesKey(npub):                {kind: titlesKind, as: orders.Seller, npub: npub},
		"{" + sideKey(orders.Seller, npub) + "}:intent-sent": {kind: setKind, as: orders.Seller, npub: npub, status: "intent-sent"},

		// Other applications'.
		"": {}, "orders": {}, "orders:": {}, "orders:a b": {}, "orders:a}": {}, "{orders:a}": {}, "{orders:a}:": {},
		"{orders:a}:lock": {}, "{orders:a}:boxes:x": {}, "{orders:a:boxes": {}, "{orders_index}:x": {}, "{orders_index}:disputed:x": {}, "orders_index:x": {},
		"my:orders_index": {}, "orders_by_status:": {}, "orders_by_status:Paid": {}, "{orders_by_status:paid}:x": {},
		"orders_by_buyer:": {}, "orders_by_buyer:npub1": {}, "orders_by_buyer:" + npub + "x": {}, "user_events:" + npub: {},
		"{" + sideKey(orders.Buyer, npub) + "}:a.b": {}, "{" + sideKey(orders.Seller, npub) + "}:" + npub: {}, "orders:" + strings.Repeat("a", 129): {},
	} {
		if got := parseKey(key); got != want {
			t.Errorf("%q: got %+v, want %+v", key, got, want)
		}
	}
	if key := orderKey("a"); parseKey(key).kind.redisType() != "hash" || parseKey("x").kind.redisType() != "" {
		t.Error("types of keys")
	}
}

// TestIDsFitKeys: every id that the domain hands out may stand in a key.
func TestIDsFitKeys(t *testing.T) {
	k := orders.Key{Pair: orders.PairOf(strings.Repeat("a", 64), strings.Repeat("b", 64))}
	for _, id := range []string{"A-1", "ü {}\r\n*?[", strings.Repeat("x", 300), strings.Repeat("}", 300)} {
		k.OrderID = orders.EscapeID(id)
		n := 0
		for intent := range orders.IntentIDs(k) {
			if !validID(intent) {
				t.Errorf("%q is no id", intent)
			}
			if n++; n == 3 {
				break
			}
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct{ info, want string }{
		{"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n", ""},
		{"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n", ""},
		{"redis_version:10.0.0\r\n", ""},
		{"connected_clients:1\r\n", ""}, // the embedded engine
		{"redis_version:7.0.0\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", ""},
		{"redis_version:6.2.14\r\n", "7.0 or later"},
		{"redis_version:255.255.255\r\nredis_mode:cluster\r\n", "Cluster"},
		{"redis_version:7.0.0\r\nredis_mode:sentinel\r\n", "Sentinel"},
		{"redis_version:7.0.0\r\nmaxmemory:100\r\nmaxmemory_policy:allkeys-lru\r\n", "noeviction"},
		{"redis_version:7.0.0\r\nmaxmemory:100\r\nmaxmemory_policy:volatile-lru\r\n", ""},
		{"redis_version:7.0.0\r\nredis_mode:standalone\r\nrole:slave\r\n", "replica"},
	} {
		err := judge(parseInfo(c.info))
		if got := fmt.Sprint(err); (c.want == "") != (err == nil) || c.want != "" && !strings.Contains(got, c.want) {
			t.Errorf("%q: got %v, want %q", c.info, got, c.want)
		}
	}
}

func TestSum(t *testing.T) {
	var s sum
	for range 3 {
		s.add(orders.MaxSats)
	}
	s.add(1)
	if got, want := s.total(), 3*orders.MaxSats+1; got != want {
		t.Errorf("total: got %d, want %d", got, want)
	}
	if got, want := s.average(), (3*orders.MaxSats+1)/4; got != want {
		t.Errorf("average: got %d, want %d", got, want)
	}
	for text, want := range map[string]bool{
		"0": true, "7": true, "9007199254740991": true, "": false, "07": false, "-1": false, "+1": false, "1.5": false,
		"1e3": false, "90071992547409911": false,
	} {
		if _, ok := contributed(text); ok != want {
			t.Errorf("contributed(%q): got %v, want %v", text, ok, want)
		}
	}
}

// FuzzPlace: a cursor that is taken is one that a list gave.
func FuzzPlace(f *testing.F) {
	f.Add(place{1_760_011_200_000, "pi_x"}.cursor())
	f.Add(place{-1, "a:b"}.cursor())
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("01:a")))
	f.Add("MTo")
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := parsePlace(cursor)
		if err != nil {
			if orders.ErrorCode(err) != orders.EINVALID {
				t.Errorf("got %v", err)
			}
			return
		}
		if p.cursor() != cursor || !validID(p.id) {
			t.Errorf("%q: got %+v", cursor, p)
		}
	})
}

// FuzzParseKey: a key that is ours is rebuilt from what was read of it.
func FuzzParseKey(f *testing.F) {
	npub, _ := npubOf(strings.Repeat("a", 64))
	for _, key := range []string{indexKey, disputedKey, cursorKey, orderKey("a"), boxesKey("a"), statusKey("paid"),
		sideKey(orders.Buyer, npub), sideStatusKey(orders.Seller, npub, "paid"), sumsKey(orders.Buyer, npub), "{orders:}:boxes",
		updatedKey(orders.Buyer, npub), pairKey(npub, npub), findKey(npub), titlesKey(npub)} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		made := ""
		switch i := parseKey(key); {
		case i.kind == notOurs:
			return
		case i.kind == orderKind:
			made = orderKey(i.id)
		case i.kind == boxesKind:
			made = boxesKey(i.id)
		case i.kind == sumsKind:
			made = sumsKey(i.as, i.npub)
		case i.kind == cursorKind:
			made = cursorKey
		case i.kind == findKind:
			made = findKey(i.npub)
		case i.kind == titlesKind:
			made = titlesKey(i.npub)
		case i.disputed:
			made = disputedKey
		case i.with != "":
			made = pairKey(i.npub, i.with)
		case i.kind == setKind && key == updatedKey(i.as, i.npub):
			made = key
		case i.as != 0 && i.status != "":
			made = sideStatusKey(i.as, i.npub, i.status)
		case i.as != 0:
			made = sideKey(i.as, i.npub)
		case i.status != "":
			made = statusKey(i.status)
		default:
			made = indexKey
		}
		if made != key {
			t.Errorf("%q was read as %q", key, made)
		}
	})
}
