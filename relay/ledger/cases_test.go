package ledger

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

func TestCases(t *testing.T) {
	l := open(t)
	for i, id := range []string{"o-1", "o-2", "o-3"} {
		arrive(t, l, arrival(wrap(id, bob, 1), bob, fact(id, orders.Intent, alice, bob, id, int64(1000+i))), Stored)
	}
	admin, other := carol, "dd"
	take := func(id, who, from string, at int64, want orders.Code) {
		t.Helper()
		if err := l.TakeCase(t.Context(), id, who, from, at); orders.ErrorCode(err) != want {
			t.Errorf("%.2s takes %s from %.2q: got %v, want %q", who, id, from, err, want)
		}
	}
	cases := func(l *Ledger, want map[string]orders.Case) {
		t.Helper()
		got, err := l.Cases(t.Context(), []string{"o-1", "o-2", "o-3", "o-4", `"'`})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Cases: %v (-want +got):\n%s", err, diff)
		}
	}
	take("o-1", admin, "", 5, "")
	take("o-1", other, "", 6, orders.ECONFLICT) // did not see that it was taken meanwhile
	take("o-1", admin, "", 7, "")
	take("o-2", admin, "", 8, "")
	take("o-2", other, admin, 9, "")
	take("o-2", admin, admin, 10, orders.ECONFLICT)
	take("o-3", admin, "", 11, "")
	take("o-4", admin, "", 12, orders.ENOTFOUND)
	cases(l, map[string]orders.Case{"o-1": {Admin: admin, TakenAt: 7}, "o-2": {Admin: other, TakenAt: 9}, "o-3": {Admin: admin, TakenAt: 11}})

	for _, id := range []string{"o-2", "o-3", "o-4"} { // the first is another's
		if err := l.ReleaseCase(t.Context(), id, admin); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]orders.Case{"o-1": {Admin: admin, TakenAt: 7}, "o-2": {Admin: other, TakenAt: 9}}
	cases(l, want)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := l.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	saved, err := OpenReadOnly(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	cases(saved, want)

	last, err := l.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Retire(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-2"}, 1, last); err != nil {
		t.Fatal(err)
	}
	take("o-2", admin, "", 13, orders.ENOTFOUND)
	cases(l, map[string]orders.Case{"o-1": {Admin: admin, TakenAt: 7}})
	if _, err := l.Vanish(t.Context(), event("v", KindVanish, admin, 2, nostr.Tag{"relay", "ALL_RELAYS"}), 3000); err != nil {
		t.Fatal(err)
	}
	cases(l, map[string]orders.Case{})
	if plan := planOf(t, l, queryCases, "[]"); !strings.Contains(plan, "SEARCH c USING PRIMARY KEY") {
		t.Errorf("who took disputes is looked for one by one:\n%s", plan)
	}
}
