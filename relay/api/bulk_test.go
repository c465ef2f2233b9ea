package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

const bulkPath = "/api/v1/orders/bulk"

// many posts to many orders, and wants an answer.
func (m *market) many(a ask) (got bulkAnswer) {
	m.t.Helper()
	a.method, a.path = "POST", bulkPath+a.path
	resp, text := m.do(a)
	if err := json.Unmarshal([]byte(text), &got); err != nil || resp.StatusCode != 200 {
		m.t.Fatalf("got %s %s", resp.Status, text)
	}
	return got
}

// brief is an answer in few words: the status of each order, or why not.
func (a bulkAnswer) brief() (s []string) {
	for _, item := range a.Data {
		if item.OK {
			s = append(s, item.IntentID+" "+string(item.Status))
		} else {
			s = append(s, fmt.Sprint(item.Problem["code"]))
		}
	}
	return s
}

func (m *market) list(who *nip17.SecretSigner, ds ...orders.Draft) string {
	m.t.Helper()
	var events []string
	for _, d := range ds {
		events = append(events, m.event(who, d).String())
	}
	return "[" + strings.Join(events, ",") + "]"
}

func TestBulk(t *testing.T) {
	m := newMarket(t)
	// A cart over several orders, begun at once.
	got := m.many(ask{as: m.buyer, body: m.list(m.buyer, intent("A-1"), intent("A-2"), intent("A-3"))})
	if want := []string{"A-1 intent-sent", "A-2 intent-sent", "A-3 intent-sent"}; !slices.Equal(got.brief(), want) || got.OK != 3 || got.Data[2].Version == 0 {
		t.Fatalf("got %+v", got)
	}
	m.posted(m.say(m.seller, orders.Draft{Verb: orders.Cancel, OrderID: "A-3"}), 201)
	ship := func(id string) orders.Draft {
		return orders.Draft{Verb: orders.Shipped, OrderID: id, Public: orders.Public{Tracking: "1Z" + id}}
	}
	// First it is asked what would become of it.
	preview := m.many(ask{as: m.seller, body: `{"dry_run":true,"action":"shipped","ids":["A-1","A-2","A-3","A-9"]}`})
	if preview.OK != 2 || preview.Refused != 2 || !slices.Equal(preview.Because, []bulkReason{{"conflict", "cancelled", 1}, {"not_found", "", 1}}) {
		t.Errorf("got %+v", preview)
	}
	if p := preview.Data[2].Problem; p["from"] != "cancelled" || p["requested"] != "shipped" || p["actor_role"] != "seller" {
		t.Errorf("got %v", p)
	}
	body := m.list(m.seller, ship("A-1"), ship("A-2"), ship("A-3"), ship("A-9"), orders.Draft{Verb: orders.Note, OrderID: "A-1", Private: orders.Private{Note: "x"}})
	body = body[:len(body)-1] + `,{},7,` + m.event(m.buyer, ship("A-1")).String() + `]`
	got = m.many(ask{as: m.seller, body: body})
	want := []string{"A-1 shipped", "A-2 shipped", "conflict", "not_found", "A-1 shipped", "malformed", "malformed", "forbidden"}
	if !slices.Equal(got.brief(), want) || got.OK != 3 || got.Refused != 5 || got.Because[0].Count != 2 {
		t.Errorf("got %v, %+v", got.brief(), got.Because)
	}
	// The same again does nothing.
	again := m.many(ask{as: m.seller, body: body})
	if !slices.Equal(again.brief(), want) || !again.Data[0].Replayed {
		t.Errorf("got %+v", again)
	}
	if o, err := m.store.Order(m.ctx, "A-1"); err != nil || len(o.Shipments) != 1 || len(o.Timeline) != 3 {
		t.Errorf("got %+v, %v", o, err)
	}
	// A stranger has no orders, and learns of none.
	if got := m.many(ask{as: m.stranger, body: `{"dry_run":true,"action":"shipped","ids":["A-1","A-9"]}`}); !slices.Equal(got.brief(), []string{"not_found", "not_found"}) || got.Data[0].Status != "" {
		t.Errorf("got %+v", got)
	}
	late := ship("A-3")
	late.At = m.now().UnixMilli() + 2000
	if got := m.many(ask{as: m.seller, path: "?anyway=true", body: m.list(m.seller, late)}); got.OK != 1 {
		t.Errorf("got %+v", got)
	}
}

