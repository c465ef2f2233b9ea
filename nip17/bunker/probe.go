package bunker

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// silenceLimit is how many requests in a row stay without any reply until the
// signer counts as offline.
const silenceLimit = 3

// A round is a probe that somebody waits for.
type round struct {
	done  chan struct{}
	err   error
	again bool // it was in vain so far, but not every relay was asked
}

// Prove has the signer show, now, that it decrypts for the owner. It tries the
// relays that are down at once. Errors: ErrOffline, ErrDenied, ErrNotOwner,
// ErrClosed; ErrApproval where its user did not approve within Patience; where
// ctx ends ErrApproval or ErrOffline, and with it the context's.
func (k *Key) Prove(ctx context.Context) error {
	if code, _ := k.look(); code == Closed {
		return ErrClosed
	}
	k.x.lines.retry()
	r := &round{done: make(chan struct{})}
	k.mu.Lock()
	k.rounds = append(k.rounds, r)
	k.mu.Unlock()
	k.poke()
	select {
	case <-r.done:
		return r.err
	case <-k.ctx.Done():
		return ErrClosed
	case <-ctx.Done():
		if code, _ := k.look(); code == Approval {
			return fmt.Errorf("%w: %w", ErrApproval, ctx.Err())
		}
		return fmt.Errorf("%w: %w", ErrOffline, ctx.Err())
	}
}

// supervise probes the signer whenever it is not known to be online, as long as
// there is a relay to reach it by. It is the one who finds out that the signer is
// back: what callers ask would be lost on that.
func (k *Key) supervise() {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		wait, needed := k.plan()
		if needed && wait <= 0 {
			k.probe()
			continue
		}
		var at <-chan time.Time
		if needed {
			alarm.Reset(wait)
			at = alarm.C
		}
		select {
		case <-k.ctx.Done():
			return
		case <-k.wake:
		case <-at:
		}
	}
}

// plan tells whether a probe is needed, and when. Without relays there is none,
// and whoever waits for one hears so.
func (k *Key) plan() (wait time.Duration, needed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state.Code == Closed {
		return 0, false
	}
	up, trying := k.x.lines.count()
	switch {
	case up == 0 && trying > 0:
		return 0, false
	case up == 0:
		k.turn(Offline)
		k.end(k.rounds, ErrOffline)
		k.rounds = nil
		return 0, false
	case slices.ContainsFunc(k.rounds, func(r *round) bool { return !r.again || trying == 0 }):
		return 0, true
	case len(k.rounds) == 0 && k.state.Code == Online:
		return 0, false
	}
	return time.Until(k.due), true
}

// probe does one round: it connects where that was not done yet, and sends a
// canary.
func (k *Key) probe() {
	k.mu.Lock()
	rounds := k.rounds
	k.rounds, k.hurried = nil, false
	k.mu.Unlock()
	err := k.greet.ask(func() error { return k.try(k.set.patience) })
	k.mu.Lock()
	defer k.mu.Unlock()
	up, trying := k.x.lines.count()
	if err == nil && up == 0 {
		err = ErrOffline // a line that was lost meanwhile had nobody to tell
	}
	switch {
	case err == nil:
		k.pause.reset()
	case !k.hurried:
		k.due = time.Now().Add(k.pause.next())
	}
	if err == ErrOffline && (trying > 0 || k.hurried) { // the signer may be where nobody asked yet
		for _, r := range rounds {
			r.again = true
		}
		if k.rounds = append(k.rounds, rounds...); k.state.Code == Connecting {
			return
		}
	} else {
		k.end(rounds, err)
	}
	k.turn(codeOf(err))
}

func (k *Key) end(rounds []*round, err error) {
	for _, r := range rounds {
		r.err = err
		close(r.done)
	}
}

// turn changes the code, under the lock. A closed key stays closed.
func (k *Key) turn(code Code) {
	if k.state.Code == code || k.state.Code == Closed {
		return
	}
	if k.state.Code == Online {
		k.due = time.Now().Add(k.pause.next())
	}
	k.state.Code, k.state.Since = code, time.Now()
	if k.silence = 0; code != Approval {
		k.url = ""
	}
	close(k.changed)
	k.changed = make(chan struct{})
	k.teller.put(k.snapshot())
	k.poke()
}

func (k *Key) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// settled counts the requests that bring nothing. A reply while the signer does
// not count as online is a reason to look again.
func (k *Key) settled(c *call) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case c.silent && k.state.Code == Online:
		if k.silence++; k.silence >= silenceLimit {
			k.turn(Offline)
		}
	case c.err == nil:
		k.silence = 0
		if c.reply.verdict == answered && k.state.Code != Online {
			k.hurry()
		}
	}
}

func (k *Key) approving(url string) {
	k.mu.Lock()
	closed := k.state.Code == Closed
	if !closed {
		k.url = url
		k.turn(Approval)
	}
	k.mu.Unlock()
	if !closed && url != "" && k.set.onApproval != nil {
		k.set.onApproval(url)
	}
}

func (k *Key) linesChanged(up bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if up {
		k.hurry()
	} else if n, _ := k.x.lines.count(); n == 0 && k.state.Code == Online {
		k.turn(Offline)
	}
	k.poke()
}

// hurry is for news that make a probe worth while now, also where one is under
// way that began before them.
func (k *Key) hurry() {
	k.due, k.hurried = time.Time{}, true
	k.poke()
}
