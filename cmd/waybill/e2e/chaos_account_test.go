//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// An account is what a market's clients were answered.
type account struct {
	mu      sync.Mutex
	acked   []string        // ids that were answered OK true
	latency []time.Duration // of those answers
	refused map[string]int  // reason → how often
	gone    int             // connections that were lost before an answer
	orders  []*played       // whose every message was acknowledged
	deleted int             // wraps that their recipients deleted
}

func (a *account) taken(id string, after time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.acked, a.latency = append(a.acked, id), append(a.latency, after)
}

func (a *account) refusedFor(reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused == nil {
		a.refused = map[string]int{}
	}
	a.refused[reason]++
}

func (a *account) lost() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone++
}

func (a *account) finished(p *played) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.orders = append(a.orders, p)
}

func (a *account) erased(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deleted += n
}

// count is how many events were answered OK true so far.
func (a *account) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.acked)
}

// quantile is the latency below which that part of the answers came.
func (a *account) quantile(part float64) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.latency) == 0 {
		return 0
	}
	all := slices.Sorted(slices.Values(a.latency))
	return all[min(len(all)-1, int(part*float64(len(all))))].Round(10 * time.Microsecond)
}

// refusals lists the reasons, and how often each was given.
func (a *account) refusals() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(a.refused)) {
		all = append(all, fmt.Sprintf("%d × %q", a.refused[reason], reason))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
