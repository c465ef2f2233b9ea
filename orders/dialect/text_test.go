package dialect

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, tt := range freeText {
		t.Run(tt.name, func(t *testing.T) { tt.check(t, Text) })
	}
}

// Chat messages of no other dialect.
var freeText = []reading{
	{"words",
		`{"kind":14,"content":"when does it ship?","tags":[["p","$S"]]}`,
		`{"Verb":"note"}`},
	{"quoted order id",
		`{"kind":14,"content":"about pi_b1b1b1b1_1760000000123: when?","tags":[["p","$S"]]}`,
		`{"Verb":"note","Ref":"pi_b1b1b1b1_1760000000123"}`},
	{"subject is an id",
		`{"kind":14,"content":"when?","tags":[["p","$S"],["subject","A-100"]]}`,
		`{"Verb":"note","Ref":"A-100"}`},
	{"subject is an address",
		`{"kind":14,"content":"when?","tags":[["p","$S"],["subject","ana1@b.example"]]}`,
		`{"Verb":"note"}`},
	{"subject is a phone number",
		`{"kind":14,"content":"when?","tags":[["p","$S"],["subject","tel:351-912-345-678"]]}`,
		`{"Verb":"note"}`},
	{"announced order id",
		`{"kind":14,"content":"About Order ID: (A-100), when?","tags":[["p","$S"],["subject","B-1"]]}`,
		`{"Verb":"note","Ref":"A-100"}`},
	{"announced by a number sign",
		`{"kind":14,"content":"where is my order #7b0e7c4a-12f0-4f0e-9a57-3c6f1d1f8a11?","tags":[["p","$S"]]}`,
		`{"Verb":"note","Ref":"7b0e7c4a-12f0-4f0e-9a57-3c6f1d1f8a11"}`},
	{"announced by no.",
		`{"kind":14,"content":"ORDER NO. ord_12.","tags":[["p","$S"]]}`,
		`{"Verb":"note","Ref":"ord_12"}`},
	{"the first that looks like an id",
		`{"kind":14,"content":"order #one, order # ana1@b.example, order #5550100, order id: a/1, Order ID:deadbeefcafebabe","tags":[["p","$S"]]}`,
		`{"Verb":"note","Ref":"deadbeefcafebabe","Flags":["holds-address"]}`},
	{"announced at the end of the part that is searched",
		`{"kind":14,"content":"` + strings.Repeat("x ", maxSearched/2-6) + `order #A-100","tags":[["p","$S"]]}`,
		`{"Verb":"note","Ref":"A-100"}`},
	{"announced across that end",
		`{"kind":14,"content":"` + strings.Repeat("x ", maxSearched/2-5) + `order #A-100-and-on","tags":[["p","$S"]]}`,
		`{"Verb":"note"}`},
	{"no announcement",
		`{"kind":14,"content":"in order to2, border #A1, order no problem1","tags":[["p","$S"]]}`,
		`{"Verb":"note"}`},
	{"subject is an example",
		`{"kind":14,"content":"when?","tags":[["p","$S"],["subject","order-info"]]}`,
		`{"Verb":"note"}`},
	{"subject is words",
		`{"kind":14,"content":"when?","tags":[["p","$S"],["subject","My order"]]}`,
		`{"Verb":"note"}`},
	{"invoice",
		`{"kind":14,"pubkey":"$S","content":"Hi! Please pay ($I), thanks","tags":[["p","$B"]]}`,
		`{"Verb":"request","Hint":true,"Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I"}}`},
	{"invoice behind a colon",
		`{"kind":14,"pubkey":"$S","content":"Invoice:$I.","tags":[["p","$B"]]}`,
		`{"Verb":"request","Hint":true,"Public":{"amount":250000,"medium":"lightning","paymentHash":"$H","expiry":1496314718000},"Private":{"paymentLink":"$I"}}`},
	{"broken invoice",
		`{"kind":14,"pubkey":"$S","content":"Please pay $Ix","tags":[["p","$B"]]}`,
		`{"Verb":"note"}`},
	{"BIP-21",
		`{"kind":14,"pubkey":"$S","content":"bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.0005 for pi_b1b1b1b1_1760000000123","tags":[["p","$B"]]}`,
		`{"Verb":"request","Ref":"pi_b1b1b1b1_1760000000123","Hint":true,"Public":{"amount":50000,"medium":"bitcoin"},"Private":{"paymentLink":"bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.0005"}}`},
	{"bare address is no link",
		`{"kind":14,"pubkey":"$S","content":"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4","tags":[["p","$B"]]}`,
		`{"Verb":"note","Flags":["holds-address"]}`},
	{"LNURL",
		`{"kind":14,"pubkey":"$S","content":"LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCRVWFNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS","tags":[["p","$B"]]}`,
		`{"Verb":"request","Hint":true,"Public":{"medium":"lightning"},"Private":{"paymentLink":"LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCRVWFNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS"}}`},
	{"ninth try is not made",
		`{"kind":14,"pubkey":"$S","content":"lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq lnbcqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq $I","tags":[["p","$B"]]}`,
		`{"Verb":"note"}`},
	{"JSON of another client",
		`{"kind":14,"content":"{\"type\": \"other_order\", \"orderId\": \"1\", \"link\": \"$I\"}","tags":[["p","$S"]]}`,
		`{"Verb":"note"}`},
	{"no JSON after all",
		`{"kind":14,"content":"{curly} words","tags":[["p","$S"]]}`,
		`{"Verb":"note"}`},
	{"order id line without the form",
		`{"kind":14,"pubkey":"$S","content":"Order ID: pi_b1b1b1b1_1760000000123\nshipped today","tags":[["p","$B"]]}`,
		`{"Verb":"note","Ref":"pi_b1b1b1b1_1760000000123"}`},
}

// TestIsLikeID: what else stands in the place of an id must not stand in the clear.
func TestIsLikeID(t *testing.T) {
	for s, want := range map[string]bool{
		"A-100": true, "ord_12": true, "7b0e": true, "pi_b1b1b1b1_1760000000123": true, "order-1760000000": true,
		"7b0e7c4a-12f0-4f0e-9a57-3c6f1d1f8a11": true, "deadbeefcafebabe": true, rumorID: true, "a:1.2": true,
		"": false, "hello": false, "deadbeefcafebab": false, "100": false, "5555-0100": false, "4111111111111111": false,
		"ana1@b.example": false, "https://b.example/1": false, "a/1": false, "a 1": false, "+351912345678": false, "é1": false,
		"tel:351912345678": false, "whatsapp-351-912-345-678": false, "555-010-0200x12": false, "Phone5550100": false,
		"a1" + strings.Repeat("b", maxShort): false,
	} {
		if got := isLikeID(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

func TestWord(t *testing.T) {
	for s, want := range map[string]string{
		"quality-check": "quality-check", "Step_2": "Step_2", "day12345": "day12345",
		"": "", "day123456": "", "5550100": "", "2nd": "", "-x": "", "_x": "", "two words": "", "a@b": "",
		strings.Repeat("x", maxKey+1): "",
	} {
		if got := word(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
