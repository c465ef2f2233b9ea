package orders

import (
	"fmt"
	"testing"
)

// BenchmarkAlike folds an order in which one thing is said again and again within a
// second: eight times as many cost about eight times as much, and would cost 64 times if
// each were held against all before it.
func BenchmarkAlike(b *testing.B) {
	for _, n := range []int{2_000, 16_000} {
		facts := []Fact{says(ana, Intent, 0)}
		for i := range n {
			facts = append(facts, says(ana, Note, 1, id(fmt.Sprintf("%06d", i)), held, func(f *Fact) { f.Inboxes = []string{bob} }))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				fold(facts...)
			}
		})
	}
}
