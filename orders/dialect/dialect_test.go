package dialect

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// The cast. In the rumors of the tables $B, $S, $R and $X stand for the keys,
// $I for an invoice with the payment hash $H, $J for one whose hash $h the
// preimage $P opens.
var (
	buyer    = strings.Repeat("b1", 32)
	seller   = strings.Repeat("a2", 32)
	relayKey = strings.Repeat("c3", 32)
	stranger = strings.Repeat("d4", 32)
	rumorID  = strings.Repeat("0f", 32)

	preimage = strings.Repeat("5e", 32)
	opened   = "9985b2e4b9b71b28ce59ea5ce77f0b110637b625c6d7f41e982c9510940a2056"
	payable  = testInvoice("lnbc", "10u", opened, 1760000000, 3600)

	cast = strings.NewReplacer("$I", coffee, "$H", exampleHash, "$J", payable, "$P", preimage, "$h", opened, "$B", buyer, "$S", seller, "$R", relayKey, "$X", stranger,
		"$nB", orders.Npub(buyer), "$nS", orders.Npub(seller), "$nX", orders.Npub(stranger))
)

// message makes a message of a rumor in JSON; its author is the buyer and its
// time 1760000000 where it names none.
func message(t testing.TB, rumor string) Message {
	t.Helper()
	evt := nostr.Event{ID: rumorID, PubKey: buyer, CreatedAt: 1760000000}
	if err := json.Unmarshal([]byte(cast.Replace(rumor)), &evt); err != nil {
		t.Fatalf("bad rumor in the table: %v", err)
	}
	return Message{Rumor: evt, Owner: evt.PubKey, Relay: relayKey, Transport: orders.ByWrap, ReceivedAt: 1760000005000}
}

// reading is one row of a table: a rumor, and what is read of it: the
// statements as shown prints them, one per line, or ! and the refusal.
type reading struct{ name, rumor, want string }

func (r reading) check(t *testing.T, dialect string) {
	t.Helper()
	r.checkIn(t, dialect, message(t, r.rumor))
}

// checkIn is check for a message that landed elsewhere.
func (r reading) checkIn(t *testing.T, dialect string, m Message) {
	t.Helper()
	sts, err := New().Read(m)
	var got []string
	if err != nil {
		got = []string{"!" + Reason(err)}
	}
	for _, st := range sts {
		got = append(got, shown(t, st))
		checkInvariants(t, m, st)
		if st.Dialect != dialect {
			t.Errorf("dialect: got %q, want %q", st.Dialect, dialect)
		}
	}
	if want := cast.Replace(r.want); strings.Join(got, "\n") != want {
		t.Errorf("%s\n got %s\nwant %s", r.name, strings.Join(got, "\n"), want)
	}
}

// shown prints what the message itself says: no ids, parties or times of
// arrival, and not the content.
func shown(t testing.TB, st orders.Statement) string {
	t.Helper()
	st.Private.Content = ""
	b, err := json.Marshal(struct {
		Verb           orders.Verb
		OrderID        string         `json:",omitempty"`
		Ref            string         `json:",omitempty"`
		Hint           bool           `json:",omitempty"`
		SellerDelivers bool           `json:",omitempty"`
		Public         orders.Public  `json:",omitzero"`
		Private        orders.Private `json:",omitzero"`
		Flags          []orders.Flag  `json:",omitempty"`
	}{st.Verb, st.OrderID, st.Ref, st.Hint, st.SellerDelivers, st.Public, st.Private, st.Flags})
	if err != nil {
		t.Fatalf("a statement that cannot be stored: %v", err)
	}
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(b))
}

