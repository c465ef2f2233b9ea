// Package live tells who follows orders what has changed: from which point on
// somebody has missed something, and then whatever comes, once the order indexes
// have it. It reads the ledger and decides nothing: what a reader may see is for
// package orders.
package live

import (
	"context"
	"sync"
)

// Progress is how far the order indexes have come. The tracker sets it, and others
// wait for it. The zero value is usable.
type Progress struct {
	mu      sync.Mutex
	seq     int64
	changed chan struct{} // closed by the next Set; nil: nobody waits
}

// Set says that the order indexes are up to seq of the ledger.
func (p *Progress) Set(seq int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seq == seq {
		return
	}
	p.seq = seq
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Wait returns once the order indexes are up to seq; the error is ctx's.
func (p *Progress) Wait(ctx context.Context, seq int64) error {
	for {
		at, changed := p.at()
		if at >= seq {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// at is how far it is, and a channel that is closed when that is no longer so.
func (p *Progress) at() (int64, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.seq, p.changed
}
