package wire

import "sync/atomic"

// Stats is what the wrapper holds now, and what it has refused so far.
type Stats struct {
	Connections int               // open
	Messages    int               // handed to khatru and not answered
	InFlight    int64             // their weight in bytes
	Partial     int64             // bytes of messages that have not been handed on
	Refused     map[string]uint64 // by reason, since the start
}

// A reason is why something was refused, or a connection closed.
type reason int

const (
	tooManyConnections reason = iota
	tooManyPerIP
	malformedMessage
	largeMessage
	tooManySubscriptions
	protocolError
	slowMessage
	evictedMessage
	unreadAnswers
	heldUpOthers
	reasons // how many there are
)

var reasonNames = [reasons]string{
	tooManyConnections:   "connections",
	tooManyPerIP:         "connections-per-address",
	malformedMessage:     "malformed-message",
	largeMessage:         "large-message",
	tooManySubscriptions: "subscriptions",
	protocolError:        "protocol-error",
	slowMessage:          "slow-message",
	evictedMessage:       "partial-messages",
	unreadAnswers:        "unread-answers",
	heldUpOthers:         "held-up-others",
}

type counters struct {
	messages atomic.Int64
	inFlight atomic.Int64
	refused  [reasons]atomic.Uint64
}

func (c *counters) refuse(why reason) { c.refused[why].Add(1) }

// Stats may be called at any time.
func (l *Listener) Stats() Stats {
	s := Stats{
		Messages: int(l.counters.messages.Load()), InFlight: l.counters.inFlight.Load(),
		Partial: l.partials.bytes(), Refused: map[string]uint64{},
	}
	l.mu.Lock()
	s.Connections = len(l.conns)
	l.mu.Unlock()
	for why, name := range reasonNames {
		s.Refused[name] = l.counters.refused[why].Load()
	}
	return s
}
