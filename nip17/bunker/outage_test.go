package bunker_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
)

// fast is below any time-out, with room for a busy machine; short is a time-out
// that a test waits for.
const (
	fast  = 800 * time.Millisecond
	short = time.Second
)

func (w *world) failsFast(t *testing.T, k nip17.Key, want error) {
	t.Helper()
	began := time.Now()
	_, err := w.decrypt(t.Context(), k, w.payload(t, "x"))
	wantErr(t, err, want, nip17.ErrKeyUnavailable)
	if took := time.Since(began); took > fast {
		t.Errorf("it took %v", took)
	} else {
		t.Logf("it took %v", took)
	}
}

func TestSignerGoesAwayAndComesBack(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	for range 3 {
		w.bunker.Away()
		for range 3 { // the relay says that nobody listens
			wantErr(t, second(w.decrypt(t.Context(), k, w.payload(t, "x"))), bunker.ErrOffline)
		}
		k.await(t, bunker.Offline)
		w.failsFast(t, k, bunker.ErrOffline)
		w.bunker.Back()
		k.await(t, bunker.Online)
		w.reads(t, k)
	}
	if got := count(w.bunker.Asked(), "connect"); got != 1 {
		t.Errorf("connected %d times", got)
	}
}

func TestSignerFallsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.open(t, bunker.Timeout(short))
	lost := w.payload(t, "lost on a silent signer")
	var lostOnes, canaries atomic.Int32
	w.bunker.Handle(func(r *bunkertest.Request) {
		if isPayload(r, lost) {
			lostOnes.Add(1)
		} else if canaries.Add(1) > 2 {
			r.Pass()
		}
	})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			wantErr(t, second(w.decrypt(t.Context(), k, lost)), bunker.ErrOffline, nip17.ErrKeyUnavailable)
		})
	}
	wg.Wait()
	k.await(t, bunker.Offline)
	w.failsFast(t, k, bunker.ErrOffline)
	k.await(t, bunker.Online)
	if got := lostOnes.Load(); got != 3 {
		t.Errorf("the signer got the payload %d times", got)
	}
	if got := canaries.Load(); got != 3 {
		t.Errorf("%d canaries found out that it is back", got)
	}
}

func TestRelayGoesAwayAndComesBack(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	arrived := make(chan struct{}, 1)
	w.bunker.Handle(func(*bunkertest.Request) { arrived <- struct{}{} })
	go func() {
		<-arrived
		w.relay.Stop()
	}()
	// What was under way fails with the connection, not with the time-out.
	began := time.Now()
	wantErr(t, second(w.decrypt(t.Context(), k, w.payload(t, "x"))), bunker.ErrOffline)
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v", took)
	}
	k.await(t, bunker.Offline)
	w.failsFast(t, k, bunker.ErrOffline)
	w.bunker.Away()
	w.bunker.Handle(nil)
	w.relay.Start()
	w.bunker.Back()
	k.await(t, bunker.Online)
	w.reads(t, k)
	w.relay.Drop()
	k.await(t, bunker.Offline)
}

func TestOneRelayOfTwo(t *testing.T) {
	w := newWorld(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close() // it takes connections, and says nothing
	gone := bunkertest.NewRelay(t)
	gone.Stop()
	silent := bunkertest.NewRelay(t) // it works, but the signer is not there
	w.conn = parse(t, w.bunker.URL("ws://"+dead.Addr().String(), gone.URL(), silent.URL()))
	k := w.open(t)
	w.reads(t, k)
}

// The signer is on the relay that takes its time.
func TestTheOtherRelay(t *testing.T) {
	w := newWorld(t)
	first := bunkertest.NewRelay(t)
	w.conn = parse(t, w.bunker.URL(first.URL()))
	k := open(t, w.conn, w.user.PublicKey(), bunker.Backoff(time.Hour, time.Hour),
		bunker.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
			if "ws://"+addr == w.relay.URL() {
				first.Published(2) // the greeting and the canary
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}))
	if err := k.Prove(t.Context()); err != nil {
		t.Error(err)
	}
	w.reads(t, k)
}

func TestRelayRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.open(t, bunker.Timeout(time.Second))
	w.bunker.Away()
	w.relay.Refuse("blocked: not you")
	k.await(t, bunker.Offline)
	wantErr(t, k.Prove(t.Context()), bunker.ErrOffline)
	w.relay.Refuse("auth-required: and then not")
	wantErr(t, open(t, w.conn, w.user.PublicKey(), bunker.Timeout(fast)).Prove(t.Context()), bunker.ErrOffline)
	w.relay.Refuse("")
	w.bunker.Back()
	k.await(t, bunker.Online)
	w.reads(t, k)
}

func TestTwoRelays(t *testing.T) {
	w := newWorld(t)
	other := bunkertest.NewRelay(t)
	b := bunkertest.Start(t, w.user, w.relay.URL(), other.URL())
	w.conn = parse(t, b.URL())
	k := w.open(t)
	for range 10 { // every reply comes twice
		w.reads(t, k)
	}
	other.Stop()
	w.reads(t, k)
}

func TestNoRelay(t *testing.T) {
	w := newWorld(t)
	w.relay.Stop()
	k := open(t, w.conn, w.user.PublicKey(), bunker.Backoff(time.Hour, time.Hour))
	// Who comes while nothing is known hears what is found out.
	wantErr(t, second(w.decrypt(t.Context(), k, w.payload(t, "x"))), bunker.ErrOffline)
	k.await(t, bunker.Offline)
	w.failsFast(t, k, bunker.ErrOffline)
	wantErr(t, k.Prove(t.Context()), bunker.ErrOffline)
	_, err := bunker.Identify(t.Context(), w.conn)
	wantErr(t, err, bunker.ErrOffline)

	// Prove does not wait for the hour to be over.
	w.bunker.Away()
	w.relay.Start()
	w.bunker.Back()
	if err := k.Prove(t.Context()); err != nil {
		t.Error(err)
	}
	w.reads(t, k)
}

// A deadEnd is a connection whose other end vanishes without a word.
type deadEnd struct {
	net.Conn
	vanished *atomic.Bool
}

func (d deadEnd) Write(p []byte) (int, error) {
	if d.vanished.Load() {
		return len(p), nil
	}
	return d.Conn.Write(p)
}

func TestConnectionDiesWithoutAWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var dialled atomic.Int32
	var vanished atomic.Bool
	k := w.open(t, bunker.Timeout(fast), bunker.PingEvery(time.Millisecond),
		bunker.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if dialled.Add(1) == 1 && err == nil {
				conn = deadEnd{conn, &vanished}
			}
			return conn, err
		}))
	vanished.Store(true)
	k.await(t, bunker.Offline)
	k.await(t, bunker.Online)
	w.reads(t, k)
}

func TestProveEnds(t *testing.T) {
	w := newWorld(t)
	arrived := make(chan struct{}, 1)
	w.bunker.Handle(func(*bunkertest.Request) { arrived <- struct{}{} })
	k := open(t, w.conn, w.user.PublicKey())
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	wantErr(t, k.Prove(ctx), bunker.ErrOffline, context.Canceled)
}
