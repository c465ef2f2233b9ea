package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/waybill-relay/waybill/orders"
)

// A health asks several probes at once. Whatever they do, ask returns in time,
// and no probe runs twice at the same moment.
type health struct {
	probes []*probe
	within time.Duration // for every probe

	asking singleflight.Group
	mu     sync.Mutex
	last   diagnosis
	asked  time.Time
}

// A probe looks at one thing. ask says in a few words how it is; an error says
// what is wrong, in words fit for everybody who reaches the admin listener.
type probe struct {
	name string
	ask  func(context.Context) (detail string, err error)
	busy atomic.Bool
}

// A diagnosis is the body of /readyz.
type diagnosis struct {
	Ready  bool             `json:"ready"`
	Checks map[string]state `json:"checks"`
}

type state struct {
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	late   bool   // it was given up for its time was over
}

const (
	// probeWithin is what a monitor waits for at most.
	probeWithin = 2 * time.Second
	// freshFor is how long a diagnosis stands: many who ask cost as much as one.
	freshFor = 500 * time.Millisecond
)

func newHealth(within time.Duration, probes ...*probe) *health {
	return &health{probes: probes, within: within}
}

// ask returns the last diagnosis while it is fresh, else a new one.
func (h *health) ask() diagnosis {
	h.mu.Lock()
	last, asked := h.last, h.asked
	h.mu.Unlock()
	if !asked.IsZero() && time.Since(asked) < freshFor {
		return last
	}
	v, _, _ := h.asking.Do("", func() (any, error) {
		d := h.examine()
		h.mu.Lock()
		h.last, h.asked = d, time.Now()
		h.mu.Unlock()
		return d, nil
	})
	return v.(diagnosis)
}

func (h *health) examine() diagnosis {
	ctx, cancel := context.WithTimeout(context.Background(), h.within)
	defer cancel()
	states := make([]chan state, len(h.probes))
	for i, p := range h.probes {
		states[i] = p.begin(ctx)
	}
	d := diagnosis{Ready: true, Checks: map[string]state{}}
	for i, p := range h.probes {
		s := h.silence()
		select {
		case s = <-states[i]:
		case <-ctx.Done():
			select { // both may be ready
			case s = <-states[i]:
			default:
			}
		}
		if s.late {
			s = h.silence()
		}
		d.Checks[p.name] = s
		d.Ready = d.Ready && s.OK
	}
	return d
}

func (h *health) silence() state {
	return state{Detail: fmt.Sprintf("no answer within %v", h.within)}
}

// begin asks without waiting. A probe that still hangs from before is not asked
// again, and has nothing to say.
func (p *probe) begin(ctx context.Context) chan state {
	said := make(chan state, 1)
	if !p.busy.CompareAndSwap(false, true) {
		return said
	}
	go func() {
		defer p.busy.Store(false)
		detail, err := p.ask(ctx)
		var coded *orders.Error
		switch {
		case err == nil:
			said <- state{OK: true, Detail: detail}
		case ctx.Err() != nil:
			said <- state{late: true}
		case errors.As(err, &coded):
			said <- state{Detail: coded.Message}
		default:
			said <- state{Detail: err.Error()}
		}
	}()
	return said
}
