package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gobwas/ws"
)

// writeChunk is what a client has to take within Limits.WriteTimeout: a slow one
// may take longer for a long message.
const writeChunk = 64 << 10

// farewell is how long a close frame may wait for its turn, and how long what the
// client still sends is read away after it.
const (
	farewell = 250 * time.Millisecond
	linger   = time.Second
)

// Write sends what the server says. Of a WebSocket it also learns from it which
// messages are answered.
func (c *Conn) Write(b []byte) (int, error) {
	c.pen <- struct{}{} // a writer that is stuck lets go when the connection is closed
	defer func() { <-c.pen }()
	c.mu.Lock()
	mode := c.mode
	c.mu.Unlock()
	switch mode {
	case plain:
		if bytes.HasPrefix(b, switching) {
			return 0, errors.Join(errors.New("wire: a WebSocket was made without the listener's Handler"), c.Close())
		}
		return c.send(b, c.l.limits.Load().WriteTimeout)
	case upgraded:
		return c.switchProtocols(b)
	}
	c.writeFrames(b)
	return len(b), nil
}

var switching = []byte("HTTP/1.1 101 ")

// switchProtocols sees the answer to an upgrade, which comes in one write. A
// handler that answers something else keeps its plain connection.
func (c *Conn) switchProtocols(b []byte) (int, error) {
	head, frames, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	next := plain
	if bytes.HasPrefix(b, switching) {
		if !whole {
			return 0, errors.Join(errors.New("wire: the 101 must be written at once"), c.Close())
		}
		next = framed
	}
	c.mu.Lock()
	c.mode = next
	c.mu.Unlock()
	if next == plain {
		return c.send(b, c.l.limits.Load().WriteTimeout)
	}
	if n, err := c.send(b[:len(head)+4], c.l.limits.Load().WriteTimeout); err != nil {
		return n, err
	}
	c.writeFrames(frames)
	return len(b), nil
}

// writeFrames is called with the pen.
func (c *Conn) writeFrames(b []byte) {
	c.deliver(b)
	if c.observer.feed(b, c.answered, c.hungUp) != nil {
		// The server writes no WebSocket: nothing that follows can be understood.
		c.mute()
		c.hungUp()
		c.shut(protocolError)
		return
	}
	if c.aside != nil && c.observer.between() {
		c.deliver(c.aside)
		if c.asideBye {
			c.muted = true
		}
		c.aside = nil
		close(c.said)
	}
}

// deliver sends frames, or nothing once that is impossible. With the pen.
func (c *Conn) deliver(frames []byte) {
	if c.muted {
		return
	}
	if _, err := c.send(frames, c.l.limits.Load().WriteTimeout); err != nil {
		c.lost(err)
	}
}

// lost ends a connection that cannot be written to. With the pen.
func (c *Conn) lost(err error) {
	c.mute()
	if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
		c.shut(unreadAnswers)
		return
	}
	// It may be closed already.
	_ = c.Close()
}

func (c *Conn) mute() {
	c.muted = true
	if c.aside != nil {
		c.aside = nil
		close(c.said)
	}
}

// send writes to the client and bounds the time that it takes. With the pen.
func (c *Conn) send(b []byte, within time.Duration) (n int, err error) {
	c.mu.Lock()
	mode, writeBy := c.mode, c.writeBy
	c.mu.Unlock()
	for len(b) > 0 && err == nil {
		begun := time.Now()
		by := begun.Add(within)
		if mode != framed && !writeBy.IsZero() && writeBy.Before(by) {
			by = writeBy
		}
		if err = c.Conn.SetWriteDeadline(by); err != nil {
			return n, err
		}
		c.writingSince.Store(begun.UnixNano())
		var m int
		m, err = c.Conn.Write(b[:min(len(b), writeChunk)])
		c.writingSince.Store(0)
		c.blocked.Add(int64(time.Since(begun)))
		n, b = n+m, b[m:]
	}
	return n, err
}

// say writes a message of the wrapper's own, between two of the server's.
func (c *Conn) say(text []byte) error {
	h := ws.Header{Fin: true, OpCode: ws.OpText, Length: int64(len(text))}
	return c.interject(append(appendHeader(make([]byte, 0, headroom+len(text)), h), text...), false, 0)
}

// interject writes a frame as soon as no message of the server's is in the middle.
// After the last one nothing is written. Zero patience waits for as long as it takes.
func (c *Conn) interject(frame []byte, last bool, patience time.Duration) error {
	begun := time.Now()
	within := c.l.limits.Load().WriteTimeout
	var late <-chan time.Time
	if patience > 0 {
		within = min(within, patience)
		timer := time.NewTimer(patience)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case c.pen <- struct{}{}:
	case <-late:
		return errLate
	case <-c.closed:
		return net.ErrClosed
	}
	if c.muted || c.observer.between() {
		if !c.muted {
			if _, err := c.send(frame, within); err != nil {
				c.lost(err)
			}
		}
		c.muted = c.muted || last
		<-c.pen
		c.waited(time.Since(begun))
		return nil
	}
	said := make(chan struct{})
	c.aside, c.asideBye, c.said = frame, last, said
	<-c.pen
	select {
	case <-said:
	case <-late:
		return errLate
	case <-c.closed:
		return net.ErrClosed
	}
	c.waited(time.Since(begun))
	return nil
}

// fail ends the connection for the client's fault. Messages before are answered,
// if that is quickly done, and the client is told why, if it listens.
func (c *Conn) fail(code ws.StatusCode, why reason, text string) error {
	c.l.counters.refuse(why)
	c.dropBody()
	// Either way the connection ends.
	_ = c.await(c.allAnswered, lastAnswers)
	c.lastWords(code, text)
	return fmt.Errorf("wire: closed the connection: %s", text)
}

// lastWords sends a close frame as far as that is possible at once, and closes.
func (c *Conn) lastWords(code ws.StatusCode, text string) {
	payload := ws.NewCloseFrameBody(code, text)
	h := ws.Header{Fin: true, OpCode: ws.OpClose, Length: int64(len(payload))}
	frame := append(appendHeader(make([]byte, 0, headroom+len(payload)), h), payload...)
	if c.interject(frame, true, farewell) == nil && c.Conn.SetReadDeadline(time.Now().Add(linger)) == nil {
		drain(c.Conn, tooLarge*int64(c.l.limits.Load().Message))
	}
	// It may be closed already.
	_ = c.Close()
}
