package relay

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// What waits for somebody else does not hold up the end of the relay, and makes no
// error of it: a request that asks a signer, one that is sent by half, a key that is
// handed over on a socket.
func TestStopWhileSomethingWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begin  func(h *house)
		within time.Duration
	}{
		"a request": {func(h *house) {
			go func() {
				if resp, err := http.Get(strings.Replace(h.url, "ws", "http", 1) + "/api/waits"); err == nil {
					resp.Body.Close()
				}
			}()
		}, drainWithin},
		"half a request": {func(h *house) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "ws://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			fmt.Fprint(conn, "POST /api/body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
		}, 2 * drainWithin},
		"a key on a socket": {func(h *house) {
			who := newSigner(t)
			h.connect(who).say("EVENT", signed(t, who, nostr.Event{Kind: kindKeyTransfer, Content: "x", Tags: nostr.Tags{{"p", h.self.PublicKey()}}}))
		}, drainWithin},
	} {
		t.Run(name, func(t *testing.T) {
			var stopped time.Time
			t.Cleanup(func() { // after the house has come down
				if took := time.Since(stopped); took > tt.within {
					t.Errorf("the end took %v, want %v at most", took.Round(time.Millisecond), tt.within)
				}
			})
			waits := make(chan struct{}, 1)
			h := newHouse(t, func(c *Config) {
				c.HTTP = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					waits <- struct{}{}
					if r.Method == http.MethodPost {
						_, _ = r.Body.Read(make([]byte, 4))
						_, _ = r.Body.Read(make([]byte, 6))
						return
					}
					<-r.Context().Done()
				})
				c.KeyTransfer = func(ctx context.Context, _ *nostr.Event) error {
					waits <- struct{}{}
					<-ctx.Done()
					return ctx.Err()
				}
			})
			tt.begin(h)
			<-waits
			stopped = time.Now()
			h.stop()
		})
	}
}

// An event that is being accepted when the relay is told to stop is still stored.
func TestStopFinishesWhatIsAccepted(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	key := &slowKey{Key: readingKey(t, seller), begun: make(chan struct{}), goOn: make(chan struct{})}
	if err := h.keyring.Add(key); err != nil {
		t.Fatal(err)
	}
	wrap := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	s := h.connect(nil)
	s.say("EVENT", wrap)
	<-key.begun
	h.stop()
	<-h.relay.life.Done()
	close(key.goOn)
	if ok, reason := s.answer(wrap.ID); !ok {
		t.Errorf("it was refused: %s", reason)
	}
	if has, err := h.ledger.Has(t.Context(), wrap.ID); !has || err != nil {
		t.Errorf("it was not stored: %v", err)
	}
}

// slowKey is held up in the middle of its first decryption.
type slowKey struct {
	nip17.Key
	once        sync.Once
	begun, goOn chan struct{}
}

func (k *slowKey) Decrypt(ctx context.Context, from, payload string) (string, error) {
	k.once.Do(func() {
		close(k.begun)
		<-k.goOn
	})
	return k.Key.Decrypt(ctx, from, payload)
}
