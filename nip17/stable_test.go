package nip17_test

import (
	"errors"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

func TestEncryptStable(t *testing.T) {
	me, reader, other := nip17test.Signer(t), nip17test.Signer(t), nip17test.Signer(t)
	ctx := t.Context()
	encrypt := func(to, text string, labels ...string) string {
		t.Helper()
		payload, err := me.EncryptStable(ctx, to, text, labels...)
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	first := encrypt(reader.PublicKey(), "hello", "a", "b")
	if again := encrypt(reader.PublicKey(), "hello", "a", "b"); again != first {
		t.Error("the same is not the same")
	}
	if plain, err := reader.Decrypt(ctx, me.PublicKey(), first); err != nil || plain != "hello" {
		t.Errorf("got %q, %v", plain, err)
	}
	nonce := func(payload string) string { return payload[2:44] } // base64 of what stands behind the version
	for name, payload := range map[string]string{
		"another text":    encrypt(reader.PublicKey(), "hallo", "a", "b"),
		"another reader":  encrypt(other.PublicKey(), "hello", "a", "b"),
		"another label":   encrypt(reader.PublicKey(), "hello", "a", "c"),
		"labels run on":   encrypt(reader.PublicKey(), "hello", "ab"),
		"a label less":    encrypt(reader.PublicKey(), "hello", "a"),
		"text into label": encrypt(reader.PublicKey(), "helloa", "b"),
	} {
		if nonce(payload) == nonce(first) {
			t.Errorf("%s has the same nonce", name)
		}
	}
	evt := nostr.Event{Kind: 1, Content: first, CreatedAt: 5}
	twin := evt
	if err := errors.Join(me.Sign(ctx, &evt), me.Sign(ctx, &twin)); err != nil || evt.Sig != twin.Sig {
		t.Errorf("a signature is not stable: %v", err)
	}
	if _, err := me.EncryptStable(ctx, reader.PublicKey(), ""); !errors.Is(err, nip17.ErrEmpty) {
		t.Errorf("nothing: %v", err)
	}
	me.Zero()
	if _, err := me.EncryptStable(ctx, reader.PublicKey(), "hello"); !errors.Is(err, nip17.ErrSecret) {
		t.Errorf("after Zero: %v", err)
	}
}
