package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// key returns 64 hex digits that stand for name: a public key or an event id.
func key(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

var alice, bob, carol, mallory = key("alice"), key("bob"), key("carol"), key("mallory")

func openAt(t testing.TB, path string, opts ...Option) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func open(t testing.TB, opts ...Option) *Ledger {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "ledger.db"), opts...)
}

// event is an event nobody signed: the ledger does not look at signatures.
func event(id string, kind int, author string, at int64, tags ...nostr.Tag) *nostr.Event {
	return &nostr.Event{
		ID: key(id), PubKey: author, Kind: kind, CreatedAt: nostr.Timestamp(at), Tags: tags,
		Content: "content of " + id, Sig: key("sig") + key(id),
	}
}

// wrap is a gift wrap to somebody, by a throw-away key.
func wrap(id, to string, at int64) *nostr.Event {
	return event(id, 1059, key("thrown away "+id), at, nostr.Tag{"p", to})
}

// arrival is a wrap in the inbox of to, opened where it has facts.
func arrival(evt *nostr.Event, to string, facts ...orders.Fact) Arrival {
	a := Arrival{Event: evt, Recipient: to, ReceivedAt: 1_700_000_000_000, State: New, Facts: facts}
	if len(facts) > 0 {
		a.State = Opened
	}
	return a
}

// fact is what alice and bob would say about an order.
func fact(id string, verb orders.Verb, sender, other, orderID string, at int64) orders.Fact {
	parties := []string{sender, other}
	if other < sender {
		parties = []string{other, sender}
	}
	return orders.Fact{
		ID: key(id), ReceivedAt: at, Inboxes: []string{other}, Transports: []orders.Transport{orders.ByWrap},
		Verb: verb, Sender: sender, Parties: parties, OrderID: orderID, At: at, Trust: orders.Bound, Dialect: "test",
		Box: &orders.Box{SealedBy: key("sealing"), For: map[string]string{other: "ciphertext of " + id}},
	}
}

func arrive(t testing.TB, l *Ledger, a Arrival, want Outcome) {
	t.Helper()
	if got, err := l.Arrive(t.Context(), a); err != nil || got != want {
		t.Fatalf("Arrive = %q, %v; want %q", got, err, want)
	}
}

func publish(t testing.TB, l *Ledger, evt *nostr.Event, want Outcome) {
	t.Helper()
	if got, err := l.Publish(t.Context(), evt, 1_700_000_000_000); err != nil || got != want {
		t.Fatalf("Publish(kind %d) = %q, %v; want %q", evt.Kind, got, err, want)
	}
}

// ids returns the ids that Query yields.
func ids(t testing.TB, l *Ledger, f nostr.Filter, reader string) []string {
	t.Helper()
	got := []string{}
	for evt, err := range l.Query(t.Context(), f, reader, 500) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, evt.ID)
	}
	return got
}

// serves reports whether the event can be read by reader under its id.
func serves(t testing.TB, l *Ledger, evt *nostr.Event, reader string) bool {
	t.Helper()
	return len(ids(t, l, nostr.Filter{IDs: []string{evt.ID}}, reader)) == 1
}
