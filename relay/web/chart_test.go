package web

import (
	"slices"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

func TestTopOf(t *testing.T) {
	for most, want := range map[int64]int64{0: 2, 1: 2, 2: 2, 3: 4, 10: 10, 11: 20, 99: 100, 101: 200, 4001: 6000, orders.MaxSats: 4_000_000_000_000_000} {
		if got := topOf([]int64{0, most, -1}); got != want {
			t.Errorf("%d: got %d, want %d", most, got, want)
		}
	}
}

func TestBarsOf(t *testing.T) {
	got := barsOf([]int64{0, 1, 50, 100}, 100)
	want := []Bar{{1.5, 100, 7, 0}, {11.5, 99, 7, 1}, {21.5, 50, 7, 50}, {31.5, 0, 7, 100}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := barsOf([]int64{1, orders.MaxSats}, orders.MaxSats); got[0].Height != leastHeight {
		t.Errorf("what is not nothing is not seen: %v", got)
	}
}

func TestSparkOf(t *testing.T) {
	for want, values := range map[string][]int64{"": {5}, "M0 23L100 1": {0, 5}, "M0 23L50 23L100 23": {0, 0, 0}, "M0 12L33.33 1L66.67 12L100 23": {1, 2, 1, 0}} {
		if got := sparkOf(values); got != want {
			t.Errorf("%v: got %q, want %q", values, got, want)
		}
	}
}

func TestLasting(t *testing.T) {
	const minute = 60_000
	for ms, want := range map[int64]Lasting{
		0: {"minutes", 0, 0}, 29_999: {"minutes", 0, 0}, 30_000: {"minutes", 1, 0}, 59 * minute: {"minutes", 59, 0}, 60 * minute: {"hours", 1, 0},
		61 * minute: {"hours", 1, 1}, 24*60*minute - 1: {"days", 1, 0}, 49 * 60 * minute: {"days", 2, 1},
	} {
		if got := lasting(ms); got != want {
			t.Errorf("%d: got %v, want %v", ms, got, want)
		}
	}
}
