package bunker_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

func TestInvitation(t *testing.T) {
	w := newWorld(t)
	invitation, err := bunker.Offer([]string{w.relay.URL()}, "Ways & Bills", "https://relay.example/?a=b c")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(invitation.URI())
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	if u.Scheme != "nostrconnect" || u.Host != invitation.Client() || query.Get("perms") != "nip44_decrypt" ||
		query.Get("relay") != w.relay.URL() || query.Get("name") != "Ways & Bills" ||
		query.Get("url") != "https://relay.example/?a=b c" || len(query.Get("secret")) < 32 || strings.Contains(u.RawQuery, "+") {
		t.Errorf("got %s", invitation.URI())
	}
	mallory := bunkertest.Start(t, nip17test.Signer(t), w.relay.URL())
	accept := func(b *bunkertest.Bunker, secret string) {
		b.Accept("nostrconnect://" + invitation.Client() + "?secret=" + secret)
	}
	type accepted struct {
		conn bunker.Connection
		err  error
	}
	result := make(chan accepted, 1)
	go func() {
		conn, err := invitation.Wait(t.Context(), bunker.Backoff(time.Millisecond, 10*time.Millisecond))
		result <- accepted{conn, err}
	}()
	w.relay.Subscribed(invitation.Client())
	for _, secret := range []string{"ack", "", query.Get("secret")[1:], query.Get("secret") + "0"} {
		accept(mallory, secret)
	}
	accept(w.bunker, query.Get("secret"))
	got := <-result
	if got.err != nil || got.conn.Signer != w.bunker.PublicKey() || got.conn.Token != "" {
		t.Fatalf("got signer %s, %v", got.conn.Signer, got.err)
	}
	invitation.Close() // the connection keeps its key
	_, err = invitation.Wait(t.Context())
	wantErr(t, err, bunker.ErrClosed)
	w.conn = got.conn
	w.reads(t, w.open(t))
	if got := w.bunker.Asked(); slices.Contains(got, "connect") {
		t.Errorf("asked %v", got)
	}
}

func TestInvitationEnds(t *testing.T) {
	w := newWorld(t)
	invitation, err := bunker.Offer([]string{w.relay.URL()}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		w.relay.Subscribed(invitation.Client())
		cancel()
	}()
	_, err = invitation.Wait(ctx)
	wantErr(t, err, bunker.ErrOffline, context.Canceled)
	invitation.Close()
	_, err = invitation.Wait(t.Context())
	wantErr(t, err, bunker.ErrClosed)

	for _, tt := range []struct {
		relays     []string
		name, site string
		want       error
	}{
		{nil, "", "", bunker.ErrRelays},
		{[]string{"https://relay.example"}, "", "", bunker.ErrRelays},
		{[]string{"wss://relay.example"}, long(65), "", bunker.ErrName},
		{[]string{"wss://relay.example"}, "\xff", "", bunker.ErrName},
		{[]string{"wss://relay.example"}, "", "javascript:x", bunker.ErrName},
	} {
		_, err := bunker.Offer(tt.relays, tt.name, tt.site)
		wantErr(t, err, tt.want)
	}
}
