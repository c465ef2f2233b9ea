package bunker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
)

func TestGiftWrap(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	kr, err := nip17.NewKeyring(k)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := nip17.Open(t.Context(), message(t, w.alice, w.user.PublicKey(), "hello"), kr)
	if err != nil {
		t.Fatal(err)
	}
	if msg.Rumor.Content != "hello" || msg.Owner != w.user.PublicKey() || msg.Rumor.PubKey != w.alice.PublicKey() {
		t.Errorf("got %+v", msg)
	}
	// The canary, the wrap and the seal.
	if got, want := w.bunker.Asked(), []string{"connect", "nip44_decrypt", "nip44_decrypt", "nip44_decrypt"}; !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
	if s := k.State(); s.Code != bunker.Online || s.InFlight != 0 || s.Requests != 4 || s.Failures != 0 {
		t.Errorf("got %+v", s)
	}
	for _, evt := range w.relay.Events() {
		if evt.Kind != 24133 || len(evt.Tags) != 1 || strings.Contains(evt.Content, "{") {
			t.Errorf("sent %v", evt)
		}
	}
	kr.Clear()
	wantErr(t, second(w.decrypt(t.Context(), k, w.payload(t, "x"))), bunker.ErrClosed)
}

func second(_ string, err error) error { return err }

func TestRefusedBeforeAsking(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	asked := len(w.bunker.Asked())
	good := w.payload(t, "x")
	for _, tt := range []struct {
		name, from, payload string
		want                error
	}{
		{"no key", "", good, nip17.ErrDecrypt},
		{"upper case", strings.ToUpper(w.alice.PublicKey()), good, nip17.ErrDecrypt},
		{"nothing", w.alice.PublicKey(), "", nip17.ErrDecrypt},
		{"short", w.alice.PublicKey(), good[:128], nip17.ErrDecrypt},
		{"no base64", w.alice.PublicKey(), strings.Repeat("!", 132), nip17.ErrDecrypt},
		{"a line end", w.alice.PublicKey(), good + "\n", nip17.ErrDecrypt},
		{"another version", w.alice.PublicKey(), strings.Repeat("A", 132), nip17.ErrDecrypt},
		{"too large", w.alice.PublicKey(), strings.Repeat("A", 87_476), nip17.ErrTooLarge},
		{"too large for the request", w.alice.PublicKey(), w.payload(t, long(50_000)), nip17.ErrDecrypt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := k.Decrypt(t.Context(), tt.from, tt.payload)
			if !errors.Is(err, tt.want) || nip17.Retryable(err) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if got := len(w.bunker.Asked()); got != asked {
		t.Errorf("the signer was asked %d times", got-asked)
	}
	if got, err := w.decrypt(t.Context(), k, w.payload(t, long(40_000))); len(got) != 40_000 || err != nil {
		t.Errorf("the largest: got %d bytes, %v", len(got), err)
	}
}

func TestParallel(t *testing.T) {
	const callers, parallel = 20, 8
	w := newWorld(t)
	k := w.open(t)
	arrived, release := make(chan struct{}, callers), make(chan struct{})
	w.bunker.Handle(func(r *bunkertest.Request) {
		arrived <- struct{}{}
		<-release
		r.Pass()
	})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			want := fmt.Sprint("message ", i)
			if got, err := w.decrypt(t.Context(), k, w.payload(t, want)); got != want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
	for range parallel {
		<-arrived
	}
	if s := k.State(); s.InFlight != parallel {
		t.Errorf("%d in flight, want %d", s.InFlight, parallel)
	}
	// A caller who does not get a slot leaves when his time is over.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	wantErr(t, second(w.decrypt(ctx, k, w.payload(t, "x"))), nip17.ErrKeyUnavailable, context.DeadlineExceeded)
	if got := len(arrived); got != 0 {
		t.Errorf("%d more than %d arrived", got, parallel)
	}
	close(release)
	wg.Wait()
}

func TestCallerLeaves(t *testing.T) {
	w := newWorld(t)
	k := w.open(t, bunker.Parallel(1))
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	w.bunker.Handle(func(r *bunkertest.Request) {
		arrived <- struct{}{}
		<-release
		r.Pass()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	wantErr(t, second(w.decrypt(ctx, k, w.payload(t, "x"))), nip17.ErrKeyUnavailable, context.Canceled)
	if s := k.State(); s.InFlight != 1 {
		t.Errorf("the signer is still busy, got %d in flight", s.InFlight)
	}
	close(release)
	w.reads(t, k)
}

func TestZero(t *testing.T) {
	w := newWorld(t)
	k := w.open(t, bunker.Parallel(4))
	arrived, release := make(chan struct{}, 8), make(chan struct{})
	defer close(release)
	w.bunker.Handle(func(*bunkertest.Request) { arrived <- struct{}{}; <-release })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := w.decrypt(t.Context(), k, w.payload(t, "x"))
			wantErr(t, err, bunker.ErrClosed, nip17.ErrNotForUs)
			if nip17.Retryable(err) || nip17.Reason(err) != "not-for-us" {
				t.Errorf("got reason %q", nip17.Reason(err))
			}
		})
	}
	for range 4 {
		<-arrived
	}
	k.Zero()
	wg.Wait()
	k.await(t, bunker.Closed)
	k.Zero()
	wantErr(t, k.Prove(t.Context()), bunker.ErrClosed)
	if s := k.State(); s.Code != bunker.Closed || s.InFlight != 0 {
		t.Errorf("got %+v", s)
	}
	if w.conn.Client.PublicKey() == "" {
		t.Error("the caller's own secret was wiped")
	}
	if len(k.states) > 0 {
		t.Errorf("a state after the last: %+v", <-k.states)
	}
}

func TestOpenInvalid(t *testing.T) {
	w := newWorld(t)
	for name, k := range map[string]*bunker.Key{
		"connection": bunker.Open(bunker.Connection{}, w.user.PublicKey()),
		"owner":      bunker.Open(w.conn, "nobody"),
	} {
		if s := k.State(); s.Code != bunker.Closed {
			t.Errorf("%s: got %+v", name, s)
		}
		wantErr(t, k.Prove(t.Context()), bunker.ErrClosed)
		wantErr(t, second(w.decrypt(t.Context(), k, w.payload(t, "x"))), bunker.ErrClosed)
		k.Zero()
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	invitation, err := bunker.Offer([]string{w.relay.URL()}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := w.conn.Client.AppendHex(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer invitation.Close()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{k.Key, invitation, w.conn, &w.conn} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, bunkertest.Token) || strings.Contains(got, string(secret)) || !strings.HasPrefix(got, "[bunker ") {
				t.Errorf("%s of %T: got %s", verb, v, got)
			}
		}
	}
}
