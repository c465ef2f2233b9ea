package dialect

import "testing"

func TestMediumOf(t *testing.T) {
	for ref, want := range map[string]string{
		"":                            "",
		"lightning:bob@example.com":   "lightning",
		"bob@example.com":             "lightning",
		"cashuBo2F0":                  "ecash",
		"creqApW":                     "ecash",
		"LNBC10U1broken":              "lightning",
		"lntbs10u1broken":             "lightning",
		"lnbcrt10u1broken":            "lightning",
		"lnurl1broken":                "lightning",
		"lno1broken":                  "lightning",
		"bitcoin:broken":              "bitcoin",
		"lnx":                         "other",
		"https://pay.example.com/i/1": "other",
	} {
		if got := mediumOf(ref); got != want {
			t.Errorf("mediumOf(%q): got %q, want %q", ref, got, want)
		}
	}
}
