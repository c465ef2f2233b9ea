package dialect

import "testing"

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
