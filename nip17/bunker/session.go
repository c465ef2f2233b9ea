package bunker

import (
	"context"
	"errors"
	"strings"

	"github.com/coder/websocket"
	"github.com/nbd-wtf/go-nostr/nip42"
)

const (
	authRequired = "auth-required:"
	restricted   = "restricted:"
	nobodyThere  = "mute:" // NIP-01: nobody listens to this ephemeral event
	known        = "duplicate:"

	maxChallenges = 4 // of one connection; each costs a signature
	maxChallenge  = 1 << 10
	maxHeld       = 256
)

// errUnusable ends a connection that will not become ready, or is no more.
var errUnusable = errors.New("bunker: the relay does not let us listen")

// A session is what was said on one connection. Only its reader touches it.
type session struct {
	lines *lines
	line  *line
	out   *outbox
	ready func()

	up         bool
	challenges int
	auth       string // id of the AUTH event that waits for its OK
	authed     bool
	asAuthed   bool            // the REQ was sent after that
	closed     bool            // the REQ waits for it
	held       map[string]bool // events that wait for it: false, and that were sent again: true
}

// run speaks with the relay until the connection or ctx ends.
func (s *session) run(ctx context.Context, conn *websocket.Conn) {
	s.held = map[string]bool{}
	if !s.out.put(s.lines.request) {
		return
	}
	for {
		frame, err := readFrame(ctx, conn)
		if err != nil {
			return
		}
		if e, ok := parseEnvelope(frame); ok && s.handle(e) != nil {
			return
		}
	}
}

func (s *session) handle(e envelope) error {
	switch {
	case e.label == "EVENT" && e.id == s.lines.sub:
		s.lines.hear.received(e.event)
	case e.label == "EOSE" && e.id == s.lines.sub && !s.up:
		// Not before: what is sent to a relay that does not listen to the signer
		// yet is answered to nobody.
		s.up = true
		s.ready()
		s.lines.raise(s.line, s.out)
	case e.label == "CLOSED" && e.id == s.lines.sub:
		return s.shut(e.text)
	case e.label == "AUTH":
		return s.challenged(e.text)
	case e.label == "OK" && e.id == s.auth && s.auth != "":
		return s.admitted(e.ok)
	case e.label == "OK":
		s.taken(e)
	}
	return nil
}

// challenged answers with the client's key (NIP-42), asked for or not: it is
// nobody's, so that there is nothing to keep from the relay.
func (s *session) challenged(challenge string) error {
	if s.challenges++; s.challenges > maxChallenges || challenge == "" || len(challenge) > maxChallenge {
		return nil
	}
	evt := nip42.CreateUnsignedAuthEvent(challenge, s.lines.client.public, s.line.url)
	if err := s.lines.client.sign(&evt); err != nil {
		return err
	}
	s.auth = evt.ID
	return s.send(frame("AUTH", evt))
}

// admitted sends again what was turned away before.
func (s *session) admitted(ok bool) error {
	s.auth = ""
	if !ok {
		if s.closed || len(s.held) > 0 {
			return errUnusable
		}
		return nil
	}
	s.authed = true
	if s.closed {
		return s.ask()
	}
	for event, again := range s.held {
		if again {
			continue
		}
		s.held[event] = true
		if frame := s.lines.hear.sent(event); frame != nil && s.send(frame) != nil {
			return errUnusable
		}
	}
	return nil
}

func (s *session) ask() error {
	s.closed, s.asAuthed = false, true
	return s.send(s.lines.request)
}

// shut is the end of the subscription, or that it has to wait for the AUTH. Its
// answer may come before the one of a REQ that was sent first.
func (s *session) shut(reason string) error {
	wants := strings.HasPrefix(reason, authRequired) || strings.HasPrefix(reason, restricted)
	switch {
	case s.up || !wants || s.asAuthed:
		return errUnusable
	case s.authed:
		return s.ask()
	}
	s.closed = true
	return nil
}

// taken is a relay's answer to an event.
func (s *session) taken(e envelope) {
	again, waits := s.held[e.id]
	silent := strings.HasPrefix(e.text, nobodyThere)
	switch {
	case e.ok && !silent, strings.HasPrefix(e.text, known):
		delete(s.held, e.id)
	case strings.HasPrefix(e.text, authRequired) && !again && len(s.held) < maxHeld:
		if s.held[e.id] = s.authed; !s.authed {
			return
		}
		if frame := s.lines.hear.sent(e.id); frame != nil && s.out.put(frame) {
			return
		}
		fallthrough
	default:
		if waits {
			delete(s.held, e.id)
		}
		s.lines.hear.rejected(s.line, e.id)
	}
}

func (s *session) send(frame []byte) error {
	if !s.out.put(frame) {
		return errUnusable
	}
	return nil
}
