package wire

import (
	"errors"
	"net"
	"os"
	"time"
)

// errLate ends a wait that had a bound.
var errLate = errors.New("wire: waited for too long")

// Read returns plain HTTP as it comes. Of a WebSocket it returns frames that hold
// one whole message each, when it is that message's turn, and control frames.
func (c *Conn) Read(p []byte) (int, error) {
	mode, ok := c.enterRead()
	if !ok {
		return 0, net.ErrClosed
	}
	defer c.leaveRead()
	switch {
	case len(p) == 0:
		return 0, nil
	case mode != framed:
		return c.readPlain(p)
	}
	scratch := p[:min(len(p), storeSize)]
	if len(scratch) < minScratch {
		scratch = make([]byte, minScratch)
	}
	for {
		if n := c.handOver(p); n > 0 {
			return n, nil
		}
		if err := c.next(scratch); err != nil {
			return 0, err
		}
	}
}

func (c *Conn) enterRead() (mode, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = !c.isClosed
	return c.mode, c.reading
}

func (c *Conn) leaveRead() {
	c.mu.Lock()
	c.reading = false
	closed := c.isClosed
	c.mu.Unlock()
	if closed {
		c.discard()
	}
}

func (c *Conn) readPlain(p []byte) (int, error) {
	if len(c.in) > 0 {
		n := copy(p, c.in)
		c.in = c.in[n:]
		return n, nil
	}
	return c.receive(p)
}

// receive reads from the client, once it has paid for what it sent before.
func (c *Conn) receive(b []byte) (int, error) {
	if err := c.pace(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.charge(n)
		return n, nil // what else there is to say the next read says again
	}
	return 0, err
}

func (c *Conn) charge(n int) {
	c.mu.Lock()
	who := c.client
	c.mu.Unlock()
	n += c.debt
	c.debt = 0
	if who == nil {
		return
	}
	if wait := who.charge(n, c.l.limits.Load()); wait > 0 {
		c.resumeAt = time.Now().Add(wait)
	}
}

// pace waits until the client may go on sending. It heeds the server's deadline
// for plain HTTP, where the server ends a read by it.
func (c *Conn) pace() error {
	begun := time.Now()
	for {
		wait := time.Until(c.resumeAt)
		if wait <= 0 {
			break
		}
		c.mu.Lock()
		readBy, mode, evicted := c.readBy, c.mode, c.evicted
		c.mu.Unlock()
		if evicted {
			return os.ErrDeadlineExceeded
		}
		if mode != framed && !readBy.IsZero() {
			left := time.Until(readBy)
			if left <= 0 {
				return os.ErrDeadlineExceeded
			}
			wait = min(wait, left)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.changed:
		case <-c.closed:
			timer.Stop()
			return net.ErrClosed
		}
		timer.Stop()
	}
	if !c.resumeAt.IsZero() {
		c.resumeAt = time.Time{}
		c.waited(time.Since(begun))
	}
	return nil
}

// await blocks the reader until ready, which is asked with mu held, or until
// patience ends (zero: it does not), or the connection is closed.
func (c *Conn) await(ready func() bool, patience time.Duration) error {
	var begun time.Time
	var late <-chan time.Time
	for {
		c.mu.Lock()
		ok := ready()
		c.mu.Unlock()
		if ok {
			break
		}
		if begun.IsZero() {
			begun = time.Now()
			if patience > 0 {
				timer := time.NewTimer(patience)
				defer timer.Stop()
				late = timer.C
			}
		}
		select {
		case <-c.changed:
		case <-c.closed:
			return net.ErrClosed
		case <-late:
			c.waited(time.Since(begun))
			return errLate
		}
	}
	if !begun.IsZero() {
		c.waited(time.Since(begun))
	}
	return nil
}

// waited puts the deadlines off: the client is not to blame for that time.
func (c *Conn) waited(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mode != framed {
		return
	}
	for _, by := range []*time.Time{&c.readBy, &c.wholeBy} {
		if !by.IsZero() {
			*by = by.Add(d)
		}
	}
	// If it fails the connection is closed already.
	_ = c.applyDeadline()
}
