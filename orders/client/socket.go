package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"

	"github.com/waybill-relay/waybill/orders"
)

// publishTimeout bounds one relay's part.
const publishTimeout = 15 * time.Second

// publishTo gives the events to one relay, one after another, and marks those it
// took. The error is the first refusal, or why the relay could not be asked.
func publishTo(ctx context.Context, from orders.Signer, url string, evts []nostr.Event, taken []bool) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	conn, err := nostr.NewConnection(ctx, url, nil, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &socket{conn: conn, url: url}
	var refused error
	for i, evt := range evts {
		err := s.publish(ctx, from, evt)
		taken[i] = taken[i] || err == nil
		if refused == nil {
			refused = err
		}
	}
	return refused
}

// A socket is one connection that asks one thing at a time. go-nostr's Relay
// does more, and closes and pings in ways that race with each other.
type socket struct {
	conn      *nostr.Connection
	url       string
	challenge string // of NIP-42; "" until the relay sent one
}

// publish sends an event and waits for its OK; it authenticates (NIP-42) where
// the relay wants that first.
func (s *socket) publish(ctx context.Context, from orders.Signer, evt nostr.Event) error {
	reason, err := s.ask(ctx, nostr.EventEnvelope{Event: evt}, evt.ID)
	if err != nil || !strings.HasPrefix(reason, "auth-required:") || s.challenge == "" {
		return errors.Join(err, refusal(reason))
	}
	auth := nip42.CreateUnsignedAuthEvent(s.challenge, from.PublicKey(), s.url)
	if err := from.Sign(ctx, &auth); err != nil {
		return err
	}
	if reason, err = s.ask(ctx, nostr.AuthEnvelope{Event: auth}, auth.ID); err != nil || reason != "" {
		return errors.Join(err, refusal(reason))
	}
	reason, err = s.ask(ctx, nostr.EventEnvelope{Event: evt}, evt.ID)
	return errors.Join(err, refusal(reason))
}

func refusal(reason string) error {
	if reason == "" {
		return nil
	}
	return errors.New(reason)
}

// ask sends a message and reads until the OK for id. reason is "" where it was
// taken.
func (s *socket) ask(ctx context.Context, message json.Marshaler, id string) (reason string, err error) {
	text, err := message.MarshalJSON()
	if err != nil {
		return "", err
	}
	if err := s.conn.WriteMessage(ctx, text); err != nil {
		return "", err
	}
	for {
		var buf bytes.Buffer
		if err := s.conn.ReadMessage(ctx, &buf); err != nil {
			return "", err
		}
		// What is neither of the two is not for us, also where it does not parse.
		envelope, _ := nostr.NewMessageParser().ParseMessage(buf.String())
		switch e := envelope.(type) {
		case *nostr.AuthEnvelope:
			if e.Challenge != nil {
				s.challenge = *e.Challenge
			}
		case *nostr.OKEnvelope:
			if e.EventID == id && e.OK {
				return "", nil
			} else if e.EventID == id {
				return cmp.Or(e.Reason, "refused without a reason"), nil
			}
		}
	}
}
