package bunker

import (
	"sync"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// An exchange asks one signer, and matches its replies with what was asked.
type exchange struct {
	signer string
	client *client
	lines  *lines
	set    settings
	owner  observer

	mu       sync.Mutex
	closed   bool
	calls    map[string]*call // by id of the request
	events   map[string]*call // by id of the event
	requests uint64
	failures uint64
}

// An observer is told what the exchange learns, outside its locks.
type observer interface {
	settled(c *call)          // it is over
	approving(url string)     // the signer asks its user; "" where it gives no URL to show
	linesChanged(cameUp bool) // see lines.count
}

// A call is one request, until its reply, its time-out or the loss of every line
// it was sent on. It goes on when whoever waits for it leaves: the signer is busy
// with it either way.
type call struct {
	id       string
	event    string
	frame    []byte
	patience time.Duration // counted from an approval on; 0 for no more than the time-out
	after    func()
	done     chan struct{}

	// Guarded by the lock of the exchange, but for whoever saw done closed.
	on     map[*line]bool
	timer  *time.Timer
	asked  bool // the signer asks its user
	silent bool // nothing came back
	reply  reply
	err    error
}

func newExchange(conn Connection, set settings, owner observer) (*exchange, error) {
	c, err := newClient(conn.Client)
	if err != nil {
		return nil, err
	}
	x := &exchange{
		signer: conn.Signer, client: c, set: set, owner: owner,
		calls: map[string]*call{}, events: map[string]*call{},
	}
	x.lines = newLines(set, c, conn.Relays, conn.Signer, x)
	return x, nil
}

// start sends a request on every line that is up. after runs when the call is
// over, once, and also where start fails. Errors: nip17.ErrTooLarge for a request
// that NIP-44 does not carry, ErrClosed; that no line is up is told by the call.
func (x *exchange) start(method string, params []string, patience time.Duration, after func()) (*call, error) {
	c := &call{id: randomID(), patience: patience, after: after, done: make(chan struct{})}
	text, err := request{c.id, method, params}.text()
	if err == nil {
		var evt nostr.Event
		evt, err = x.client.compose(x.signer, text)
		c.event, c.frame = evt.ID, frame("EVENT", evt)
	}
	if err == nil && !x.register(c) {
		err = ErrClosed
	}
	if err != nil {
		after()
		return nil, err
	}
	return c, nil
}

// register sends c under the lock, so that the loss of a line comes after it.
func (x *exchange) register(c *call) bool {
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return false
	}
	x.calls[c.id], x.events[c.event] = c, c
	x.requests++
	c.timer = time.AfterFunc(x.set.timeout, func() { x.finish(c, reply{}, ErrOffline) })
	c.on = x.lines.publish(c.frame)
	nowhere := len(c.on) == 0
	x.mu.Unlock()
	if nowhere {
		x.finish(c, reply{}, ErrOffline)
	}
	return true
}

// finish ends a call; only the first for a call counts.
func (x *exchange) finish(c *call, r reply, err error) {
	x.mu.Lock()
	if x.calls[c.id] != c {
		x.mu.Unlock()
		return
	}
	delete(x.calls, c.id)
	delete(x.events, c.event)
	c.timer.Stop()
	if c.silent = err != nil && !c.asked; err != nil && c.asked && err == ErrOffline {
		err = ErrApproval
	}
	if c.reply, c.err = r, err; err != nil || r.verdict != answered {
		x.failures++
	}
	x.mu.Unlock()
	close(c.done)
	c.after()
	x.owner.settled(c)
}

// received takes the reply of the signer to what was asked, and nothing else.
func (x *exchange) received(evt *nostr.Event) {
	if evt.PubKey != x.signer || x.pending() == 0 {
		return
	}
	text, ok := x.client.read(evt)
	if !ok {
		return
	}
	r, ok := parseReply(text)
	if !ok {
		return
	}
	x.mu.Lock()
	c := x.calls[r.id]
	if c == nil { // a second reply, by another relay or another signer of the same key
		x.mu.Unlock()
		return
	}
	if r.verdict != approval {
		x.mu.Unlock()
		x.finish(c, r, nil)
		return
	}
	if !c.asked && c.patience > 0 {
		c.timer.Reset(c.patience)
	}
	c.asked = true
	x.mu.Unlock()
	x.owner.approving(r.url)
}

func (x *exchange) rejected(l *line, event string) {
	x.mu.Lock()
	c := x.events[event]
	x.mu.Unlock()
	if c != nil {
		x.leave(c, l)
	}
}

func (x *exchange) dropped(l *line) {
	x.mu.Lock()
	calls := make([]*call, 0, len(x.calls))
	for _, c := range x.calls {
		calls = append(calls, c)
	}
	x.mu.Unlock()
	for _, c := range calls {
		x.leave(c, l)
	}
}

// leave takes a line from a call. Without lines no reply can come.
func (x *exchange) leave(c *call, l *line) {
	x.mu.Lock()
	had := c.on[l]
	delete(c.on, l)
	nowhere := had && len(c.on) == 0
	x.mu.Unlock()
	if nowhere {
		x.finish(c, reply{}, ErrOffline)
	}
}

func (x *exchange) sent(event string) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c := x.events[event]; c != nil {
		return c.frame
	}
	return nil
}

func (x *exchange) changed(up bool) { x.owner.linesChanged(up) }

func (x *exchange) pending() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.calls)
}

func (x *exchange) counters() (pending int, requests, failures uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.calls), x.requests, x.failures
}

// close ends every call with ErrClosed and wipes the client's secret.
func (x *exchange) close() {
	x.mu.Lock()
	x.closed = true
	calls := make([]*call, 0, len(x.calls))
	for _, c := range x.calls {
		calls = append(calls, c)
	}
	x.mu.Unlock()
	for _, c := range calls {
		x.finish(c, reply{}, ErrClosed)
	}
	x.client.zero()
}
