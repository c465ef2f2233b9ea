//go:build !race

// khatru walks its list of listeners without a lock, which the race detector is
// right about. Everything else is tested with a relay of our own.

package bunker_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip46"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

// TestInterop asks a signer that others wrote, by a relay that others wrote.
func TestInterop(t *testing.T) {
	relay := khatru.NewRelay()
	server := httptest.NewServer(relay)
	defer server.Close()
	url := strings.Replace(server.URL, "http", "ws", 1)

	userSecret := nostr.GeneratePrivateKey()
	user, err := nostr.GetPublicKey(userSecret)
	if err != nil {
		t.Fatal(err)
	}
	secrets := serve(t, url, userSecret, user)

	conn, err := bunker.Parse("bunker://" + user + "?relay=" + url + "&secret=abc")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := bunker.Identify(t.Context(), conn)
	if owner != user || err != nil {
		t.Fatalf("got %s, %v", owner, err)
	}
	if got := <-secrets; got != "abc" {
		t.Errorf("got secret %q", got)
	}
	conn.Token = ""
	k := bunker.Open(conn, owner)
	kr, err := nip17.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	defer kr.Clear()
	if err := k.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	alice := nip17test.Signer(t)
	msg, err := nip17.Open(t.Context(), message(t, alice, user, "hello"), kr)
	if err != nil || msg.Rumor.Content != "hello" {
		t.Errorf("got %q, %v", msg.Rumor.Content, err)
	}
	payload, err := alice.Encrypt(t.Context(), alice.PublicKey(), "not for the user")
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Decrypt(t.Context(), alice.PublicKey(), payload)
	wantErr(t, err, nip17.ErrDecrypt)
}

// serve runs go-nostr's signer, and tells the secrets that clients connect with.
func serve(t *testing.T, url, secret, public string) <-chan string {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	secrets := make(chan string, 8)
	signer := nip46.NewStaticKeySigner(secret)
	signer.AuthorizeRequest = func(_ bool, _ string, secret string) bool {
		if secret != "" {
			secrets <- secret
		}
		return true
	}
	conn, err := nostr.RelayConnect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	sub, err := conn.Subscribe(ctx, nostr.Filters{{Kinds: []int{24133}, Tags: nostr.TagMap{"p": {public}}, LimitZero: true}})
	if err != nil {
		t.Fatal(err)
	}
	<-sub.EndOfStoredEvents
	go func() {
		for evt := range sub.Events {
			if _, _, reply, err := signer.HandleRequest(ctx, evt); err == nil {
				_ = conn.Publish(ctx, reply)
			}
		}
	}()
	return secrets
}
