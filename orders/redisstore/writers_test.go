package redisstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// testManyWriters: several processes project the same orders at once.
func testManyWriters(t *testing.T, e *engine) {
	var final []*orders.Order
	var states []*orders.Order
	for i := range 10 {
		for v := range int64(12) {
			o := order(fmt.Sprint("w", i), v, status(orders.Statuses[(int(v)+i)%7]), created(noon+v%3), roles(int(v)%2, 2),
				pays([]orders.Payment{orders.PaymentClaimed, orders.PaymentConfirmed, orders.PaymentNone}[v%3], v+1), boxes("f0"))
			if states = append(states, o); v == 11 {
				final = append(final, o)
			}
		}
	}
	var wg sync.WaitGroup
	for seed := range uint64(6) {
		wg.Go(func() {
			mine := slices.Clone(states)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			for batch := range slices.Chunk(mine, 9) {
				if err := e.Write(context.Background(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := e.other.Write(t.Context(), final); err != nil {
		t.Fatal(err)
	}
	e.foreignLess(t, e.otherRaw)
}
