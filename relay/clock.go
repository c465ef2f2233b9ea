package relay

import (
	"sync/atomic"
	"time"
)

// A clock tells when a message arrives. It does not go back where the system's is
// set back a little: what came later must not look earlier, or a cancel could
// slip before the shipment that it followed.
type clock struct {
	system func() time.Time
	last   atomic.Int64 // ms
}

// setBackMost is how far the system's clock may be set back and be caught up with.
// Beyond that it was wrong before.
const setBackMost = 2 * time.Hour

// newClock goes on from the last arrival (ms) of before.
func newClock(last int64) *clock {
	c := &clock{system: time.Now}
	c.last.Store(last)
	return c
}

func (c *clock) now() time.Time {
	for {
		now, last := c.system().UnixMilli(), c.last.Load()
		if now < last && last-now < setBackMost.Milliseconds() {
			return time.UnixMilli(last)
		}
		if c.last.CompareAndSwap(last, now) {
			return time.UnixMilli(now)
		}
	}
}
