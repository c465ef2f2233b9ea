package relay

import (
	"context"
	"sync"
)

// A gate counts what is being accepted and can be closed: then nothing more is
// let in, and who closed it learns when the last one is through. (A WaitGroup
// must not be added to while somebody waits.)
type gate struct {
	mu     sync.Mutex
	inside int
	empty  chan struct{} // made by shut; closed once nobody is inside
}

// enter lets one in; false where the gate is shut.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty != nil {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.empty != nil {
		close(g.empty)
	}
}

// shut closes the gate and waits until everybody has left, or ctx ends.
func (g *gate) shut(ctx context.Context) {
	g.mu.Lock()
	if g.empty == nil {
		if g.empty = make(chan struct{}); g.inside == 0 {
			close(g.empty)
		}
	}
	empty := g.empty
	g.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}
