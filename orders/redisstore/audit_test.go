package redisstore_test

import (
	"encoding/json"
	"testing"

	"github.com/waybill-relay/waybill/orders/redisstore"
)

func TestDiff(t *testing.T) {
	type m = map[string]any
	got := m{
		"orders:a":         m{"version": "1", "status": "paid", "data": m{"status": "paid", "version": json.Number("9007199254740993")}},
		"{orders:a}:boxes": m{"f0": "sealed one"},
		"orders_index":     map[string]float64{"a": 1_760_011_200_000, "b": 2},
		"orders:b":         "(string)",
		"orders:c":         "(list)",
		"orders:theirs":    m{"status": "paid"},
		"orders:same":      m{"status": "paid", "version": "1"},
	}
	want := m{
		"orders:a":         m{"version": "1", "status": "shipped", "data": m{"status": "shipped", "version": json.Number("9007199254740992")}},
		"{orders:a}:boxes": m{"f0": "sealed two"},
		"orders_index":     map[string]float64{"a": 1_760_011_200_001},
		"orders:c":         m{"status": "paid", "version": "1"},
		"orders:d":         m{"status": "paid", "version": "1"},
		"orders:same":      m{"status": "paid", "version": "1"},
	}
	var lines []string
	for _, d := range redisstore.Diff(got, want) {
		lines = append(lines, d.String())
	}
	same(t, "differences", lines, []string{
		`orders:a data.status: got "paid", want "shipped"`,
		`orders:a data.version: got 9007199254740993, want 9007199254740992`,
		`orders:a status: got "paid", want "shipped"`,
		`orders:b holds another type: it is not Waybill's, move it away`,
		`orders:c holds another type: it is not Waybill's, move it away; it is in the way of a hash of 2 fields`,
		`orders:d: got nothing, want a hash of 2 fields`,
		`orders:theirs is a hash that Waybill did not write, move it away`,
		`orders_index a: got 1760011200000, want 1760011200001`,
		`orders_index b: got 2, want nothing`,
		`{orders:a}:boxes f0: got sha256:e2655040ba2d8540, want sha256:df6b8053cb597b88`,
	})
}
