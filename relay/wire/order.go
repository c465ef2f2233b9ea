package wire

import (
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/gobwas/ws"
)

const (
	// closeWithin bounds the wait for a subscription that khatru was told to close.
	closeWithin = time.Second
	// moment is what khatru gets to close one of which nobody tells the end.
	moment = 50 * time.Millisecond
	// lastAnswers bounds the wait for answers when a connection ends.
	lastAnswers = time.Second
)

// pass hands a message over when it is its turn. khatru works on messages side by
// side and in no order; what must not overtake, or be overtaken, waits here:
//
//   - AUTH: khatru writes the key without a lock. Everything before is answered,
//     and everything after waits for its OK. Once one was taken khatru gets no
//     more: it has room for one key, and would write it while others read.
//   - CLOSE: it would overtake its REQ. Everything before is answered, and what
//     comes after waits until the subscription has ended.
//   - a REQ with the id of an open subscription: khatru would add it to the former.
//     A CLOSE goes before it.
//
// A message may be put back into the queue, behind a CLOSE.
func (c *Conn) pass(m *message) error {
	err := c.turn(m)
	if err != nil {
		m.body.release()
	}
	return err
}

func (c *Conn) turn(m *message) error {
	if err := c.afterClose(); err != nil {
		return err
	}
	if err := c.await(func() bool { return !c.authenticating() }, 0); err != nil {
		return err
	}
	if id, ok := c.nextStale(); ok {
		c.queue = slices.Insert(c.queue, 0, m)
		return c.closeSubscription(id)
	}
	limits := c.l.limits.Load()
	switch m.label {
	case "AUTH":
		if err := c.await(c.allAnswered, 0); err != nil {
			return err
		}
		if first := c.authenticated(); first != "" {
			m.body.release()
			return c.say(again(m, first))
		}
		if c.l.authenticates != nil {
			c.l.authenticates(c, m.relay)
		}
	case "CLOSE":
		m.body.release()
		if !c.holds(m.id) {
			return nil
		}
		if err := c.await(c.allAnswered, 0); err != nil {
			return err
		}
		return c.closeSubscription(m.id)
	case "REQ", "COUNT":
		// Else their answers could not be told apart.
		if err := c.await(func() bool { return !c.asking(m.id) }, 0); err != nil {
			return err
		}
		if m.label == "COUNT" {
			break
		}
		if c.holds(m.id) {
			if err := c.await(c.allAnswered, 0); err != nil {
				return err
			}
			c.queue = slices.Insert(c.queue, 0, m)
			return c.closeSubscription(m.id)
		}
		if c.holding() >= limits.Subscriptions {
			m.body.release()
			c.l.counters.refuse(tooManySubscriptions)
			return c.say(closed(m.id, "rate-limited: at most "+strconv.Itoa(limits.Subscriptions)+
				" subscriptions may be open on one connection", tooManySubscriptions).refusal)
		}
	}
	if err := c.await(func() bool { return len(c.talk.asked) < limits.Unanswered }, 0); err != nil {
		return err
	}
	return c.ask(m)
}

// again answers an AUTH on a connection that has authenticated as first: many
// clients send one at every challenge.
func again(m *message, first string) []byte {
	if m.key == first {
		return answer("OK", m.id, true, "")
	}
	return answer("OK", m.id, false, "restricted: this connection is another key's already, open one for each")
}

// closeSubscription hands a CLOSE to khatru. What comes next waits until it is done.
func (c *Conn) closeSubscription(id string) error {
	c.closing, c.closeBy = nil, time.Now().Add(moment)
	if c.l.subscriptions != nil {
		if done, alive := c.l.subscriptions(c, id); alive && done != nil {
			c.closing, c.closeBy = done, time.Now().Add(closeWithin)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.talk.held, id)
	c.talk.stale = slices.DeleteFunc(c.talk.stale, func(s string) bool { return s == id })
	if !c.isClosed && !c.talk.over {
		c.talk.out = maskedFrame(ws.OpText, answer("CLOSE", id))
	}
	return nil
}

func (c *Conn) afterClose() error {
	if c.closeBy.IsZero() {
		return nil
	}
	begun := time.Now()
	timer := time.NewTimer(c.closeBy.Sub(begun))
	defer timer.Stop()
	select {
	case <-c.closing:
	case <-timer.C:
	case <-c.closed:
		return net.ErrClosed
	}
	c.closing, c.closeBy = nil, time.Time{}
	c.waited(time.Since(begun))
	return nil
}

// nextStale is a subscription of which khatru has kept some filters though it
// refused others: the client takes it for closed.
func (c *Conn) nextStale() (id string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.talk.stale) == 0 {
		return "", false
	}
	return c.talk.stale[0], true
}

func (c *Conn) holds(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.talk.held[id]
	return ok
}

func (c *Conn) holding() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.talk.held)
}

// goodbye passes a client's close frame on once everything is answered, for after
// khatru's own it answers no more. Where that takes too long the wrapper says
// goodbye itself.
func (c *Conn) goodbye(payload []byte) error {
	err := c.await(c.allAnswered, closeWithin)
	if errors.Is(err, errLate) {
		c.lastWords(ws.StatusNormalClosure, "")
		return io.EOF
	}
	if err != nil {
		return err
	}
	return c.hand(maskedFrame(ws.OpClose, payload))
}