// Of one order everything is taken in its order.
func TestBulkOfOneOrder(t *testing.T) {
	m := newMarket(t)
	got := m.many(ask{as: m.buyer, body: m.list(m.buyer, intent("A-1"),
		orders.Draft{Verb: orders.Paid, OrderID: "A-1"}, orders.Draft{Verb: orders.Dispute, OrderID: "A-1", Private: orders.Private{Reason: "x"}},
		orders.Draft{Verb: orders.Paid, OrderID: "A-1", At: m.now().UnixMilli() + 60_000})})
	if want := []string{"A-1 intent-sent", "A-1 paid", "A-1 disputed", "conflict"}; !slices.Equal(got.brief(), want) {
		t.Errorf("got %v", got.brief())
	}
}

func TestBulkRefuses(t *testing.T) {
	var asked url.Values
	m := newMarket(t, func(c *Config) {
		c.Select = func(_ context.Context, caller string, filter url.Values, most int) ([]string, bool, error) {
			asked = filter
			if filter.Get("x") != "" {
				return nil, false, fail(codeMalformed, "There is no such key.").with("parameter", "x")
			}
			return []string{"A-1"}, filter.Has("role"), nil
		}
	})
	m.begin("A-1")
	for name, tt := range map[string]struct {
		body   string
		status int
		code   string
		field  string
	}{
		"no JSON":           {`[`, 400, "malformed", ""},
		"a word":            {`"x"`, 400, "malformed", ""},
		"an empty list":     {`[]`, 422, "invalid", ""},
		"too many":          {`[` + strings.Repeat(`1,`, 200) + `1]`, 422, "invalid", ""},
		"no dry run":        {`{"dry_run":false,"action":"shipped","ids":[]}`, 422, "invalid", "dry_run"},
		"none said":         {`{"action":"shipped","ids":[]}`, 422, "invalid", "dry_run"},
		"dry_run in words":  {`{"dry_run":"yes","action":"shipped","ids":[]}`, 400, "malformed", "dry_run"},
		"another action":    {`{"dry_run":true,"action":"ship","ids":[]}`, 422, "invalid", "action"},
		"ids in words":      {`{"dry_run":true,"action":"shipped","ids":"A"}`, 400, "malformed", "ids"},
		"too many ids":      {`{"dry_run":true,"action":"shipped","ids":["A"` + strings.Repeat(`,"A"`, 200) + `]}`, 422, "invalid", "ids"},
		"ids and a filter":  {`{"dry_run":true,"action":"shipped","ids":[],"filter":{}}`, 422, "invalid", ""},
		"neither":           {`{"dry_run":true,"action":"shipped"}`, 422, "invalid", ""},
		"a member more":     {`{"dry_run":true,"action":"shipped","ids":[],"x":1}`, 400, "malformed", "x"},
		"a number":          {`{"dry_run":true,"action":"shipped","filter":{"status":7}}`, 400, "malformed", "filter"},
		"an unknown filter": {`{"dry_run":true,"action":"shipped","filter":{"x":"y"}}`, 400, "malformed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := m.refused(ask{method: "POST", path: bulkPath, as: m.seller, body: tt.body}, tt.status, tt.code)
			if got, _ := p["field"].(string); got != tt.field {
				t.Errorf("got %v", p)
			}
		})
	}
	m.refused(ask{method: "POST", path: bulkPath + "?anyway=true", as: m.seller, body: `{"dry_run":true,"action":"shipped","ids":[]}`}, 400, "malformed")
	if got := m.many(ask{as: m.seller, body: `{"dry_run":true,"action":"shipped","filter":{"status":["paid","shipped"],"role":"seller"}}`}); got.OK != 1 || !got.More || asked.Encode() != "role=seller&status=paid&status=shipped" {
		t.Errorf("got %+v, asked %v", got, asked)
	}
	// A list may be larger than a message, but not without bounds.
	large := `[` + strings.Repeat(" ", 200<<10) + m.list(m.seller, orders.Draft{Verb: orders.Process, OrderID: "A-1"})[1:]
	if got := m.many(ask{as: m.seller, body: large}); got.OK != 1 {
		t.Errorf("got %+v", got)
	}
	m.refused(ask{method: "POST", path: bulkPath, as: m.seller, body: `[` + strings.Repeat(" ", 1<<20) + `]`}, 413, "too_large")
	if p := m.refused(ask{method: "POST", path: messagesOf("A-1"), as: m.seller, body: large}, 413, "too_large"); p == nil {
		t.Error("no problem")
	}
}
