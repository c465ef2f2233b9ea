package wire

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

const (
	storeSize  = 4 << 10
	minScratch = 512
)

// stores hold what was received beyond the frame that is being read.
var stores = sync.Pool{New: func() any { s := make([]byte, 0, storeSize); return &s }}

// next does the next thing there is to do with what the client sends; often, but
// not always, there is something to hand over afterwards. While it waits for the
// client it keeps no buffer of its own, but reads into scratch.
func (c *Conn) next(scratch []byte) error {
	if len(c.queue) > 0 {
		m := c.queue[0]
		c.queue = c.queue[1:]
		return c.pass(m)
	}
	h, err := c.header(scratch)
	if err != nil {
		return err
	}
	c.debt += frameCost
	if h.OpCode.IsControl() {
		return c.control(h)
	}
	if err := c.payload(h, scratch); err != nil || !h.Fin {
		return err
	}
	return c.whole()
}

func (c *Conn) header(scratch []byte) (ws.Header, error) {
	for {
		h, n, err := parseHeader(c.in)
		switch {
		case err != nil:
			return h, c.fail(ws.StatusProtocolError, protocolError, err.Error())
		case n == 0:
			if err := c.fill(scratch); err != nil {
				return h, err
			}
			continue
		}
		c.consume(n)
		state := ws.StateServerSide
		if c.body != nil {
			state = state.Set(ws.StateFragmented)
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return h, c.fail(ws.StatusProtocolError, protocolError, err.Error())
		}
		return h, nil
	}
}

// parseHeader reads a frame's header; n is its length, or 0 where b ends too soon.
func parseHeader(b []byte) (h ws.Header, n int, err error) {
	r := bytes.NewReader(b)
	h, err = ws.ReadHeader(r)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return h, 0, nil
	}
	return h, len(b) - r.Len(), err
}

// fill adds to the input, of which there is less than a header.
func (c *Conn) fill(scratch []byte) error {
	n := copy(scratch, c.in)
	c.dropInput()
	more, err := c.receive(scratch[n:])
	if err != nil {
		return c.broken(err)
	}
	c.store = stores.Get().(*[]byte)
	c.in = append((*c.store)[:0], scratch[:n+more]...)
	return nil
}

func (c *Conn) consume(n int) {
	if c.in = c.in[n:]; len(c.in) == 0 {
		c.dropInput()
	}
}

func (c *Conn) dropInput() {
	c.in = nil
	if c.store != nil {
		stores.Put(c.store)
		c.store = nil
	}
}

// take moves bytes of the client's into b: those that are here, else what comes.
func (c *Conn) take(b []byte) (int, error) {
	if len(c.in) > 0 {
		n := copy(b, c.in)
		c.consume(n)
		return n, nil
	}
	n, err := c.receive(b)
	if err != nil {
		return 0, c.broken(err)
	}
	return n, nil
}

// payload adds a frame's bytes to the message that is coming in.
func (c *Conn) payload(h ws.Header, scratch []byte) error {
	limits := c.l.limits.Load()
	if c.body == nil {
		c.body = &body{conn: c, op: h.OpCode}
		if !h.Fin || int64(len(c.in)) < h.Length {
			if err := c.expect(time.Now().Add(limits.MessageTimeout)); err != nil {
				return err
			}
		}
	}
	b := c.body
	if h.Length > int64(limits.Message)*tooLarge-b.size {
		return c.fail(ws.StatusMessageTooBig, largeMessage,
			fmt.Sprintf("invalid: a message has at most %d bytes", limits.Message))
	}
	if b.size += h.Length; b.size > int64(limits.Message) {
		b.excerptOnly()
	}
	for done := int64(0); done < h.Length; {
		room := scratch
		if b.excerpt == nil {
			if room = b.room(h.Length-done, limits); room == nil {
				return c.fail(ws.StatusPolicyViolation, evictedMessage, evictedReason)
			}
		}
		room = room[:min(int64(len(room)), h.Length-done)]
		n, err := c.take(room)
		if err != nil {
			return err
		}
		ws.Cipher(room[:n], h.Mask, int(done%4))
		b.add(room[:n])
		done += int64(n)
	}
	return nil
}

const evictedReason = "rate-limited: too many messages are coming in, and this one is slow"

// whole is called when the last byte of a message is here.
func (c *Conn) whole() error {
	b := c.body
	c.body = nil
	if err := c.expect(time.Time{}); err != nil {
		b.release()
		return err
	}
	limits := c.l.limits.Load()
	if b.excerpt != nil {
		c.l.counters.refuse(largeMessage)
		return c.say(b.excerpt.refusal(limits.Message))
	}
	if !b.complete() {
		b.release()
		return c.fail(ws.StatusPolicyViolation, evictedMessage, evictedReason)
	}
	m := readMessage(b.payload(), limits)
	if m.refusal != nil {
		b.release()
		c.l.counters.refuse(m.why)
		return c.say(m.refusal)
	}
	m.body = b
	return c.pass(m)
}

// control passes a ping or a pong on, also in the middle of a message.
func (c *Conn) control(h ws.Header) error {
	payload := make([]byte, h.Length)
	for done := 0; done < len(payload); {
		n, err := c.take(payload[done:])
		if err != nil {
			return err
		}
		done += n
	}
	ws.Cipher(payload, h.Mask, 0)
	if h.OpCode == ws.OpClose {
		return c.goodbye(payload)
	}
	return c.hand(maskedFrame(h.OpCode, payload))
}

// broken is what a failed read means.
func (c *Conn) broken(err error) error {
	if nerr, ok := err.(net.Error); !ok || !nerr.Timeout() {
		return err
	}
	c.mu.Lock()
	evicted, late := c.evicted, !c.wholeBy.IsZero() && !time.Now().Before(c.wholeBy)
	c.mu.Unlock()
	switch {
	case evicted:
		return c.fail(ws.StatusPolicyViolation, evictedMessage, evictedReason)
	case late:
		return c.fail(ws.StatusPolicyViolation, slowMessage, "rate-limited: a message took too long to come in")
	}
	return os.ErrDeadlineExceeded
}
