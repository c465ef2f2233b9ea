package relay

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// An inflow counts what comes for each recipient: so many in a burst, and as many
// again in every hour. It forgets those for whom nothing came for long.
type inflow struct {
	mu      sync.Mutex
	perHour int
	of      *lru.Cache[string, *rate.Limiter]
}

// inflowRecipients bounds the memory of an inflow, to some megabytes.
const inflowRecipients = 20_000

func newInflow() *inflow {
	of, err := lru.New[string, *rate.Limiter](inflowRecipients)
	if err != nil {
		panic(err) // the size is above 0
	}
	return &inflow{of: of}
}

// setPerHour changes how many are let through; 0 lets all. Another number makes
// everybody begin anew.
func (f *inflow) setPerHour(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.perHour != n {
		f.perHour = n
		f.of.Purge()
	}
}

// admit counts one more for recipient; false where it is one too many.
func (f *inflow) admit(recipient string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.perHour <= 0 {
		return true
	}
	limiter, ok := f.of.Get(recipient)
	if !ok {
		limiter = rate.NewLimiter(rate.Every(time.Hour/time.Duration(f.perHour)), f.perHour)
		f.of.Add(recipient, limiter)
	}
	return limiter.AllowN(now, 1)
}
