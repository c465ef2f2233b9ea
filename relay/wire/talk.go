package wire

import (
	"bytes"
	"encoding/json"
	"slices"
)

// A talk is what is going on between a client and khatru. It is guarded by the
// connection's mu.
type talk struct {
	asked []asked             // handed to khatru and not answered, in order
	last  uint64              // the number of the newest
	held  map[string]struct{} // subscription ids for which khatru may have listeners
	stale []string            // those of them that were refused: nobody will close them
	over  bool                // khatru has said goodbye, and answers no more
	key   string              // whose AUTH (hex) khatru has taken; "" for nobody's

	out     []byte // what is being handed over
	outBody *body
	outLast uint64 // the number of the message that it is; 0: none that is answered
}

// asked is a message that waits for its answer.
type asked struct {
	number  uint64
	label   string
	id      string
	filters int
	key     string
	ticket  ticket
	blocked int64 // Conn.blocked when it was handed over
}

// wantsOK tells EVENT and AUTH, which are answered by OK, from REQ and COUNT,
// which are answered by EOSE, CLOSED or COUNT.
func (a *asked) wantsOK() bool { return a.label == "EVENT" || a.label == "AUTH" }

// hand gives the reader's frame to the server's next Read.
func (c *Conn) hand(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talk.out = frame
	return nil
}

// ask hands a message over and remembers it. A connection that has been closed
// meanwhile, or to which khatru has said goodbye, drops it.
func (c *Conn) ask(m *message) error {
	frame := m.body.frame()
	ticket, err := c.l.acquire(c, int64(len(frame)))
	if err != nil {
		m.body.release()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &c.talk
	if c.isClosed || t.over {
		ticket.release()
		m.body.release()
		return nil
	}
	if m.label == "REQ" {
		if t.held == nil {
			t.held = map[string]struct{}{}
		}
		t.held[m.id] = struct{}{}
	}
	t.last++
	t.asked = append(t.asked, asked{t.last, m.label, m.id, m.filters, m.key, ticket, c.blocked.Load()})
	t.out, t.outBody, t.outLast = frame, m.body, t.last
	return nil
}

// handOver copies what is to be handed over into p.
func (c *Conn) handOver(p []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &c.talk
	n := copy(p, t.out)
	t.out = t.out[n:]
	if n > 0 && len(t.out) == 0 {
		t.outBody.release()
		t.out, t.outBody, t.outLast = nil, nil, 0
	}
	return n
}

// withdraw forgets a message of which khatru has not got the whole, so that it
// will never answer it. With mu held.
func (c *Conn) withdraw() {
	t := &c.talk
	t.outBody.release()
	if i := slices.IndexFunc(t.asked, func(a asked) bool { return a.number == t.outLast }); i >= 0 {
		c.settle(i)
	}
	t.out, t.outBody, t.outLast = nil, nil, 0
}

// settle ends the account of a message. With mu held.
func (c *Conn) settle(i int) {
	t := &c.talk
	t.asked[i].ticket.release()
	t.asked = slices.Delete(t.asked, i, i+1)
	if len(t.asked) == 0 && cap(t.asked) > 4 {
		t.asked = nil // an idle connection is a small one
	}
	c.wake()
}

// answered is called for each message that khatru has written; text is how it
// begins. Most are no answers.
func (c *Conn) answered(text []byte) {
	label, id := answerOf(text)
	if label == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &c.talk
	i := slices.IndexFunc(t.asked, func(a asked) bool { return a.id == id && a.wantsOK() == (label == "OK") })
	if i < 0 {
		return
	}
	if a := t.asked[i]; a.label == "AUTH" && takes(text) {
		t.key = a.key
	}
	if a := t.asked[i]; label == "CLOSED" && a.label == "REQ" {
		if a.filters == 1 {
			delete(t.held, id) // khatru listens for a filter once it was not refused
		} else {
			t.stale = append(t.stale, id)
		}
	}
	c.settle(i)
}

// hungUp is called when khatru has written its last frame.
func (c *Conn) hungUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talk.over = true
	for len(c.talk.asked) > 0 {
		c.settle(0)
	}
}

// takes tells whether an OK says true.
func takes(text []byte) bool {
	var ok [3]json.RawMessage // an OK is short enough to be seen whole
	return json.Unmarshal(text, &ok) == nil && string(ok[2]) == "true"
}

// answerOf reads the label and the id of an answer; the label is "" if it is none.
func answerOf(text []byte) (label, id string) {
	switch label = labelOf(text); label {
	case "OK", "EOSE", "CLOSED", "COUNT":
	default:
		return "", ""
	}
	_, rest, ok := bytes.Cut(text, []byte(`",`))
	if !ok || json.NewDecoder(bytes.NewReader(rest)).Decode(&id) != nil {
		return "", ""
	}
	return label, id
}

// authenticated is the key (hex) whose AUTH khatru has taken, or "".
func (c *Conn) authenticated() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.talk.key
}

// These are asked with mu held.

func (c *Conn) allAnswered() bool { return len(c.talk.asked) == 0 }

func (c *Conn) asking(id string) bool {
	return slices.ContainsFunc(c.talk.asked, func(a asked) bool { return a.id == id && !a.wantsOK() })
}

func (c *Conn) authenticating() bool {
	return slices.ContainsFunc(c.talk.asked, func(a asked) bool { return a.label == "AUTH" })
}
