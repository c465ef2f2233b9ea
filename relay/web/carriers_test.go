package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestTrackingPage(t *testing.T) {
	for _, tt := range []struct{ carrier, number, want string }{
		{"CTT", "RF418823604PT", "https://www.ctt.pt/feapl_2/app/open/objectSearch/objectSearch.jspx?objects=RF418823604PT"},
		{"royal-mail", "AB 1234 5678 9GB", "https://www.royalmail.com/track-your-item#/tracking-results/AB123456789GB"},
		{"  D.H.L. ", "00340434161094042557", "https://www.dhl.de/en/privatkunden/pakete-empfangen/verfolgen.html?piececode=00340434161094042557"},
		{"USPS", "9400/1", "https://tools.usps.com/go/TrackConfirmAction?tLabels=9400%2F1"},
		{"by a friend", "RF418823604PT", ""},
		{"", "RF418823604PT", ""},
		{"DHL", "", ""},
		{"DHL", "javascript:alert(1)", ""},
		{"DHL", `1"><script>`, ""},
		{"DHL", "12345&piececode=6", ""},
		{"DHL", strings.Repeat("1", 61), ""},
	} {
		if got := trackingPage(tt.carrier, tt.number); got != tt.want {
			t.Errorf("%q, %q: got %q", tt.carrier, tt.number, got)
		}
	}
}

func TestCarriers(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range carriers {
		if u, err := url.Parse(c.page); err != nil || u.Scheme != "https" || strings.Count(c.page, "{}") != 1 {
			t.Errorf("%s: %v", c.page, err)
		}
		for _, name := range c.names {
			if seen[name] || notInName.ReplaceAllString(strings.ToLower(name), "") != name {
				t.Errorf("%s cannot be found", name)
			}
			seen[name] = true
		}
	}
	for _, name := range couriers {
		if trackingPage(name, "RF418823604PT") == "" {
			t.Errorf("a form proposes %s, and there is no page of its", name)
		}
	}
}