func TestPrecedence(t *testing.T) {
	tests := []struct{ name, rumor, dialect, verb string }{
		{"17 is a receipt", `{"kind":17,"tags":[["p","$S"],["order","A"],["payment","fiat","1","2"]]}`, Gamma, "paid"},
		{"16 by its type", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","1"]]}`, Gamma, "intent"},
		{"16 by its type in words", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","order"]]}`, Conduit, "intent"},
		{"14 with order and type", `{"kind":14,"tags":[["p","$S"],["order","A"],["type","1"]]}`, Gamma, "intent"},
		{"Shopstr's subject beats the type", `{"kind":14,"content":"x","tags":[["p","$S"],["subject","order-payment"],["order","A"],["type","2"]]}`, Shopstr, "paid"},
		{"Shopstr's subject of no order", `{"kind":14,"content":"x","tags":[["p","$S"],["subject","order-payment"]]}`, Text, "note"},
		{"Shopstr's JSON", `{"kind":14,"content":"{\"type\":\"zapsnag_order\",\"orderId\":\"A\"}","tags":[["p","$S"],["order","A"],["type","3"]]}`, Shopstr, "intent"},
		{"JSON with an order tag", `{"kind":14,"content":"{\"type\":\"cancel\"}","tags":[["p","$S"],["order","A"]]}`, CultureBridge, "cancel"},
		{"NIP-15 with an order tag", `{"kind":14,"content":"{\"id\":\"A\",\"type\":1,\"payment_options\":[{\"link\":\"x\"}]}","tags":[["p","$S"],["order","A"]]}`, NIP15, "request"},
		{"the old Plebeian with an order tag", `{"kind":14,"content":"{\"id\":\"A\",\"type\":2,\"status\":\"confirmed\"}","tags":[["p","$S"],["order","A"]]}`, Plebeian, "confirm"},
		{"a request in words with an order tag", `{"kind":14,"content":"NEW PURCHASE REQUEST\nOrder ID: pi_b1b1b1b1_1","tags":[["p","$S"],["order","pi_b1b1b1b1_1"]]}`, CultureBridge, "intent"},
		{"an order tag beats words", `{"kind":14,"content":"hello","tags":[["p","$S"],["order","A"]]}`, Gamma, "note"},
		{"a note beats its content", `{"kind":14,"content":"{\"type\":\"cancel\"}","tags":[["p","$S"],["order","A"],["status","note"]]}`, Gamma, "note"},
		{"JSON of the vocabulary", `{"kind":14,"content":"{\"type\":\"cancel\"}","tags":[["p","$S"]]}`, CultureBridge, "cancel"},
		{"JSON of somebody else", `{"kind":14,"content":"{\"type\":0,\"id\":\"o\"}","tags":[["p","$S"]]}`, Text, "note"},
		{"words", `{"kind":14,"content":"hello","tags":[["p","$S"]]}`, Text, "note"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sts, err := New().Read(message(t, tt.rumor))
			if err != nil || len(sts) != 1 {
				t.Fatalf("got %d statements, error %v", len(sts), err)
			}
			if got := [2]string{sts[0].Dialect, string(sts[0].Verb)}; got != [2]string{tt.dialect, tt.verb} {
				t.Errorf("got %v, want %v", got, [2]string{tt.dialect, tt.verb})
			}
		})
	}
}

func TestNotAnOrder(t *testing.T) {
	tests := []struct{ name, rumor, want string }{
		{"reaction", `{"kind":7,"content":"+","tags":[["p","$S"],["order","A"],["type","1"]]}`, "not-an-order"},
		{"file", `{"kind":15,"content":"https://x.example/f","tags":[["p","$S"]]}`, "not-an-order"},
		{"wrapped deletion", `{"kind":5,"tags":[["p","$S"],["e","$X"]]}`, "not-an-order"},
		{"NIP-04", `{"kind":4,"content":"x","tags":[["p","$S"]]}`, "not-an-order"},
		{"proposed kind, not switched on", `{"kind":1327,"tags":[["p","$S"],["order","A"],["type","1"]]}`, "not-an-order"},
		{"empty chat message", `{"kind":14,"content":" ","tags":[["p","$S"]]}`, "not-an-order"},
		{"generic repost", `{"kind":16,"tags":[["p","$S"],["e","$X"],["k","1"]]}`, "repost"},
		{"generic repost with order tags", `{"kind":16,"tags":[["p","$S"],["k","30402"],["order","A"],["type","1"]]}`, "repost"},
		{"repost without k", `{"kind":16,"content":"{\"id\":\"1\"}","tags":[["p","$S"],["e","$X"]]}`, "repost"},
		{"repost that carries its subject", `{"kind":16,"content":"{\"kind\":16,\"sig\":\"00\"}","tags":[["p","$S"],["e","$X"],["order","A"],["type","1"]]}`, "repost"},
		{"repost that says so", `{"kind":16,"tags":[["p","$S"],["alt","Generic repost"],["order","A"],["type","1"]]}`, "repost"},
		{"website reaction", `{"kind":17,"content":"+","tags":[["p","$S"],["r","https://x.example"]]}`, "not-an-order"},
		{"website reaction with k", `{"kind":17,"content":"+","tags":[["p","$S"],["k","web"],["order","A"],["payment","x","y"]]}`, "repost"},
		{"16 without an order", `{"kind":16,"tags":[["p","$S"],["type","1"]]}`, "not-an-order"},
		{"16 of a type that nobody names", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","gossip"]]}`, "unknown-type"},
		{"16 of a named type without an order", `{"kind":16,"content":"{}","tags":[["p","$S"],["type","order"]]}`, "not-an-order"},
		{"16 of type 5", `{"kind":16,"tags":[["p","$S"],["order","A"],["type","5"]]}`, "unknown-type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sts, err := New().Read(message(t, tt.rumor))
			if Reason(err) != tt.want || sts != nil {
				t.Errorf("got %v, error %v, want %s", sts, err, tt.want)
			}
			if isnt := tt.want != "unknown-type"; errors.Is(err, ErrNotAnOrder) != isnt {
				t.Errorf("errors.Is(%v, ErrNotAnOrder): got %v, want %v", err, !isnt, isnt)
			}
		})
	}
}

func TestParties(t *testing.T) {
	order := `{"kind":16,"tags":[["order","A"],["type","1"],%]}`
	ruling := `{"kind":16,"pubkey":"$X","tags":[["order","A"],["type","3"],["status","resolved"],["outcome","delivered"],%]}`
	pair := "$S $B"
	tests := []struct{ name, rumor, p, owner, want string }{
		{"author and p", order, `["p","$S"]`, "$B", pair},
		{"relay hint", order, `["p","$S","wss://r.example","x"]`, "$S", pair},
		{"p twice", order, `["p","$S"],["p","$S"]`, "$S", pair},
		{"relay among the p", order, `["p","$R"],["p","$S"]`, "$S", pair},
		{"copied to the relay", order, `["p","$S"]`, "$R", pair},
		{"author among the p", order, `["p","$B"],["p","$S"]`, "$S", pair},
		{"note to oneself", order, `["p","$B"]`, "$B", "$B"},
		{"to the relay alone", order, `["p","$R"]`, "$R", "$B"},
		{"to the relay alone, elsewhere", order, `["p","$R"]`, "$S", "!not-your-inbox"},
		{"group", order, `["p","$S"],["p","$X"]`, "$S", "!group-message"},
		{"group with the relay", order, `["p","$S"],["p","$R"],["p","$X"]`, "$S", "!group-message"},
		{"nobody", order, `["x","$S"]`, "$S", "!no-recipient"},
		{"a stranger's inbox", order, `["p","$S"]`, "$X", "!not-your-inbox"},
		{"a wrap in no inbox", order, `["p","$S"]`, "", "!not-your-inbox"},
		{"upper case", order, `["p","` + strings.ToUpper(seller) + `"]`, "$B", "!bad-key"},
		{"npub", order, `["p","$nS"]`, "$B", "!bad-key"},
		{"short", order, `["p","abcd"]`, "$B", "!bad-key"},
		{"p without a value", order, `["p"],["p","$S"]`, "$B", "!bad-key"},

		{"ruling", ruling, `["p","$R"],["buyer","$B"],["seller","$S"]`, "$R", pair},
		{"ruling, the buyer's copy", ruling, `["p","$R"],["buyer","$B"],["seller","$S"]`, "$B", pair},
		{"ruling, the ruler's copy", ruling, `["p","$R"],["buyer","$B"],["seller","$S"]`, "$X", pair},
		{"ruling in a stranger's inbox", ruling, `["p","$R"],["buyer","$B"],["seller","$S"]`, rumorID, "!not-your-inbox"},
		{"ruling of one party", ruling, `["p","$R"],["buyer","$B"]`, "$R", "!bad-key"},
		{"ruling between one", ruling, `["p","$R"],["buyer","$B"],["seller","$B"]`, "$R", "!bad-key"},
		{"ruling without parties", ruling, `["p","$R"]`, "$R", "$X"},
		{"not addressed to the relay", ruling, `["p","$S"],["buyer","$B"],["seller","$S"]`, "$S", "$S $X"},
		{"no ruling names parties", order, `["p","$R"],["buyer","$X"],["seller","$S"]`, "$R", "$B"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := message(t, strings.ReplaceAll(tt.rumor, "%", tt.p))
			m.Owner = cast.Replace(tt.owner)
			sts, err := New().Read(m)
			got := "!" + Reason(err)
			if err == nil {
				got = strings.Join(sts[0].Parties, " ")
				if !slices.Equal(sts[0].Inboxes, []string{m.Owner}) || sts[0].Sender != m.Rumor.PubKey {
					t.Errorf("inboxes %v, sender %s", sts[0].Inboxes, sts[0].Sender)
				}
			}
			if want := cast.Replace(tt.want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestStatementFrame(t *testing.T) {
	m := message(t, `{"kind":16,"content":"hi","tags":[["p","$S"],["order","no/way 1"],["type","1"],["note","n"]]}`)
	m.Owner, m.Transport = "", orders.ByPublic
	sts, err := New().Read(m)
	if err != nil || len(sts) != 1 {
		t.Fatalf("got %d statements, error %v", len(sts), err)
	}
	want := orders.Fact{
		ID: rumorID, ReceivedAt: 1760000005000, Inboxes: []string{}, Transports: []orders.Transport{orders.ByPublic},
		Verb: orders.Intent, Sender: buyer, Parties: []string{seller, buyer}, OrderID: "no%2Fway%201",
		At: 1760000000000, Trust: orders.Bound, Dialect: Gamma,
		Carries: []orders.Field{orders.FieldContent, orders.FieldNote},
	}
	if diff := diffJSON(t, sts[0].Fact, want); diff != "" {
		t.Error(diff)
	}
	m.Rumor.ID = "0F" + rumorID[2:]
	if _, err := New().Read(m); Reason(err) != "bad-key" {
		t.Errorf("an id that is no hex: got %v", err)
	}
}

func diffJSON(t testing.TB, got, want any) string {
	t.Helper()
	g, err1 := json.Marshal(got)
	w, err2 := json.Marshal(want)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if string(g) == string(w) {
		return ""
	}
	return "\n got " + string(g) + "\nwant " + string(w)
}

func TestWithKinds(t *testing.T) {
	r := New(WithKinds(1327))
	for rumor, want := range map[string]orders.Verb{
		`{"kind":1327,"tags":[["p","$S"],["order","A"],["type","1"]]}`:                          orders.Intent,
		`{"kind":1327,"tags":[["p","$S"],["order","A"],["payment","lightning","a@b.example"]]}`: orders.Paid,
		`{"kind":16,"tags":[["p","$S"],["order","A"],["type","2"]]}`:                            orders.Request,
	} {
		sts, err := r.Read(message(t, rumor))
		if err != nil || sts[0].Verb != want {
			t.Errorf("%s: got %v, error %v, want %s", rumor, sts, err, want)
		}
	}
}

// TestErrorsHoldNothing looks for the message in what is said about it.
func TestErrorsHoldNothing(t *testing.T) {
	secret := "sw0rdfish"
	for _, rumor := range []string{
		`{"kind":16,"content":"` + secret + `","tags":[["p","` + secret + `"],["order","` + secret + `"],["type","1"]]}`,
		`{"kind":16,"content":"` + secret + `","tags":[["p","$S"],["order","` + secret + `"],["type","` + secret + `"]]}`,
		`{"kind":16,"tags":[["p","$S"],["order","` + secret + `"],["type","3"],["status","resolved"],["outcome","` + secret + `"]]}`,
		`{"kind":14,"content":"{\"` + secret + `\":1,\"` + secret + `\":2}","tags":[["p","$S"]]}`,
	} {
		_, err := New().Read(message(t, rumor))
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("got error %v", err)
		}
	}
}

// TestOrderOf: the order that a tag names beats the one in the content.
func TestOrderOf(t *testing.T) {
	for tag, want := range map[string]string{
		``:                             "A []",
		`,["order",""]`:                "A []",
		`,["order","A"]`:               "A []",
		`,["order","B"]`:               "B [content-mismatch]",
		`,["order","B"],["order","A"]`: "!bad-order-id",
	} {
		for _, content := range []string{`{\"type\":\"cancel\",\"intentId\":\"A\"}`, `{\"type\":1,\"id\":\"A\",\"payment_options\":[]}`, `{\"type\":2,\"id\":\"A\",\"status\":\"cancelled\"}`} {
			sts, err := New().Read(message(t, `{"kind":14,"content":"`+content+`","tags":[["p","$S"]`+tag+`]}`))
			got := "!" + Reason(err)
			if err == nil {
				got = fmt.Sprint(sts[0].OrderID, " ", sts[0].Flags)
			}
			if got != want {
				t.Errorf("%s %s: got %s, want %s", tag, content, got, want)
			}
		}
	}
	sts, err := New().Read(message(t, `{"kind":14,"content":"{\"type\":\"cancel\"}","tags":[["p","$S"],["order","A"]]}`))
	if err != nil || sts[0].OrderID != "A" || len(sts[0].Flags) > 0 {
		t.Errorf("in the tag alone: got %+v, %v", sts, err)
	}
}
