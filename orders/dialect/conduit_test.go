package dialect

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// conduit is a message of Conduit's by one of the cast, with further tags.
func conduit(by, typ, tags, content string) string {
	other := "$S"
	if by == "$S" {
		other = "$B"
	}
	quoted, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	return `{"kind":16,"pubkey":"` + by + `","content":` + string(quoted) +
		`,"tags":[["p","` + other + `"],["type","` + typ + `"],["order","o-9"]` + tags + `]}`
}

// named is what the merchant's messages end with, as their content has it.
const named = `"orderId":"o-9","merchantPubkey":"$S","buyerPubkey":"$B","createdAt":1760000000123}`

func TestConduit(t *testing.T) {
	for _, tt := range slices.Concat(conduitMessages, conduitPayments, conduitOrders) {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, Conduit) })
	}
}

// Status, shipping and words, and what names others than it should.
var conduitMessages = []reading{
	{"status pending",
		conduit("$S", "status_update", `,["status","pending"]`, `{"status":"pending",`+named),
		`{"Verb":"note","OrderID":"o-9","Public":{"code":"pending"}}`},
	{"status invoiced",
		conduit("$S", "status_update", `,["status","invoiced"]`, `{"status":"invoiced",`+named),
		`{"Verb":"request","OrderID":"o-9"}`},
	{"status paid",
		conduit("$S", "status_update", `,["status","paid"]`, `{"status":"paid","note":"it has come",`+named),
		`{"Verb":"confirm","OrderID":"o-9","Private":{"note":"it has come"}}`},
	{"status complete",
		conduit("$S", "status_update", `,["status","complete"]`, `{"status":"complete",`+named),
		`{"Verb":"delivered","OrderID":"o-9","SellerDelivers":true}`},
	{"status delivered, in the content alone",
		conduit("$S", "status_update", ``, `{"status":"Delivered",`+named),
		`{"Verb":"delivered","OrderID":"o-9","SellerDelivers":true}`},
	{"status processing, by tags alone",
		conduit("$S", "status_update", `,["status","processing"]`, "we are at it"),
		`{"Verb":"process","OrderID":"o-9","Private":{"note":"we are at it"}}`},
	{"status cancelled",
		conduit("$S", "status_update", `,["status","cancelled"]`, `{"status":"cancelled","note":"sold out",`+named),
		`{"Verb":"cancel","OrderID":"o-9","Private":{"reason":"sold out"}}`},
	{"status in another client's spelling",
		conduit("$S", "status_update", `,["status","declined"]`, `{}`),
		`{"Verb":"cancel","OrderID":"o-9"}`},
	{"status refund_requested",
		conduit("$B", "status_update", `,["status","refund_requested"]`, `{"status":"refund_requested","note":"it is broken"}`),
		`{"Verb":"note","OrderID":"o-9","Public":{"code":"refund-requested"},"Private":{"note":"it is broken"}}`},
	{"status nobody knows",
		conduit("$S", "status_update", `,["status","quality_check"]`, `{"status":"quality_check",`+named),
		`{"Verb":"note","OrderID":"o-9","Public":{"code":"quality_check"},"Flags":["unknown-status"]}`},
	{"status of many words",
		conduit("$S", "status_update", `,["status","call me at 555 0100"]`, `{}`),
		`{"Verb":"note","OrderID":"o-9","Private":{"note":"call me at 555 0100"},"Flags":["unknown-status"]}`},
	{"two statuses",
		conduit("$S", "status_update", `,["status","paid"]`, `{"status":"cancelled",`+named),
		`{"Verb":"confirm","OrderID":"o-9","Flags":["content-mismatch"]}`},
	{"no status",
		conduit("$S", "status_update", ``, ``),
		`{"Verb":"note","OrderID":"o-9","Flags":["unknown-status"]}`},

	{"shipping",
		conduit("$S", "shipping_update", `,["tracking","1Z9"],["carrier","UPS"]`, `{"carrier":"UPS","trackingNumber":"1Z9","trackingUrl":"https://ups.example/1Z9?zip=4000","note":"ring twice",`+named),
		`{"Verb":"shipped","OrderID":"o-9","Public":{"tracking":"1Z9","carrier":"UPS"},"Private":{"note":"ring twice","reference":"https://ups.example/1Z9?zip=4000"}}`},
	{"shipping, in the content alone",
		conduit("$S", "shipping_update", ``, `{"carrier":"U\nPS","trackingNumber":"1Z9","trackingUrl":"javascript:alert(1)"}`),
		`{"Verb":"shipped","OrderID":"o-9","Public":{"tracking":"1Z9","carrier":"U PS"}}`},
	{"shipping, by tags alone",
		conduit("$S", "shipping_update", `,["carrier","UPS"]`, "on its way"),
		`{"Verb":"shipped","OrderID":"o-9","Public":{"carrier":"UPS"},"Private":{"note":"on its way"}}`},
	{"shipping with a status",
		conduit("$S", "shipping_update", `,["status","delivered"],["tracking","1Z9"]`, `{}`),
		`{"Verb":"delivered","OrderID":"o-9","SellerDelivers":true}`},
	{"shipping with two numbers",
		conduit("$S", "shipping_update", `,["tracking","1Z9"]`, `{"trackingNumber":"1Z8"}`),
		`{"Verb":"shipped","OrderID":"o-9","Public":{"tracking":"1Z9"},"Flags":["content-mismatch"]}`},

	{"receipt",
		conduit("$S", "receipt", ``, `{"note":"received with thanks",`+named),
		`{"Verb":"note","OrderID":"o-9","Public":{"code":"receipt"},"Private":{"note":"received with thanks"}}`},
	{"message of the buyer",
		conduit("$B", "message", ``, `{"note":"is it blue?",`+named),
		`{"Verb":"note","OrderID":"o-9","Private":{"note":"is it blue?"}}`},
	{"message of the merchant, in words",
		conduit("$S", "message", ``, "it is"),
		`{"Verb":"note","OrderID":"o-9","Private":{"note":"it is"}}`},

	{"another buyer in the content",
		conduit("$S", "status_update", `,["status","paid"]`, `{"merchantPubkey":"$S","buyerPubkey":"$X"}`),
		`{"Verb":"confirm","OrderID":"o-9","Flags":["content-mismatch"]}`},
	{"another merchant in the content",
		conduit("$S", "status_update", `,["status","paid"]`, `{"merchantPubkey":"$X","buyerPubkey":"$B"}`),
		`{"Verb":"confirm","OrderID":"o-9","Flags":["sender-mismatch"]}`},
	{"a message in another's name",
		conduit("$B", "message", ``, `{"note":"x","merchantPubkey":"$S","buyerPubkey":"$X"}`),
		`{"Verb":"note","OrderID":"o-9","Private":{"note":"x"},"Flags":["sender-mismatch"]}`},
	{"the parties the wrong way round",
		conduit("$B", "payment_proof", `,["rail","lightning"]`, `{"merchantPubkey":"$B","buyerPubkey":"$S"}`),
		`{"Verb":"paid","OrderID":"o-9","Public":{"medium":"lightning"},"Flags":["content-mismatch","sender-mismatch"]}`},
	{"another order in the content",
		conduit("$S", "status_update", `,["status","paid"]`, `{"orderId":"o-8"}`),
		`{"Verb":"confirm","OrderID":"o-9","Flags":["content-mismatch"]}`},
	{"two orders in the tags",
		conduit("$S", "status_update", `,["order","o-8"],["status","paid"]`, `{}`),
		`!bad-order-id`},
	{"a key twice",
		conduit("$S", "status_update", ``, `{"status":"paid","status":"cancelled"}`),
		`!bad-json`},
	{"a time that is none",
		conduit("$S", "status_update", `,["status","paid"]`, `{"createdAt":"soon"}`),
		`{"Verb":"confirm","OrderID":"o-9","Flags":["bad-time"]}`},
}

