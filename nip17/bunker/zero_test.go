package bunker

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

func TestZeroWipes(t *testing.T) {
	user := nip17test.Signer(t).PublicKey()
	conn, err := Parse("bunker://" + user + "?relay=ws://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	k := Open(conn, user)
	signer := k.x.client.signer
	payload, err := signer.Encrypt(t.Context(), signer.PublicKey(), "x")
	if err != nil {
		t.Fatal(err)
	}
	k.Zero()
	if _, err := signer.Decrypt(t.Context(), signer.PublicKey(), payload); !errors.Is(err, nip17.ErrNotForUs) {
		t.Errorf("the client's key still decrypts: %v", err)
	}
	if _, err := k.x.client.compose(user, "x"); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
}

// A proxy would dial in place of the guard.
func TestNoProxyBesideADialer(t *testing.T) {
	set := newSettings([]Option{Dialer(func(context.Context, string, string) (net.Conn, error) { return nil, nil })})
	if set.client().Transport.(*http.Transport).Proxy != nil {
		t.Error("there is a proxy")
	}
}
