package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

const noon = int64(1_760_011_200_000) // ms

// TestRights is the table of who gets what.
func TestRights(t *testing.T) {
	s := newShop(t)
	s.put(s.order("plain"), s.order("disputed", disputed))
	const explain = "/api/v1/admin/explain/"
	for _, tt := range []struct {
		path                                     string
		buyer, seller, admin, stranger, unsigned int
	}{
		{"/api/v1/orders", 200, 200, 200, 200, 401},
		{"/api/v1/orders?role=admin", 403, 403, 200, 403, 401},
		{"/api/v1/orders/plain", 200, 200, 404, 404, 401},
		{"/api/v1/orders/disputed", 200, 200, 200, 404, 401},
		{"/api/v1/orders/absent", 404, 404, 404, 404, 401},
		{"/api/v1/orders/plain/messages", 200, 200, 404, 404, 401},
		{"/api/v1/orders/disputed/messages", 200, 200, 200, 404, 401},
		{"/api/v1/orders/export", 200, 200, 200, 200, 401},
		{"/api/v1/orders/export?role=admin", 403, 403, 200, 403, 401},
		{"/api/v1/stats?as=seller", 200, 200, 200, 200, 401},
		{"/api/v1/admin/orders", 404, 404, 200, 404, 401},
		{"/api/v1/admin/disputes", 404, 404, 200, 404, 401},
		{explain + strings.Repeat("e", 64), 404, 404, 200, 404, 401},
		{explain + "m-17", 404, 404, 200, 404, 401},
		{explain + strings.Repeat("a", 64), 404, 404, 404, 404, 401},
	} {
		for i, who := range []*nip17.SecretSigner{s.buyer, s.seller, s.admin, s.stranger, nil} {
			want := []int{tt.buyer, tt.seller, tt.admin, tt.stranger, tt.unsigned}[i]
			for _, method := range []string{"GET", "HEAD"} {
				if resp, body := s.do(ask{method: method, path: tt.path, as: who}); resp.StatusCode != want {
					t.Errorf("%s %s by %d: got %s %s, want %d", method, tt.path, i, resp.Status, body, want)
				}
			}
		}
	}
	// What is not there and what is somebody else's are one to the byte, and so are the
	// admins' paths and none.
	for _, pair := range [][2]string{{"/api/v1/orders/plain", "/api/v1/orders/absen"}, {"/api/v1/admin/orders", "/api/v1/admin/nobody"}} {
		a, one := s.get(s.stranger, pair[0])
		b, other := s.get(s.stranger, pair[1])
		other = strings.ReplaceAll(other, pair[1], pair[0])
		a.Header.Del("Date")
		b.Header.Del("Date")
		a.Header.Del("Content-Length")
		b.Header.Del("Content-Length")
		if one != other || fmt.Sprint(a.Header) != fmt.Sprint(b.Header) {
			t.Errorf("%v look different:\n%v %s%v %s", pair, a.Header, one, b.Header, other)
		}
	}
	for _, who := range []*nip17.SecretSigner{s.admin, s.stranger} {
		if got := s.ids(who, ""); got != "" {
			t.Errorf("somebody else's list: %s", got)
		}
	}
}

