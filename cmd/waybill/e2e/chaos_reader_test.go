//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
)

// A reader is a client that asks and listens, one thing at a time.
type reader struct {
	conn      *websocket.Conn
	url       string
	challenge string
}

// listen connects a reader and takes the relay's challenge.
func listen(t *testing.T, url string) *reader {
	t.Helper()
	r, err := newReader(url)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newReader is listen for whoever goes on where nobody answers.
func newReader(url string) (*reader, error) {
	conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	r := &reader{conn: conn, url: url}
	if _, err := r.until(func(label string, rest []json.RawMessage) bool {
		return label == "AUTH" && json.Unmarshal(rest[0], &r.challenge) == nil
	}); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *reader) close() { r.conn.Close() }

// until reads frames up to the one that is wanted, and returns the events before it.
func (r *reader) until(wanted func(label string, rest []json.RawMessage) bool) (events []nostr.Event, err error) {
	for {
		if err := r.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return events, err
		}
		var frame []json.RawMessage
		if err := r.conn.ReadJSON(&frame); err != nil {
			return events, err
		}
		var label string
		if len(frame) < 2 || json.Unmarshal(frame[0], &label) != nil {
			continue
		}
		if label == "EVENT" && len(frame) == 3 {
			var evt nostr.Event
			if err := json.Unmarshal(frame[2], &evt); err != nil {
				return events, err
			}
			events = append(events, evt)
		}
		if wanted(label, frame[1:]) {
			return events, nil
		}
	}
}

// auth proves to be s, by the client's own clock; reason is "" where the relay
// believes it.
func (r *reader) auth(s *speaker, at time.Time) (reason string, err error) {
	evt := nip42.CreateUnsignedAuthEvent(r.challenge, s.pubkey, r.url)
	evt.CreatedAt = nostr.Timestamp(at.Unix())
	s.sign(&evt)
	if err := r.conn.WriteJSON([]any{"AUTH", evt}); err != nil {
		return "", err
	}
	_, err = r.until(func(label string, rest []json.RawMessage) bool {
		var id string
		var ok bool
		if label != "OK" || json.Unmarshal(rest[0], &id) != nil || id != evt.ID {
			return false
		}
		if len(rest) == 3 && json.Unmarshal(rest[1], &ok) == nil && !ok {
			_ = json.Unmarshal(rest[2], &reason) // stays "" where it is no text, which the caller sees
			if reason == "" {
				reason = "without a reason"
			}
		}
		return true
	})
	return reason, err
}

// ask asks for what is stored, and returns it with the reason where the relay closes
// the subscription.
func (r *reader) ask(f nostr.Filter) (events []nostr.Event, closed string, err error) {
	if err := r.conn.WriteJSON([]any{"REQ", "s", f}); err != nil {
		return nil, "", err
	}
	events, err = r.until(func(label string, rest []json.RawMessage) bool {
		if label == "CLOSED" && len(rest) > 1 {
			_ = json.Unmarshal(rest[1], &closed)
			return true
		}
		return label == "EOSE"
	})
	if err == nil && closed == "" {
		err = r.conn.WriteJSON([]any{"CLOSE", "s"})
	}
	return events, closed, err
}
