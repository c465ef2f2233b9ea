package orders

import (
	"fmt"
	"testing"
	"time"
)

// Who says one thing again and again within a second makes an order longer, and not each
// message as dear as all those before it: eight times as many cost about eight times as
// much, and by each pair of them it would be 64 times.
func TestAlikeMessagesCostNoSquare(t *testing.T) {
	cost := func(n int) time.Duration {
		facts := []Fact{says(ana, Intent, 0)}
		for i := range n {
			facts = append(facts, says(ana, Note, 1, id(fmt.Sprintf("%06d", i)), held, func(f *Fact) { f.Inboxes = []string{bob} }))
		}
		best := time.Hour
		for range 5 {
			begun := time.Now()
			fold(facts...)
			best = min(best, time.Since(begun))
		}
		return best
	}
	if few, many := cost(2_000), cost(16_000); many > 30*few {
		t.Errorf("2,000 took %s, and 16,000 %s", few, many)
	}
}