func TestGetOrder(t *testing.T) {
	s := newShop(t)
	s.put(s.order("A-1"), s.order("D-1", disputed))
	for _, tt := range []struct {
		who     *nip17.SecretSigner
		id      string
		actions string
		box     string // of f0
		not     string
	}{
		{s.buyer, "A-1", `"paid","delivered","cancel","dispute","address","note"`, "for the buyer", "seller's own"},
		{s.seller, "A-1", `"request","confirm","process","shipped","cancel","dispute","refunded","note","exception"`, "for the seller", "for the buyer"},
		{s.admin, "D-1", `"cancel","resolved"`, "", "for the"},
	} {
		resp, body := s.get(tt.who, "/api/v1/orders/"+tt.id)
		if resp.StatusCode != 200 || !strings.Contains(body, `"allowedActions":[`+tt.actions+`]`) || !strings.Contains(body, tt.box) || strings.Contains(body, tt.not) {
			t.Errorf("%s: %s %s", tt.id, resp.Status, body)
		}
		tag := resp.Header.Get("ETag")
		if !strings.HasPrefix(tag, `"7-`) || resp.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("ETag %s, Cache-Control %s", tag, resp.Header.Get("Cache-Control"))
		}
		for header, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"7-"`: 200} {
			if resp, body := s.get(tt.who, "/api/v1/orders/"+tt.id, "If-None-Match", header); resp.StatusCode != want || want == 304 && body != "" {
				t.Errorf("If-None-Match %s: got %s, want %d", header, resp.Status, want)
			}
		}
		resp, body = s.get(tt.who, "/api/v1/orders/"+tt.id+"/messages")
		if resp.StatusCode != 200 || strings.Count(body, `"verb"`) != 3 || !strings.Contains(body, tt.box) || strings.Contains(body, tt.not) {
			t.Errorf("messages of %s: %s %s", tt.id, resp.Status, body)
		}
	}
	// Tags are the viewer's own, and go with the version.
	one, _ := s.get(s.buyer, "/api/v1/orders/A-1")
	s.put(s.order("A-1", func(o *orders.Order) { o.Version = 8 }))
	if resp, _ := s.get(s.buyer, "/api/v1/orders/A-1", "If-None-Match", one.Header.Get("ETag")); resp.StatusCode != 200 {
		t.Errorf("a new version: %s", resp.Status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.viewed {
		if v != "A-1 "+s.buyer.PublicKey() {
			t.Errorf("viewed: %s", v)
		}
	}
	if len(s.viewed) == 0 {
		t.Error("a buyer looked at his order, and nobody was told")
	}
}

func TestListOrders(t *testing.T) {
	s := newShop(t)
	other := newSigner(t).PublicKey()
	s.put(
		s.order("a1"),
		s.order("a2", func(o *orders.Order) { o.CreatedTimestamp, o.Status = noon+2, orders.StatusShipped }),
		s.order("a3", func(o *orders.Order) { o.CreatedTimestamp, o.UpdatedTimestamp, o.BuyerPubkey = noon+3, noon, other }),
		s.order("b1", func(o *orders.Order) { // the seller buys
			o.CreatedTimestamp, o.SellerPubkey, o.BuyerPubkey = noon+4, other, s.seller.PublicKey()
		}),
	)
	npub, _ := nip19.EncodePublicKey(s.buyer.PublicKey())
	for query, want := range map[string]string{
		"": "b1 a3 a2 a1", "role=buyer": "b1", "role=seller": "a3 a2 a1", "status=paid": "b1 a3 a1", "status=paid&status=shipped": "b1 a3 a2 a1",
		"status=cancelled": "", fmt.Sprint("since=", noon+2, "&until=", noon+3): "a3 a2", "since=2025-10-09T12:00:00.003Z": "b1 a3", "until=2025-10-09": "b1 a3 a2 a1", "until=2025-10-08": "",
		"counterparty=" + npub: "a2 a1", "counterparty=" + s.buyer.PublicKey() + "&status=paid": "a1", "counterparty=ana@example.com": "a2 a1", "counterparty=bob@example.com": "",
		"q=a1": "a1", "q=mug": "b1 a3 a2 a1", "q=ana@example.com": "a2 a1", "sort=created": "a1 a2 a3 b1", "sort=updated&role=seller": "a3 a1 a2", "sort=-updated&role=seller": "a2 a1 a3",
		"limit=2": "b1 a3", "limit=2&page=2": "a2 a1", "limit=3&page=2&role=seller": "",
	} {
		if got := s.ids(s.seller, query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	// By the links, to the end.
	var got []string
	for path := "/api/v1/orders?limit=1&include=total&status=paid&status=shipped"; path != ""; {
		resp, body := s.get(s.seller, path)
		var l struct {
			Data  []*orders.Order
			Next  string `json:"next_cursor"`
			Total *int64
		}
		if err := json.Unmarshal([]byte(body), &l); err != nil || len(l.Data) != 1 || *l.Total != 4 {
			t.Fatalf("%s: %s %s", path, resp.Status, body)
		}
		if l.Data[0].AllowedActions == nil || l.Data[0].Boxes != nil {
			t.Errorf("%+v", l.Data[0])
		}
		got = append(got, l.Data[0].IntentID)
		path, _, _ = strings.Cut(strings.TrimPrefix(resp.Header.Get("Link"), "<"), ">")
		if (path == "") != (l.Next == "") || len(got) > 4 {
			t.Fatalf("Link %q, next_cursor %q", path, l.Next)
		}
	}
	if strings.Join(got, " ") != "b1 a3 a2 a1" {
		t.Errorf("by the links: %v", got)
	}
	one, _ := s.get(s.seller, "/api/v1/orders")
	if again, _ := s.get(s.seller, "/api/v1/orders", "If-None-Match", one.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("the same list: %s", again.Status)
	}
	if _, body := s.get(s.seller, "/api/v1/orders?include=total&sort=updated&status=paid"); !strings.Contains(body, `"total":null`) {
		t.Errorf("a total that is not known: %s", body)
	}
}

// TestBadQueries has each parameter wrong once.
func TestBadQueries(t *testing.T) {
	s := newShop(t)
	for path, list := range map[string]map[string]string{
		"/api/v1/orders": {
			"role=boss": "role", "status=lost": "status", "since=soon": "since", "until=later": "until", "since=5&until=4": "until", "q=" + strings.Repeat("x", 1001): "q",
			"counterparty=me": "counterparty", "sort=price": "sort", "page=0": "page", "page=x": "page", "limit=201": "limit", "limit=-5": "limit", "cursor=": "cursor", "cursor=x": "cursor",
			"include=all": "include", "limit=1&limit=2": "limit", "page=1&cursor=MTph": "page", "sattus=paid": "sattus", "format=csv": "format",
		},
		"/api/v1/orders/export": {"format=xml": "format", "bom=2": "bom", "format=json&bom=1": "bom", "status=lost": "status", "limit=5": "limit", "format=csv&format=json": "format"},
		"/api/v1/orders/A-1":    {"status=paid": "status"},
		"/api/v1/stats": {"": "as", "as=admin": "as", "as=buyer&as=seller": "as", "as=buyer&period=year": "period", "as=buyer&since=x": "since", "as=buyer&until=x": "until",
			"as=buyer&period=day&since=2020-01-01": "period", "as=buyer&include=all": "include", "as=buyer&q=x": "q", "as=buyer&period=day&since=2126-01-01": "since"},
		"/api/v1/admin/orders":     {"role=buyer": "role", "sort=updated": "sort", "status=x": "status"},
		"/api/v1/admin/disputes":   {"status=paid": "status", "until=x": "until"},
		"/api/v1/admin/explain/xy": {"": "id"},
	} {
		for query, parameter := range list {
			if p := s.refused(ask{method: "GET", path: path + "?" + query, as: s.admin}, 400, "malformed"); p["parameter"] != parameter {
				t.Errorf("%s?%s: got %v, want %s", path, query, p, parameter)
			}
		}
	}
}

func TestStats(t *testing.T) {
	s := newShop(t)
	s.put(s.order("a"), s.order("b", func(o *orders.Order) {
		o.CreatedTimestamp, o.Payment, o.Status = noon+86_400_000, orders.PaymentConfirmed, orders.StatusDelivered
		o.Timeline = append(o.Timeline, orders.TimelineEntry{Verb: orders.Delivered, At: noon + 86_400_000 + 500, OK: true, Transports: []orders.Transport{}})
	}))
	ask := func(query string) (got stats) {
		t.Helper()
		resp, body := s.get(s.seller, "/api/v1/stats?as=seller&"+query)
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp.Status, body, err)
		}
		return got
	}
	if got := ask(""); got.Stats.TotalOrders != 2 || got.Stats.TotalRevenue != 1000 || got.Periods != nil {
		t.Errorf("all: %+v", got)
	}
	if got := ask("since=2025-10-10&until=2025-10-10"); got.Stats.TotalOrders != 1 || got.Stats.CompletedOrders != 1 {
		t.Errorf("one day: %+v", got)
	}
	if got := ask("since=2025-11-01"); got.Stats.TotalOrders != 0 {
		t.Errorf("later: %+v", got)
	}
	for period, want := range map[string][]int64{"day": {1, 1, 0, 0, 0}, "week": {2, 0}, "month": {2}} {
		got := ask("since=2025-10-09T00:00:00Z&until=2025-10-13&period=" + period)
		var n []int64
		for i, p := range got.Periods {
			n = append(n, p.Stats.TotalOrders)
			if p.Since >= p.Until || i > 0 && p.Since != got.Periods[i-1].Until {
				t.Errorf("%s: %+v", period, got.Periods)
			}
		}
		if fmt.Sprint(n) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", period, n, want)
		}
	}
	if got := ask("period=month"); len(got.Periods) != 12 {
		t.Errorf("%d months", len(got.Periods))
	}
	if got := ask("include=durations"); got.Durations == nil || got.Durations.Orders != 2 || !got.Durations.All || got.Durations.ByStatus[orders.StatusIntentSent].Orders != 2 {
		t.Errorf("durations: %+v", got.Durations)
	}
}

func TestAdmin(t *testing.T) {
	s := newShop(t)
	s.put(s.order("plain"), s.order("disputed", disputed))
	resp, body := s.get(s.admin, "/api/v1/admin/orders?include=total")
	if resp.StatusCode != 200 || !strings.Contains(body, `"total":2`) || strings.Count(body, `"shippingAddress":`) != 1 || strings.Count(body, `"allowedActions"`) != 1 {
		t.Errorf("all orders: %s %s", resp.Status, body)
	}
	if resp, body := s.get(s.admin, "/api/v1/admin/disputes"); resp.StatusCode != 200 || !strings.Contains(body, `"intentId":"disputed"`) || strings.Contains(body, "plain") {
		t.Errorf("disputes: %s %s", resp.Status, body)
	}
	if resp, body := s.get(s.admin, "/api/v1/admin/orders?counterparty="+s.buyer.PublicKey()+"&q=mug"); resp.StatusCode != 200 || strings.Count(body, `"intentId"`) != 2 {
		t.Errorf("of one: %s %s", resp.Status, body)
	}
}

func TestExport(t *testing.T) {
	s := newShop(t)
	var os []*orders.Order
	for i := range 450 { // several pages
		os = append(os, s.order(fmt.Sprintf("x%03d", i), func(o *orders.Order) {
			o.CreatedTimestamp = noon + int64(i)
			o.Products[0].Title = []string{"Mug", "=HYPERLINK(\"x\")", "a \"quoted\", mug\nof two lines"}[i%3]
			if i%2 == 0 {
				o.Status = orders.StatusShipped
				o.Shipments = []orders.Shipment{{TrackingNumber: "-1Z9", Carrier: "@UPS"}}
			}
		}))
	}
	s.put(os...)
	for query, want := range map[string]int{"": 450, "status=shipped": 225, "q=mug": 300, "q=x1": 100, "counterparty=" + s.buyer.PublicKey(): 450, "sort=created&since=" + fmt.Sprint(noon+440): 10} {
		resp, body := s.get(s.seller, "/api/v1/orders/export?"+query)
		if resp.StatusCode != 200 || resp.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename=orders-") {
			t.Fatalf("%s: %s %v", query, resp.Status, resp.Header)
		}
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || len(rows) != want+1 || strings.Contains(strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", ""), "mug\nof", ""), "\n") {
			t.Errorf("%s: %d rows, %v, want %d", query, len(rows), err, want)
		}
		// As JSON it is exactly what the list shows.
		_, body = s.get(s.seller, "/api/v1/orders/export?format=json&"+query)
		var all struct{ Data []*orders.Order }
		if err := json.Unmarshal([]byte(body), &all); err != nil || len(all.Data) != want {
			t.Fatalf("%s: %d orders, %v", query, len(all.Data), err)
		}
		if strings.Contains(body, "for the buyer") || strings.Count(body, "for the seller") != want {
			t.Errorf("%s: boxes", query)
		}
		var listed []string
		for cursor := ""; ; {
			_, body := s.get(s.seller, "/api/v1/orders?limit=150&"+query+"&cursor="[:min(8, 8*len(cursor))]+cursor)
			var l struct {
				Data []*orders.Order
				Next string `json:"next_cursor"`
			}
			if err := json.Unmarshal([]byte(body), &l); err != nil {
				t.Fatal(err)
			}
			for _, o := range l.Data {
				listed = append(listed, o.IntentID)
			}
			if cursor = l.Next; cursor == "" {
				break
			}
		}
		for i, o := range all.Data {
			if i >= len(listed) || listed[i] != o.IntentID {
				t.Fatalf("%s: the list has %d, the export %d, and they differ at %d", query, len(listed), len(all.Data), i)
			}
		}
	}
	_, body := s.get(s.buyer, "/api/v1/orders/export?bom=1&q=x004,x005")
	if !strings.HasPrefix(body, "\xef\xbb\xbforder_id,") || strings.Contains(body, ",=") || !strings.Contains(body, ",'@UPS,'-1Z9,") {
		t.Errorf("got %q", body)
	}
	if _, body := s.get(s.stranger, "/api/v1/orders/export"); strings.Count(body, "\r\n") != 1 {
		t.Errorf("a stranger's: %q", body)
	}
	if resp, body := s.get(s.stranger, "/api/v1/orders/export?format=json"); resp.StatusCode != 200 || body != "{\"data\":[\n]}\n" {
		t.Errorf("a stranger's: %q", body)
	}
}
