package bunker

import (
	"context"
	"crypto/subtle"
	"time"

	"github.com/waybill-relay/waybill/nip17"
)

// An error of the signer says nothing by itself: the payload may be bad, or the
// permission withdrawn, and its text is for people. So the signer is asked for
// something that it can open for certain, the canary: a nonce that the key itself
// encrypted to the owner. Where that opens, the payload was bad.
//
// A canary proves something about the moment after it was sent only. It is shared
// by all whose error came before that, and never kept for a later one: a
// permission that is withdrawn must not turn a good message into a bad one.
type canary struct {
	done chan struct{}
	err  error
}

// tested waits for a canary that is sent after the call. It returns nil where the
// owner's payloads open, and else why nothing can be said of the payload.
func (k *Key) tested(ctx context.Context) error {
	k.mu.Lock()
	if k.canary == nil {
		k.canary = &canary{done: make(chan struct{})}
	}
	c := k.canary
	if !k.singing {
		k.singing = true
		go k.sing()
	}
	k.mu.Unlock()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return unavailable(ctx)
	}
}

// sing sends canaries, one at a time, until nobody waits for another.
func (k *Key) sing() {
	for {
		k.mu.Lock()
		c := k.canary
		if k.canary = nil; c == nil {
			k.singing = false
			k.mu.Unlock()
			return
		}
		k.mu.Unlock()
		if c.err = k.try(0); c.err != nil {
			k.mu.Lock()
			if code := codeOf(c.err); code == Denied && k.state.Code == Online {
				k.turn(code)
			}
			k.mu.Unlock()
		}
		close(c.done)
	}
}

// try sends one canary. Errors: ErrOffline, ErrApproval, ErrDenied, ErrNotOwner,
// ErrClosed.
func (k *Key) try(patience time.Duration) error {
	from, nonce, payload, err := lay(k.owner)
	if err != nil {
		return ErrOffline
	}
	c, err := k.x.start(methodDecrypt, []string{from, payload}, patience, func() {})
	if err != nil {
		return err
	}
	<-c.done // it has a time-out, and ends with the key
	switch {
	case c.err != nil:
		return c.err
	case c.reply.verdict != answered:
		return ErrDenied
	case subtle.ConstantTimeCompare([]byte(c.reply.result), []byte(nonce)) != 1:
		return ErrNotOwner
	}
	return nil
}

// lay encrypts a nonce to the owner with a key that is used once.
func lay(owner string) (from, nonce, payload string, err error) {
	secret, err := nip17.GenerateSecret()
	if err != nil {
		return "", "", "", err
	}
	defer secret.Zero()
	signer, err := nip17.NewSecretSigner(secret)
	if err != nil {
		return "", "", "", err
	}
	defer signer.Zero()
	nonce = randomID()
	payload, err = signer.Encrypt(context.Background(), owner, nonce)
	return signer.PublicKey(), nonce, payload, err
}
