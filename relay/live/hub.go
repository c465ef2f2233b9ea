package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
)

// Ledger is where changes are read (*ledger.Ledger).
type Ledger interface {
	orders.Source
	ID() string
	News(ctx context.Context, afterSeq int64, limit int) (facts []orders.Fact, marked []orders.Key, last int64, err error)
}

// A Hub tells streams what changes. Set the exported fields, and have Run run.
type Hub struct {
	Ledger   Ledger
	Orders   orders.Reader // what each reader may see, from the order indexes
	Admin    func(pubkey string) bool
	Progress *Progress
	Log      zerolog.Logger

	mu      sync.Mutex
	told    int64                           // streams know of everything up to this seq
	streams map[string]map[*Stream]struct{} // by reader (hex)
	count   int
	ended   bool

	replays sync.Mutex // one at a time: it is the dear part
}

const (
	// newsAtOnce is how much of the ledger is read in one step.
	newsAtOnce = 500
	// maxBehind is how many numbers of the ledger a reader may be behind, and be told
	// one by one what he missed. Beyond it he is told to look at everything anew.
	maxBehind = 2000
	// maxStreams is of everybody, maxStreamsOfReader of one: some tabs and devices.
	maxStreams, maxStreamsOfReader = 4096, 6
	// maxQueue is how much may wait for a slow reader before his stream ends.
	maxQueue = 256

	retryAfter = time.Second
)

// Run tells streams of what changes until ctx ends; then it ends them.
func (h *Hub) Run(ctx context.Context) error {
	defer h.end()
	for ctx.Err() == nil {
		seq, changed := h.Progress.at()
		more, err := h.step(ctx, seq)
		switch {
		case err != nil && ctx.Err() == nil:
			h.Log.Warn().Err(err).Msg("live updates are behind")
			wait(ctx, retryAfter)
		case !more:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// step tells of one batch of what has happened up to seq, which the order indexes
// have; more tells that there may be another.
func (h *Hub) step(ctx context.Context, seq int64) (more bool, err error) {
	h.mu.Lock()
	from := h.told
	if seq > from && h.count == 0 {
		h.told = seq // nobody listens
	}
	idle := h.told >= seq
	h.mu.Unlock()
	switch {
	case idle:
		return false, nil
	case seq-from > maxBehind:
		h.tell(seq, func(string) []Event { return []Event{reset("")} })
		return false, nil
	}
	touched, last, err := h.touched(ctx, from)
	if err != nil {
		return false, err
	}
	if last == from {
		last = seq
	}
	if last > seq {
		// Whoever hears of a change must find it.
		if err := h.Progress.Wait(ctx, last); err != nil {
			return false, err
		}
	}
	known := map[string][]Event{}
	for {
		unknown := h.readersBut(known)
		for _, reader := range unknown {
			if known[reader], err = h.events(ctx, reader, touched); err != nil {
				return false, err
			}
		}
		// Somebody may have come meanwhile.
		if len(unknown) == 0 && h.tell(last, func(reader string) []Event { return known[reader] }, known) {
			return true, nil
		}
	}
}

// readersBut are the readers with a stream who are not among known.
func (h *Hub) readersBut(known map[string][]Event) (readers []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for reader := range h.streams {
		if _, ok := known[reader]; !ok {
			readers = append(readers, reader)
		}
	}
	return readers
}

// tell hands everybody their events, after which they know of everything up to seq.
// Nobody is told anything, and it returns false, where somebody is not in one of the
// sets of readers.
func (h *Hub) tell(seq int64, of func(reader string) []Event, among ...map[string][]Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, known := range among {
		for reader := range h.streams {
			if _, ok := known[reader]; !ok {
				return false
			}
		}
	}
	for reader, streams := range h.streams {
		events := h.numbered(of(reader), seq)
		for s := range streams {
			if len(s.queue)+len(events) > cap(s.queue) {
				h.drop(s)
				continue
			}
			for _, e := range events {
				s.queue <- e
			}
		}
	}
	h.told = seq
	return true
}

// numbered gives the last of the events the id of that moment: whoever stops between
// two of them is told the first again.
func (h *Hub) numbered(events []Event, seq int64) []Event {
	if n := len(events); n > 0 {
		events = append(events[:n-1:n-1], Event{ID: h.id(seq), Name: events[n-1].Name, Data: events[n-1].Data})
	}
	return events
}

// id names a moment of this ledger: one that was restored from a backup is another.
func (h *Hub) id(seq int64) string { return fmt.Sprintf("%d-%.8s", seq, h.Ledger.ID()) }

// A touch is one order that may have changed, and what was said of it.
type touch struct {
	key   orders.Key
	verbs []orders.Verb
}

// touched reads what happened to which orders after seq, and up to where it has read.
func (h *Hub) touched(ctx context.Context, after int64) (list []touch, last int64, err error) {
	facts, marked, last, err := h.Ledger.News(ctx, after, newsAtOnce)
	if err != nil {
		return nil, after, err
	}
	keys, err := orders.Touched(ctx, orders.Batch(h.Ledger), facts)
	if err != nil {
		return nil, after, err
	}
	at := map[orders.Key]int{}
	for _, k := range append(keys, marked...) {
		if _, ok := at[k]; !ok {
			at[k] = len(list)
			list = append(list, touch{key: k})
		}
	}
	for i := range facts {
		pair, _ := facts[i].Pair()
		if n, ok := at[orders.Key{Pair: pair, OrderID: facts[i].OrderID}]; ok {
			list[n].verbs = append(list[n].verbs, facts[i].Verb)
		}
	}
	return list, last, nil
}

func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	for _, streams := range h.streams {
		for s := range streams {
			h.drop(s)
		}
	}
}

// drop ends a stream. It is called with mu held.
func (h *Hub) drop(s *Stream) {
	if _, there := h.streams[s.reader][s]; !there {
		return
	}
	close(s.done)
	h.count--
	if delete(h.streams[s.reader], s); len(h.streams[s.reader]) == 0 {
		delete(h.streams, s.reader)
	}
}
