package main

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// views remember which orders their buyers have looked at, by whichever way: that
// somebody did, and not who.
type views struct {
	ledger *ledger.Ledger
	first  func() // a buyer has looked in time, for the first time
	log    zerolog.Logger

	mu      sync.Mutex
	pending map[string]look // by intent id: not written down yet
	known   map[string]bool // intent ids that need not be written down again
}

type look struct {
	at   int64 // ms
	late bool  // more than orders.EngagedWithin after the order began
}

const (
	// viewsEvery is how long a look may wait to be written down: a crash loses it.
	viewsEvery = 5 * time.Second
	// mostViews bounds each of the two maps. What does not fit is asked of the ledger again.
	mostViews = 10_000
)

func newViews(l *ledger.Ledger, first func(), log zerolog.Logger) *views {
	return &views{ledger: l, first: first, log: log, pending: map[string]look{}, known: map[string]bool{}}
}

// Viewed says that reader (hex) was shown the order. It does not wait, and counts
// the order's buyer only.
func (v *views) Viewed(o *orders.Order, reader string) {
	if o.Role(reader) != orders.Buyer {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, waits := v.pending[o.IntentID]; waits || v.known[o.IntentID] || len(v.pending) >= mostViews {
		return
	}
	now := time.Now().UnixMilli()
	v.pending[o.IntentID] = look{at: now, late: now-o.CreatedTimestamp > orders.EngagedWithin}
}

// run writes the looks down until ctx ends.
func (v *views) run(ctx context.Context) error {
	tick := time.NewTicker(viewsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.write(ctx)
		case <-ctx.Done():
			v.write(context.WithoutCancel(ctx))
			return nil
		}
	}
}

func (v *views) write(ctx context.Context) {
	v.mu.Lock()
	pending := v.pending
	v.pending = map[string]look{}
	v.mu.Unlock()
	seen := make(map[string]int64, len(pending))
	for id, l := range pending {
		seen[id] = l.at
	}
	fresh, err := v.ledger.View(ctx, seen)
	if err != nil {
		v.log.Error().Err(err).Msg("which orders were looked at could not be written down")
		return
	}
	for _, id := range fresh {
		if !pending[id].late {
			v.first()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known)+len(pending) > mostViews {
		clear(v.known)
	}
	for id := range pending {
		v.known[id] = true
	}
}
