package main

import (
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// What somebody asked for a while ago is not done when it comes now: it may have been
// held back, or come again to a ledger that was put back from before it.
func TestOutdatedRequest(t *testing.T) {
	m := newMarket(t, func(c *config) { c.Redis.Embedded = "memory" })
	user := nip17test.Signer(t)
	for at, want := range map[time.Duration]string{-oldestRequest - time.Minute: outdated, -oldestRequest + time.Minute: keysInWords(nil)} {
		m.writes(user, "keys", time.Now().Add(at))
		if got := m.hears(user, want); got != want {
			t.Errorf("the relay says %q, want %q", got, want)
		}
	}
}

// Who has written so much that he is not answered any more is heard all the same when he
// takes his key back.
func TestRevokeUnanswered(t *testing.T) {
	m := newMarket(t, func(c *config) { c.Redis.Embedded = "memory" })
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	user, err := nip17.NewSecretSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.asks(user, "keys", keysInWords(nil)), keysInWords(nil); got != want { // the daemon runs
		t.Errorf("the relay says %q, want %q", got, want)
	}
	if _, err := m.desk.Enrol(t.Context(), enrol.Caller{Pubkey: user.PublicKey(), Door: enrol.DoorHTTP}, enrol.Offer{Secret: secret}); err != nil {
		t.Fatal(err)
	}
	for m.desk.Answers(user.PublicKey()) {
	}
	want := keyWent(nip17.Entry{Pubkey: user.PublicKey(), Way: nip17.WayIdentity})
	if got := m.asks(user, "revoke all", want); got != want {
		t.Errorf("the relay says %q, want %q", got, want)
	}
	if m.keyring.Holds(user.PublicKey()) {
		t.Error("the key is still held")
	}
}
