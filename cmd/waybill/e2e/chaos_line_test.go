//go:build e2e

package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// A line is one client's connection, made anew whenever it is lost.
type line struct {
	m *market
	s *socket
}

// stubborn is how long a client goes on trying to have a message taken, and a
// test waiting for what takes a fault and its cure.
const stubborn = 3 * time.Minute

// deliver publishes an event until it is answered OK true: again where it was
// refused for now (error:) or nobody answered, as a client does that has something
// to say. It fails the test, and returns false, where the relay refuses it for good.
func (l *line) deliver(evt nostr.Event) bool {
	late := time.After(stubborn)
	for {
		<-l.m.pace.C
		begun := time.Now()
		v, err := l.publish(evt)
		switch {
		case err == nil && v.ok:
			l.m.account.taken(evt.ID, time.Since(begun))
			return true
		case err == nil:
			l.m.account.refusedFor(v.reason)
			if !passing(v.reason) {
				l.m.t.Errorf("a good event of kind %d was refused: %q", evt.Kind, v.reason)
				return false
			}
		case errors.Is(err, errGone):
			l.m.account.lost()
		default:
			l.m.account.refusedFor(err.Error())
		}
		select {
		case <-time.After(25 * time.Millisecond):
		case <-late:
			l.m.t.Errorf("an event of kind %d was not taken within %v: %q, %v", evt.Kind, stubborn, v.reason, err)
			return false
		}
	}
}

// passing tells the refusals after which a client tries again (NIP-01).
func passing(reason string) bool {
	return strings.HasPrefix(reason, "error:") || strings.HasPrefix(reason, "rate-limited:")
}

func (l *line) publish(evt nostr.Event) (verdict, error) {
	if l.s == nil {
		s, err := connect(l.m.daemon.url)
		if err != nil {
			return verdict{}, errGone
		}
		l.s = s
	}
	v, err := l.s.publish(evt)
	if err != nil {
		l.hangUp()
	}
	return v, err
}

func (l *line) hangUp() {
	if l.s != nil {
		l.s.close()
		l.s = nil
	}
}

// within asks again and again until ok says nothing, or patience is over.
func within(t *testing.T, patience time.Duration, what string, ok func() error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: after %v: %v", what, patience, err)
		}
	}
}
