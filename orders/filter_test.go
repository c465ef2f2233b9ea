package orders

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestParseFilter(t *testing.T) {
	ms := func(n int64) *int64 { return &n }
	key := strings.Repeat("a", 64)
	npub := Npub(key)
	names := func(_ context.Context, name string) ([]string, error) {
		switch name {
		case "ana@example.com":
			return []string{key}, nil
		case "broken@example.com":
			return nil, Errorf(EUNAVAILABLE, "no ledger")
		}
		return nil, nil
	}
	for query, want := range map[string]Filter{
		"":                                  {},
		"limit=5&other=1":                   {},
		"role=buyer":                        {As: Buyer},
		"role=seller":                       {As: Seller},
		"role=admin":                        {As: Admin},
		"status=paid":                       {Statuses: []Status{StatusPaid}},
		"status=paid&status=shipped":        {Statuses: []Status{StatusPaid, StatusShipped}},
		"status=paid&status=paid":           {Statuses: []Status{StatusPaid}},
		"since=0&until=5":                   {Since: ms(0), Until: ms(5)},
		"since=2026-11-01":                  {Since: ms(1793491200000)},
		"until=2026-11-01":                  {Until: ms(1793577599999)},
		"since=2026-11-01T01:00:00%2B01:00": {Since: ms(1793491200000)},
		"since=2026-11-01T00:00:00.5Z":      {Since: ms(1793491200500)},
		"sort=-created":                     {},
		"sort=created":                      {OldestFirst: true},
		"sort=-updated":                     {ByUpdated: true},
		"sort=updated":                      {ByUpdated: true, OldestFirst: true},
		"counterparty=" + key:               {Counterparty: []string{key}},
		"counterparty=" + npub:              {Counterparty: []string{key}},
		"counterparty=ana@example.com":      {Counterparty: []string{key}},
		"counterparty=bob@example.com":      {Counterparty: []string{}},
		"q=":                                {},
		"q=blue+mug":                        {Search: Search{[]Term{{Text: "blue"}, {Text: "mug"}}}},
		"q=A-1,%20,A-2%0A":                  {Search: Search{[]Term{{Text: "A-1"}, {Text: "A-2"}}}},
		"q=" + npub:                         {Search: Search{[]Term{{Text: npub, Parties: []string{key}}}}},
		"q=ana@example.com":                 {Search: Search{[]Term{{Text: "ana@example.com", Parties: []string{key}}}}},
		"q=a@b":                             {Search: Search{[]Term{{Text: "a@b"}}}},
		"q=pi_x%E2%80%A69f":                 {Search: Search{[]Term{{Text: "pi_x…9f", Cut: true, Head: "pi_x", Tail: "9f"}}}},
		"q=pi_x...9f":                       {Search: Search{[]Term{{Text: "pi_x...9f", Cut: true, Head: "pi_x", Tail: "9f"}}}},
		"q=pi_x....9f":                      {Search: Search{[]Term{{Text: "pi_x....9f", Cut: true, Head: "pi_x", Tail: "9f"}}}},
		"q=%E2%80%A6":                       {Search: Search{[]Term{{Text: "…"}}}},
		"q=nothing@example.com&role=buyer":  {As: Buyer, Search: Search{[]Term{{Text: "nothing@example.com"}}}},
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseFilter(t.Context(), v, names); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", query, got, err, want)
		}
	}
	for query, parameter := range map[string]string{
		"role=": "role", "role=stranger": "role", "role=buyer&role=seller": "role", "status=": "status", "status=lost": "status",
		"status=paid&status=PAID": "status", "since=": "since", "since=yesterday": "since", "since=-1": "since",
		"since=2026-13-01": "since", "since=1969-12-31": "since", "until=253402300800000": "until", "since=1.5": "since",
		"since=5&until=4": "until", "sort=": "sort", "sort=price": "sort", "sort=--created": "sort",
		"counterparty=": "counterparty", "counterparty=npub1x": "counterparty", "counterparty=ana": "counterparty",
		"counterparty=" + strings.ToUpper(key): "counterparty", "q=" + strings.Repeat("x", 1001): "q", "q=%ff": "q",
		"q=" + strings.Repeat("x+", 51): "q", "q=a&q=b": "q",
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseFilter(t.Context(), v, names)
		var bad *ParameterError
		if !errors.As(err, &bad) || bad.Parameter != parameter || ErrorCode(err) != EINVALID || !strings.Contains(bad.Message, parameter) {
			t.Errorf("%s: got %v, want %s to be wrong", query, err, parameter)
		}
	}
	for _, key := range []string{"q", "counterparty"} {
		if _, err := ParseFilter(t.Context(), url.Values{key: {"broken@example.com"}}, names); ErrorCode(err) != EUNAVAILABLE {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// FuzzSearch: no search panics, and what was found is found by its own parts.
func FuzzSearch(f *testing.F) {
	for _, q := range []string{"blue mug", "A-1, A-2", "pi_np…9f", "...", "1Z 999", "npub1…x", "\x00", "ana@example.com"} {
		f.Add(q)
	}
	o := &Order{IntentID: "pi_x_1", BuyerPubkey: strings.Repeat("a", 64), SellerPubkey: strings.Repeat("b", 64), TrackingNumber: "1Z-999",
		Products: []Product{{Title: "Blue mug"}}}
	f.Fuzz(func(t *testing.T, q string) {
		s, err := ParseSearch(t.Context(), q, nil)
		if err != nil {
			if ErrorCode(err) != EINVALID {
				t.Error(err)
			}
			return
		}
		if len(s.Terms) > maxTerms {
			t.Errorf("%d terms", len(s.Terms))
		}
		s.Finds(o, o.BuyerPubkey)
		for i := range s.Terms {
			s.Terms[i].IDs()
			s.Terms[i].Numbers()
		}
	})
}

func TestTimePerStatus(t *testing.T) {
	const hour = 3_600_000
	at := func(verb Verb, hours int64, more ...func(*TimelineEntry)) TimelineEntry {
		e := TimelineEntry{Verb: verb, At: hours * hour, OK: true}
		for _, m := range more {
			m(&e)
		}
		return e
	}
	refused := func(e *TimelineEntry) { e.OK = false }
	ends := func(o Outcome) func(*TimelineEntry) { return func(e *TimelineEntry) { e.Outcome = o } }
	for name, c := range map[string]struct {
		status Status
		lines  []TimelineEntry
		want   map[Status]int64 // hours
	}{
		"just begun": {StatusIntentSent, []TimelineEntry{at(Intent, 0)}, map[Status]int64{}},
		"a life": {StatusDelivered, []TimelineEntry{at(Intent, 0), at(Request, 2), at(Paid, 3), at(Note, 4), at(Confirm, 5), at(Shipped, 9), at(Delivered, 20)},
			map[Status]int64{StatusIntentSent: 2, StatusPaymentRequested: 1, StatusPaid: 2, StatusProcessing: 4, StatusShipped: 11}},
		"one refused, one late": {StatusShipped, []TimelineEntry{at(Intent, 0), at(Shipped, 4), at(Paid, 5), at(Cancel, 6, refused)},
			map[Status]int64{StatusIntentSent: 4}},
		"a dispute withdrawn": {StatusShipped, []TimelineEntry{at(Intent, 0), at(Paid, 1), at(Dispute, 3), at(Shipped, 5), at(Resolved, 7, ends(OutcomeResume))},
			map[Status]int64{StatusIntentSent: 1, StatusPaid: 2, StatusDisputed: 4}},
		"a ruling": {StatusCancelled, []TimelineEntry{at(Intent, 0), at(Paid, 1), at(Dispute, 3), at(Resolved, 4, ends(OutcomeCancelled)), at(Shipped, 9)},
			map[Status]int64{StatusIntentSent: 1, StatusPaid: 2, StatusDisputed: 1}},
	} {
		o := &Order{Status: c.status, Timeline: c.lines}
		got := o.TimePerStatus()
		for s := range got {
			got[s] /= hour
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