// The stamps, which no table of readings shows.
func TestConduitStamps(t *testing.T) {
	tests := []struct {
		typ, status          string
		acceptance, standing bool
	}{
		{"status_update", "accepted", true, false},
		{"status_update", "Processing", false, false},
		{"status_update", "shipped", false, true},
		{"shipping_update", "shipped", false, false},
		{"shipping_update", "", false, false},
	}
	for _, tt := range tests {
		sts, err := New().Read(message(t, conduit("$S", tt.typ, `,["status","`+tt.status+`"]`, `{}`)))
		if err != nil || sts[0].Acceptance != tt.acceptance || sts[0].Standing != tt.standing {
			t.Errorf("%s %s: got %+v, error %v", tt.typ, tt.status, sts, err)
		}
		if accepted := sts[0].Code == "accepted"; accepted != tt.acceptance {
			t.Errorf("%s %s: code %q", tt.typ, tt.status, sts[0].Code)
		}
	}
}

// The content has the milliseconds of the moment in which the rumor was made; a
// proof that is sent again has the rumor's time of the zap.
func TestConduitTime(t *testing.T) {
	for createdAt, want := range map[string]int64{
		"1760000000123": 1760000000123, "1759999999950": 1759999999950, "1760000001001": 1760000001001,
		"1760000000": 1760000000000, "1760000300000": 1760000000000, "1": 1760000000000,
	} {
		sts, err := New().Read(message(t, conduit("$S", "message", ``, `{"note":"x","createdAt":`+createdAt+`}`)))
		if err != nil || sts[0].At != want || len(sts[0].Flags) > 0 {
			t.Errorf("%s: got %+v, error %v, want %d", createdAt, sts, err, want)
		}
	}
}

// What a merchant notes on a guest goes to himself alone, and may name nobody else.
func TestConduitRecords(t *testing.T) {
	rumor := conduit("$S", "status_update", `,["status","paid"]`, `{"status":"paid",`+named)
	m := message(t, rumor)
	sts, err := New().Read(m)
	if err != nil || m.Owner != seller || len(sts[0].Parties) != 2 || sts[0].Trust != orders.Bound {
		t.Errorf("addressed to the guest: got %+v, error %v", sts, err)
	}
	m.Rumor.Tags[0][1] = seller
	sts, err = New().Read(m)
	if err != nil || len(sts[0].Parties) != 1 || sts[0].OrderID != "o-9" || len(sts[0].Flags) > 0 {
		t.Errorf("addressed to himself: got %+v, error %v", sts, err)
	}
}
