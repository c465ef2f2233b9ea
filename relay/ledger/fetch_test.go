package ledger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// TestQueryHoldsLittle: what is erased while the reader has the first event shows
// how many more were read along with it.
func TestQueryHoldsLittle(t *testing.T) {
	for name, c := range map[string]struct {
		sizes []int // kB, the newest first
		want  int   // events that were read at first
	}{
		"small":                 {[]int{1, 1, 1, 1}, 4},
		"large":                 {[]int{200, 200, 200, 200}, 2},
		"the first is no limit": {[]int{500, 100, 100, 100}, 3},
		"all too large":         {[]int{500, 500, 500}, 1},
		"in umlauts":            {[]int{1, -100, -100}, 2}, // two bytes each
	} {
		l := open(t)
		for i, kb := range c.sizes {
			evt := wrap(fmt.Sprint(i), bob, int64(100-i))
			evt.Content = strings.Repeat("x", max(kb, 0)*1000) + strings.Repeat("ü", max(-kb, 0)*1000)
			arrive(t, l, arrival(evt, bob), Stored)
		}
		n := 0
		for _, err := range l.Query(t.Context(), nostr.Filter{Kinds: []int{1059}}, bob, 100) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 1 {
				err := l.writes.submit(t.Context(), func(x *tx) error { _, err := x.exec("DELETE FROM events"); return err })
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if n != c.want {
			t.Errorf("%s: %d events were read at once, want %d", name, n, c.want)
		}
	}
}
