package dialect

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/waybill-relay/waybill/orders"
)

// The tokens of NUT-00: 10 sats of one mint in the old form, 1 and 3 sats of
// another in the new one.
const (
	nut00A = "cashuAeyJ0b2tlbiI6W3sibWludCI6Imh0dHBzOi8vODMzMy5zcGFjZTozMzM4IiwicHJvb2ZzIjpbeyJhbW91bnQiOjIsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6IjQwNzkxNWJjMjEyYmU2MWE3N2UzZTZkMmFlYjRjNzI3OTgwYmRhNTFjZDA2YTZhZmMyOWUyODYxNzY4YTc4MzciLCJDIjoiMDJiYzkwOTc5OTdkODFhZmIyY2M3MzQ2YjVlNDM0NWE5MzQ2YmQyYTUwNmViNzk1ODU5OGE3MmYwY2Y4NTE2M2VhIn0seyJhbW91bnQiOjgsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6ImZlMTUxMDkzMTRlNjFkNzc1NmIwZjhlZTBmMjNhNjI0YWNhYTNmNGUwNDJmNjE0MzNjNzI4YzcwNTdiOTMxYmUiLCJDIjoiMDI5ZThlNTA1MGI4OTBhN2Q2YzA5NjhkYjE2YmMxZDVkNWZhMDQwZWExZGUyODRmNmVjNjlkNjEyOTlmNjcxMDU5In1dfV0sInVuaXQiOiJzYXQiLCJtZW1vIjoiVGhhbmsgeW91LiJ9"
	nut00B = "cashuBo2F0gqJhaUgA_9SLj17PgGFwgaNhYQFhc3hAYWNjMTI0MzVlN2I4NDg0YzNjZjE4NTAxNDkyMThhZjkwZjcxNmE1MmJmNGE1ZWQzNDdlNDhlY2MxM2Y3NzM4OGFjWCECRFODGd5IXVW-07KaZCvuWHk3WrnnpiDhHki6SCQh88-iYWlIAK0mjE0fWCZhcIKjYWECYXN4QDEzMjNkM2Q0NzA3YTU4YWQyZTIzYWRhNGU5ZjFmNDlmNWE1YjRhYzdiNzA4ZWIwZDYxZjczOGY0ODMwN2U4ZWVhY1ghAjRWqhENhLSsdHrr2Cw7AFrKUL9Ffr1XN6RBT6w659lNo2FhAWFzeEA1NmJjYmNiYjdjYzY0MDZiM2ZhNWQ1N2QyMTc0ZjRlZmY4YjQ0MDJiMTc2OTI2ZDNhNTdkM2MzZGNiYjU5ZDU3YWNYIQJzEpxXGeWZN5qXSmJjY8MzxWyvwObQGr5G1YCCgHicY2FtdWh0dHA6Ly9sb2NhbGhvc3Q6MzMzOGF1Y3NhdA"
)

// testToken makes a token in the new form.
func testToken(mint, unit string, amounts ...uint64) string {
	var proofs []map[string]any
	for _, n := range amounts {
		proofs = append(proofs, map[string]any{"a": n, "s": strings.Repeat("5", 64), "c": make([]byte, 33)})
	}
	raw, err := cbor.Marshal(map[string]any{"m": mint, "u": unit, "t": []any{map[string]any{"i": []byte{0, 1}, "p": proofs}}})
	if err != nil {
		panic(err)
	}
	return "cashuB" + base64.RawURLEncoding.EncodeToString(raw)
}

func TestParseToken(t *testing.T) {
	many := make([]uint64, maxProofs+1)
	old := func(json string) string { return "cashuA" + base64.URLEncoding.EncodeToString([]byte(json)) }
	for name, tt := range map[string]struct{ token, want string }{ // want: mint and sats, "" for no token
		"NUT-00, old":           {nut00A, "https://8333.space:3338 10"},
		"NUT-00, new":           {nut00B, "http://localhost:3338 4"},
		"of our own":            {testToken("https://Mint.example/Bitcoin?x=secret", "sat", 1, 2, 4), "https://mint.example/Bitcoin 7"},
		"padded":                {nut00B + "=", "http://localhost:3338 4"},
		"in the other alphabet": {"cashuB" + strings.NewReplacer("-", "+", "_", "/").Replace(nut00B[6:]), "http://localhost:3338 4"},
		"of dollars":            {testToken("https://mint.example", "usd", 100), "https://mint.example -"},
		"of more than there is": {testToken("https://mint.example", "sat", 1<<63, 1<<63), "https://mint.example -"},
		"of two mints":          {old(`{"token":[{"mint":"https://a.example","proofs":[{"amount":1}]},{"mint":"https://b.example","proofs":[{"amount":2}]}]}`), " 3"},
		"of no whole amount":    {old(`{"token":[{"mint":"https://a.example","proofs":[{"amount":1.5}]}],"unit":"sat"}`), "https://a.example -"},
		"without proofs":        {testToken("https://mint.example", "sat"), ""},
		"of too many proofs":    {testToken("https://mint.example", "sat", many...), ""},
		"no base64":             {"cashuB%%%%", ""},
		"no CBOR":               {"cashuBAAAA", ""},
		"no JSON":               {old(`{"token":`), ""},
		"an unknown form":       {"cashuC" + nut00B[6:], ""},
		"cut":                   {nut00B[:len(nut00B)-20], ""},
		"too long":              {"cashuA" + strings.Repeat("A", maxToken), ""},
		"empty":                 {"", ""},
		"a word":                {"cashuA", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if e, ok := parseToken(tt.token); ok {
				sats := "-"
				if e.sats != nil {
					sats = fmt.Sprint(*e.sats)
				}
				got = e.mint + " " + sats
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzToken(f *testing.F) {
	f.Add(nut00A[6:], true)
	f.Add(nut00B[6:], false)
	f.Fuzz(func(t *testing.T, body string, old bool) {
		form := "cashuB"
		if old {
			form = "cashuA"
		}
		e, ok := parseToken(form + body)
		if ok && (e.sats != nil && (*e.sats < 0 || *e.sats > orders.MaxSats) || len(e.mint) > maxAddress) {
			t.Errorf("got %+v", e)
		}
	})
}
