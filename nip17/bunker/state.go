package bunker

import (
	"sync"
	"time"
)

// A Code says how a Key stands with its signer.
type Code string

// The codes.
const (
	Connecting Code = "connecting" // it was opened, and knows nothing yet
	Online     Code = "online"     // the signer proved that it decrypts for the owner
	Offline    Code = "offline"    // no relay is reached, or the signer does not answer
	Approval   Code = "approval"   // the signer waits for its user; see Key.ApprovalURL
	Denied     Code = "denied"     // the signer refuses, or holds another key
	Closed     Code = "closed"     // Zero was called
)

// Codes are those of a Key that is open.
var Codes = []Code{Connecting, Online, Offline, Approval, Denied}

// State is how a Key stands at one moment.
type State struct {
	Code     Code
	Since    time.Time // of Code
	InFlight int       // requests without a reply yet
	Requests uint64    // sent to the signer, the key's own included
	Failures uint64    // of them, how many brought an error or nothing
}

// err is why nothing can be asked in this state; nil where something can.
func (c Code) err() error {
	switch c {
	case Offline:
		return ErrOffline
	case Approval:
		return ErrApproval
	case Denied:
		return ErrDenied
	case Closed:
		return ErrClosed
	}
	return nil
}

// codeOf is the state that a probe's error leads to.
func codeOf(err error) Code {
	switch err {
	case nil:
		return Online
	case ErrApproval:
		return Approval
	case ErrDenied, ErrNotOwner:
		return Denied
	}
	return Offline
}

// A teller hands states on in their order. It has a goroutine while there is
// something to hand on, so that nobody waits for who is told: Zero is called by a
// Keyring under its lock.
type teller struct {
	tell func(State)

	mu    sync.Mutex
	queue []State
	busy  bool
}

func (t *teller) put(s State) {
	if t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queue = append(t.queue, s); !t.busy {
		t.busy = true
		go t.run()
	}
}

func (t *teller) run() {
	for {
		t.mu.Lock()
		if len(t.queue) == 0 {
			t.busy = false
			t.mu.Unlock()
			return
		}
		s := t.queue[0]
		t.queue = t.queue[1:]
		t.mu.Unlock()
		t.tell(s)
	}
}
