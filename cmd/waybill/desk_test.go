package main

import (
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// What somebody asked for a while ago is not done when it comes now: it may have been
// held back, or come again to a ledger that was put back from before it.
func TestOutdatedRequest(t *testing.T) {
	d := startDaemonLogging(t, zerolog.Nop(), func(c *config) { c.Redis.Embedded = "memory" })
	user := nip17test.Signer(t)
	writes(t, d, user, "keys", time.Now().Add(-oldestRequest-time.Minute))
	answered(t, d, user, outdated)
	writes(t, d, user, "keys", time.Now().Add(-oldestRequest+time.Minute))
	answered(t, d, user, keysInWords(nil))
}

// Who has written so much that he is not answered any more is heard all the same when he
// takes his key back.
func TestRevokeUnanswered(t *testing.T) {
	d := startDaemonLogging(t, zerolog.Nop(), func(c *config) { c.Redis.Embedded = "memory" })
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	user, err := nip17.NewSecretSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	writes(t, d, user, "keys", time.Now())
	answered(t, d, user, keysInWords(nil)) // the daemon runs
	if _, err := d.desk.Enrol(t.Context(), enrol.Caller{Pubkey: user.PublicKey(), Door: enrol.DoorHTTP}, enrol.Offer{Secret: secret}); err != nil {
		t.Fatal(err)
	}
	for d.desk.Answers(user.PublicKey()) {
	}
	writes(t, d, user, "revoke all", time.Now())
	answered(t, d, user, keyWent(nip17.Entry{Pubkey: user.PublicKey(), Way: nip17.WayIdentity}))
	if d.keyring.Holds(user.PublicKey()) {
		t.Error("the key is still held")
	}
}

// writes has user send the relay a message.
func writes(t *testing.T, d *daemon, user *nip17.SecretSigner, text string, at time.Time) {
	t.Helper()
	self := d.identity.PublicKey()
	rumor := nostr.Event{Kind: nostr.KindDirectMessage, CreatedAt: nostr.Timestamp(at.Unix()), Content: text, Tags: nostr.Tags{{"p", self}}}
	c := &client.Client{Relays: d.cfg.Relay.PublicURLs[:1]}
	if _, err := c.Publish(t.Context(), user, rumor, ""); err != nil {
		t.Fatal(err)
	}
}

// answered waits until the relay has said the text to user.
func answered(t *testing.T, d *daemon, user *nip17.SecretSigner, text string) {
	t.Helper()
	reading, err := user.ReadingKey()
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := nip17.NewKeyring(reading)
	if err != nil {
		t.Fatal(err)
	}
	filter := nostr.Filter{Kinds: []int{nostr.KindGiftWrap}, Tags: nostr.TagMap{"p": {user.PublicKey()}}}
	var said []string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		said = nil
		for wrap, err := range d.ledger.Query(t.Context(), filter, user.PublicKey(), 100) {
			if err != nil {
				t.Fatal(err)
			}
			msg, err := nip17.Open(t.Context(), wrap, keyring)
			if err != nil {
				t.Fatal(err)
			}
			if msg.Rumor.Content == text {
				return
			}
			said = append(said, msg.Rumor.Content)
		}
	}
	t.Errorf("the relay says %q, want %q", said, text)
}
