package bunker

import (
	"context"
	"encoding/hex"
	"sync"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// A client is the key pair that this side speaks with, toward one signer. It
// keeps Zero from wiping the key while it is in use.
type client struct {
	public string // hex

	mu     sync.RWMutex
	signer *nip17.SecretSigner // nil once zeroed
}

// newClient copies the secret. The error is nip17.ErrSecret.
func newClient(secret nip17.Secret) (*client, error) {
	signer, err := nip17.NewSecretSigner(secret)
	if err != nil {
		return nil, err
	}
	return &client{public: signer.PublicKey(), signer: signer}, nil
}

// compose makes the event that carries text (JSON) to the signer. Errors:
// nip17.ErrTooLarge above 65,535 bytes, ErrClosed.
func (c *client) compose(to, text string) (nostr.Event, error) {
	var evt nostr.Event
	err := c.use(func(s *nip17.SecretSigner) error {
		content, err := s.Encrypt(context.Background(), to, text)
		if err != nil {
			return err
		}
		evt = nostr.Event{
			CreatedAt: nostr.Now(),
			Kind:      kindMessage,
			Tags:      nostr.Tags{{"p", to}},
			Content:   content,
		}
		return s.Sign(context.Background(), &evt)
	})
	return evt, err
}

func (c *client) sign(evt *nostr.Event) error {
	return c.use(func(s *nip17.SecretSigner) error { return s.Sign(context.Background(), evt) })
}

// read opens the content of an event to this client. It checks the author's
// signature: a relay could have made the event up.
func (c *client) read(evt *nostr.Event) (text string, ok bool) {
	if evt.Kind != kindMessage || len(evt.Content) > maxPayload || !addressed(evt, c.public) || !signed(evt) {
		return "", false
	}
	err := c.use(func(s *nip17.SecretSigner) (err error) {
		text, err = s.Decrypt(context.Background(), evt.PubKey, evt.Content)
		return err
	})
	return text, err == nil
}

func (c *client) use(do func(*nip17.SecretSigner) error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.signer == nil {
		return ErrClosed
	}
	return do(c.signer)
}

// zero wipes the secret and the conversation keys.
func (c *client) zero() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signer != nil {
		c.signer.Zero()
		c.signer = nil
	}
}

func addressed(evt *nostr.Event, to string) bool {
	for _, tag := range evt.Tags {
		if len(tag) >= 2 && tag[0] == "p" && tag[1] == to {
			return true
		}
	}
	return false
}

// signed drops go-nostr's errors: they quote the values.
func signed(evt *nostr.Event) bool {
	if _, err := hex.DecodeString(evt.Sig); err != nil || len(evt.Sig) != 128 {
		return false
	}
	if !nip17.ValidPublicKey(evt.PubKey) || !evt.CheckID() {
		return false
	}
	ok, err := evt.CheckSignature()
	return ok && err == nil
}
