package wire

import (
	"slices"
	"sync"
	"time"
)

const (
	reliefEvery = 250 * time.Millisecond
	// stuckFor is how long one write may take while others stand in line.
	stuckFor = time.Second
)

// A relief looks, while anybody stands in line for the flight, for clients that
// hold others up: those whose answers are ready, and who do not read them. Without
// it a few of them could fill the flight, and keep it by reading a byte now and then.
type relief struct {
	mu      sync.Mutex
	waiting int
	ticking bool
}

func (r *relief) begin(l *Listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
	if !r.ticking {
		r.ticking = true
		time.AfterFunc(reliefEvery, l.relieve)
	}
}

func (r *relief) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting--
}

// relieve closes the heaviest of them, until a quarter of the flight is free.
func (l *Listener) relieve() {
	r := &l.relief
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == 0 {
		r.ticking = false
		return
	}
	time.AfterFunc(reliefEvery, l.relieve)
	type holder struct {
		conn   *Conn
		weight int64
	}
	var holders []holder
	now, most := time.Now(), l.limits.Load().WriteTimeout/2
	l.mu.Lock()
	for c := range l.conns {
		if weight := c.holdsUp(now, most); weight > 0 {
			holders = append(holders, holder{c, weight})
		}
	}
	l.mu.Unlock()
	slices.SortFunc(holders, func(a, b holder) int { return int(b.weight - a.weight) })
	freed := int64(0)
	for _, h := range holders {
		if freed >= l.flight.Load().size/4 {
			return
		}
		h.conn.shut(heldUpOthers)
		freed += h.weight
	}
}

// holdsUp is the weight that the connection has in flight, if it is its client's
// fault: a write takes too long, or all writes together since its oldest message
// was handed over.
func (c *Conn) holdsUp(now time.Time, most time.Duration) (weight int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.talk.asked) == 0 {
		return 0
	}
	current := time.Duration(0)
	if since := c.writingSince.Load(); since != 0 {
		current = now.Sub(time.Unix(0, since))
	}
	altogether := time.Duration(c.blocked.Load()-c.talk.asked[0].blocked) + current
	if current < stuckFor && altogether < most {
		return 0
	}
	for _, a := range c.talk.asked {
		weight += a.ticket.weight
	}
	return weight
}
