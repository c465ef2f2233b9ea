package wire

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A Conn is one connection that the server works on. It begins as plain HTTP; a
// WebSocket it is from the 101 on, for good.
//
// As a WebSocket its Write always succeeds, also after Close: what cannot be sent
// any more is dropped. The reason is khatru, which after one failed write does not
// even try the next, so that nobody would learn when it is done with a message.
type Conn struct {
	net.Conn // as it was accepted
	l        *Listener
	peer     netip.Addr
	changed  chan struct{} // wakes the reader: what it waits for may have come true
	closed   chan struct{} // closed by Close

	mu       sync.Mutex
	mode     mode
	client   *client   // who is charged for the bytes; nil: nobody
	readBy   time.Time // the server's deadline for reads
	writeBy  time.Time // and for writes, while it is plain HTTP
	wholeBy  time.Time // when the message that has begun must be here whole
	evicted  bool      // the message that had begun had to make room
	isClosed bool
	reading  bool // the server is in Read
	talk     talk

	// Of the goroutine in Read.
	in       []byte    // received, not looked at
	store    *[]byte   // what in is a part of
	debt     int       // what is not charged yet, in bytes
	resumeAt time.Time // when the client may go on sending
	body     *body     // the message that is coming in
	queue    []*message
	closing  <-chan struct{} // ends with the subscription that khatru was told to close
	closeBy  time.Time       // when that is waited for no longer; zero: nothing to wait for

	// Of whoever holds the pen.
	pen      chan struct{}
	observer observer
	muted    bool          // nothing is sent any more
	aside    []byte        // a frame of the wrapper's own, for the end of the server's message
	asideBye bool          // it is the last one
	said     chan struct{} // closed once it is sent

	writingSince atomic.Int64 // nanoseconds since 1970; 0: not writing
	blocked      atomic.Int64 // nanoseconds spent in writing, altogether
}

type mode int

const (
	plain    mode = iota
	upgraded      // taken over by a handler, the 101 not yet written
	framed
)

func newConn(l *Listener, inner net.Conn, peer netip.Addr, who *client) *Conn {
	return &Conn{
		Conn: inner, l: l, peer: peer, client: who,
		changed: make(chan struct{}, 1), closed: make(chan struct{}), pen: make(chan struct{}, 1),
	}
}

// Close ends the connection at once, and everything that waits for it. Messages
// that khatru is at work on stay in the account until it is done with them.
func (c *Conn) Close() error { return c.end(reasons) }

// shut closes the connection for a reason, from outside of Read.
func (c *Conn) shut(why reason) {
	// It may be closed already.
	_ = c.end(why)
}

func (c *Conn) end(why reason) error {
	c.mu.Lock()
	if c.isClosed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	if why < reasons {
		c.l.counters.refuse(why)
	}
	c.isClosed = true
	close(c.closed)
	who := c.client
	c.client = nil
	c.withdraw()
	busy := c.reading
	c.mu.Unlock()
	c.l.clients.leave(who)
	c.l.forget(c)
	err := c.Conn.Close()
	if !busy { // else Read does it, on its way out
		c.discard()
	}
	return err
}

// discard gives back what the reader holds of a closed connection.
func (c *Conn) discard() {
	c.dropBody()
	for _, m := range c.queue {
		m.body.release()
	}
	c.queue = nil
	c.dropInput()
}

// CloseWrite ends the writing side, where the connection beneath has one.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// hijacked gives the connection to a handler; early is what the server had
// already read of it.
func (c *Conn) hijacked(early []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mode, c.in = upgraded, early
}

// become charges a proxy's connection to the client whose request it carries.
func (c *Conn) become(who *client) {
	c.mu.Lock()
	if !c.isClosed {
		who, c.client = c.client, who
	}
	c.mu.Unlock()
	c.l.clients.leave(who)
}

// requestDone ends that, unless the connection has become a WebSocket.
func (c *Conn) requestDone() {
	c.mu.Lock()
	isPlain := c.mode == plain
	c.mu.Unlock()
	if isPlain {
		c.become(nil)
	}
}

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

// SetReadDeadline counts the time of the client only: of a WebSocket, it is put
// off by as long as the wrapper itself did not read.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readBy = t
	c.wake()
	return c.applyDeadline()
}

// SetWriteDeadline can shorten Limits.WriteTimeout for plain HTTP. A WebSocket
// goes by that limit alone: khatru sets no deadline, or a second for a pong.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBy = t
	return nil
}

// applyDeadline is called with mu held.
func (c *Conn) applyDeadline() error {
	by := c.readBy
	if !c.wholeBy.IsZero() && (by.IsZero() || c.wholeBy.Before(by)) {
		by = c.wholeBy
	}
	if c.evicted {
		by = time.Unix(1, 0)
	}
	return c.Conn.SetReadDeadline(by)
}

// expect says until when the message that has begun must be here whole; the zero
// time: there is none.
func (c *Conn) expect(by time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wholeBy.Equal(by) {
		return nil
	}
	c.wholeBy = by
	return c.applyDeadline()
}

// evict ends a connection whose partial message had to make room. Its reader says
// so to the client.
func (c *Conn) evict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.evicted = true
	c.wake()
	// If it fails the connection is closed already.
	_ = c.applyDeadline()
}

// wake tells the reader to look again.
func (c *Conn) wake() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}
