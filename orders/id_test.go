package orders

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEscapeID(t *testing.T) {
	for in, want := range map[string]string{
		"A-100":      "A-100",
		"":           "",
		"a b":        "a%20b",
		"{x}":        "%7Bx%7D",
		"50%":        "50%25",
		"a\x00b":     "a%00b",
		"é":          "%C3%A9",
		"pi_npub1_1": "pi_npub1_1",
		".":          "%2E",
		"..":         "%2E.",
		"...":        "...",
		"export":     "%65xport",
		"exports":    "exports",
	} {
		if got := EscapeID(in); got != want {
			t.Errorf("EscapeID(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestEscapedIDsAreSafeAndDistinct(t *testing.T) {
	safe := regexp.MustCompile(`^[A-Za-z0-9._:@+%-]{1,100}$`)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringN(1, 150, 400).Draw(t, "a")
		b := rapid.StringN(1, 150, 400).Draw(t, "b")
		if !safe.MatchString(EscapeID(a)) {
			t.Fatalf("EscapeID(%q) = %q", a, EscapeID(a))
		}
		if a != b && EscapeID(a) == EscapeID(b) {
			t.Fatalf("%q and %q are both %q", a, b, EscapeID(a))
		}
		if back, ok := UnescapeID(EscapeID(a)); ok && back != a {
			t.Fatalf("%q comes back as %q", a, back)
		}
	})
}

func TestIntentIDs(t *testing.T) {
	k := Key{PairOf(bob, ana), "A-1"}
	var got []string
	for id := range IntentIDs(k) {
		if got = append(got, id); len(got) == 3 {
			break
		}
	}
	form := regexp.MustCompile(`^A-1_[0-9a-f]{8}$`)
	if got[0] != "A-1" || !form.MatchString(got[1]) || !form.MatchString(got[2]) || got[1] == got[2] {
		t.Errorf("got %q", got)
	}
	other := Key{PairOf(ana, carol), "A-1"}
	for id := range IntentIDs(other) {
		if id == got[1] {
			t.Errorf("another pair is given %q too", id)
		}
		if strings.Contains(id, "_") {
			break
		}
	}
}
