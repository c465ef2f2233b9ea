package relay

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Serve ends in time however much is being published, and what it took is there.
func TestServeEndsUnderLoad(t *testing.T) {
	ctx := context.Background()
	l, err := ledger.Open(ctx, filepath.Join(t.TempDir(), "waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "ws://" + listener.Addr().String()
	r := New(Config{PublicURLs: []string{url}, Kinds: []int{0}, MaxLimit: 10}, l, new(nip17.Keyring), nil, quiet)
	serving, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Serve(serving, listener) }()

	const publishers, each = 4, 400 // more than the relay takes before it is told to stop
	var made [publishers][]nostr.Event
	for p := range made {
		who := newSigner(t)
		for i := range each {
			made[p] = append(made[p], signed(t, who, nostr.Event{Kind: 0, Content: "{}", CreatedAt: nostr.Timestamp(1_700_000_000 + i)}))
		}
	}
	var mu sync.Mutex
	var last []string // of each publisher, the newest event that got OK true
	var taken atomic.Int64
	var wg sync.WaitGroup
	for _, evts := range made {
		conn, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for _, e := range evts {
				if conn.WriteJSON([]any{"EVENT", e}) != nil {
					return
				}
			}
		})
		wg.Go(func() {
			defer conn.Close()
			newest := ""
			for {
				var m []any
				if conn.ReadJSON(&m) != nil {
					break
				}
				if m[0] == "OK" && m[2] == true {
					newest = m[1].(string)
					taken.Add(1)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			last = append(last, newest)
		})
	}
	eventually(t, "load", func() bool { return taken.Load() > 50 })
	begun := time.Now()
	stop()
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
	if took := time.Since(begun); took > closeWithin+2*time.Second {
		t.Errorf("took %s to end", took)
	}
	wg.Wait()
	for _, id := range last {
		// A newer version may have been stored without its OK getting out.
		if known, err := l.Has(ctx, id); id != "" && (err != nil || !known) {
			newer, err := l.Publish(ctx, eventOf(made[:], id), time.Now().UnixMilli())
			if err != nil || newer == ledger.Stored {
				t.Errorf("%s got OK true and is not there: %s, %v", id, newer, err)
			}
		}
	}
}

func eventOf(made [][]nostr.Event, id string) *nostr.Event {
	for _, evts := range made {
		for i := range evts {
			if evts[i].ID == id {
				return &evts[i]
			}
		}
	}
	return nil
}

// A live subscription made before AUTH comes to life with it.
func TestSubscribingBeforeAuthentication(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	s := h.connect(nil)
	s.subscribe("inbox", obj{"kinds": []int{1059}, "limit": 0})
	w := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))
	h.publish(h.connect(nil), w[0])
	if heard := s.heard(); len(heard) != 0 {
		t.Errorf("before AUTH: %q", heard)
	}
	if !s.auth(seller, h.url) {
		t.Fatal("no AUTH")
	}
	second := h.wraps(buyer, intent(seller.PublicKey(), "A-2"))[0]
	h.publish(h.connect(nil), second)
	if got := s.next(); got.ID != second.ID {
		t.Errorf("got %s, want the second", got.ID)
	}
}

func TestMalformedSubscriptions(t *testing.T) {
	h := newHouse(t)
	s := h.connect(nil)
	kinds := make([]int, 2000)
	for name, tt := range map[string]struct {
		id     string
		filter any
	}{
		"a long id": {strings.Repeat("x", 65), obj{}}, "a quote in the id": {`a"b`, obj{}}, "a huge filter": {"s", obj{"kinds": kinds}},
	} {
		if _, closed := s.subscribe(tt.id, tt.filter); !strings.HasPrefix(closed, "invalid:") {
			t.Errorf("%s: got %q", name, closed)
		}
	}
	if got := h.relay.fanout.len(); got != 0 {
		t.Errorf("%d subscriptions live on", got)
	}
}

func TestHeavyEvents(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	r := h.connect(nil)
	ballast := nostr.Tag{"x", strings.Repeat("y", 600_000)}
	for name, evt := range map[string]nostr.Event{
		"a wrap":    {Kind: 1059, Tags: nostr.Tags{{"p", h.self.PublicKey()}, ballast[:1:1], {"x", strings.Repeat("y", 5_000)}}},
		"a listing": {Kind: 30402, Tags: nostr.Tags{{"d", "x"}, ballast}},
	} {
		if err := r.publish(signed(t, who, evt)); err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Redis loses everything while nothing comes.
func TestIdleTrackerNoticesAnEmptyRedis(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	h.publish(h.connect(nil), h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0])
	h.order("A-1", func(*orders.Order) bool { return true })
	opt, err := redis.ParseURL(h.redis)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	defer client.Close()
	if err := client.FlushAll(h.ctx).Err(); err != nil {
		t.Fatal(err)
	}
	h.order("A-1", func(*orders.Order) bool { return true })
}

// What an encryption key does not open waits for the identity's own key.
func TestTheOtherKeyOpensIt(t *testing.T) {
	h := newHouse(t)
	buyer, seller := newSigner(t), newSigner(t)
	secret, err := nip17.GenerateSecret()
	if err != nil {
		t.Fatal(err)
	}
	encryption, err := nip17.NewLocalKey(secret, seller.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.keyring.Add(encryption); err != nil {
		t.Fatal(err)
	}
	w := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	if a := h.decode(w); a.State != ledger.Waiting {
		t.Errorf("got %s, want waiting", a.State)
	}
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	if a := h.decode(w); a.State != ledger.Opened {
		t.Errorf("got %s %s, want opened", a.State, a.Reason)
	}
}

// A key that comes while its wrap is being stored is not overlooked.
func TestAKeyThatComesMeanwhile(t *testing.T) {
	told := make(chan struct{}, 1)
	h := newHouse(t, func(c *Config) { c.Anyone, c.Late = true, func(string) { told <- struct{}{} } })
	buyer, seller := newSigner(t), newSigner(t)
	w := h.wraps(buyer, intent(seller.PublicKey(), "A-1"))[0]
	a := h.decoder.decode(h.ctx, &w, time.Now().UnixMilli()) // too early
	if err := h.keyring.Add(readingKey(t, seller)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.relay.arrive(h.ctx, a); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
	case <-time.After(30 * time.Second):
		t.Error("nobody was told")
	}
}
