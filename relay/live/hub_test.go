package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// stage is a hub on a real ledger; the order indexes are the ledger's own word.
type stage struct {
	orders.Reader // of which only GetOrder is asked
	t             *testing.T
	ledger        *ledger.Ledger
	hub           *Hub
	progress      Progress
	down          atomic.Bool // the order indexes do not answer
	stop          func()

	buyer, seller, admin string
	n                    int
}

func newStage(t *testing.T) *stage {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l, err := ledger.Open(ctx, filepath.Join(t.TempDir(), "waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	key := func() string { return nip17test.Signer(t).PublicKey() }
	s := &stage{t: t, ledger: l, buyer: key(), seller: key(), admin: key(), stop: cancel}
	s.hub = &Hub{Ledger: l, Orders: s, Admin: func(k string) bool { return k == s.admin }, Progress: &s.progress, Log: zerolog.Nop()}
	done := make(chan error, 1)
	go func() { done <- s.hub.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, l.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stage) GetOrder(ctx context.Context, caller, id string) (*orders.Order, error) {
	if s.down.Load() {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "down")
	}
	k, ok, err := s.ledger.KeyOf(ctx, id)
	if err != nil || !ok || !k.Pair.Has(caller) {
		return nil, errors.Join(err, orders.Errorf(orders.ENOTFOUND, "none"))
	}
	return orders.Assemble(ctx, s.ledger, k)
}

// say keeps one statement of the buyer's, and returns its seq. Nobody is told yet.
func (s *stage) say(id string, verb orders.Verb) int64 {
	s.t.Helper()
	return s.says(id, verb, 1)
}

// says keeps one message that says the same so many times.
func (s *stage) says(id string, verb orders.Verb, times int) int64 {
	s.t.Helper()
	s.n++
	hex := func(what string) string {
		return strings.Repeat(fmt.Sprintf("%02x", what[0]), 28) + fmt.Sprintf("%08x", s.n)
	}
	parties := []string{s.buyer, s.seller}
	slices.Sort(parties)
	at := time.Now().UnixMilli() + int64(s.n)
	var facts []orders.Fact
	for i := range times {
		facts = append(facts, orders.Fact{
			ID: hex("r"), N: i, ReceivedAt: at, Inboxes: []string{}, Transports: []orders.Transport{orders.ByAPI}, Verb: verb,
			Sender: s.buyer, Parties: parties, OrderID: id, At: at, Trust: orders.Bound, Dialect: "gamma",
		})
	}
	out, err := s.ledger.Arrive(s.t.Context(), ledger.Arrival{
		Event:     &nostr.Event{ID: hex("e"), PubKey: hex("p"), Kind: 16, Sig: strings.Repeat("0", 128), Tags: nostr.Tags{}},
		Recipient: s.seller, ReceivedAt: at, State: ledger.Opened, Hidden: true, Facts: facts,
	})
	if err != nil || out != ledger.Stored {
		s.t.Fatal(out, err)
	}
	seq, err := s.ledger.LastSeq(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return seq
}

// tracked says something, and that the order indexes have it.
func (s *stage) tracked(id string, verb orders.Verb) {
	s.t.Helper()
	s.progress.Set(s.say(id, verb))
}

func (s *stage) follow(reader, since string) (*Stream, []Event) {
	s.t.Helper()
	stream, missed, err := s.hub.Follow(s.t.Context(), reader, since)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stream.Close)
	return stream, missed
}

func (s *stage) next(stream *Stream) (Event, Change) {
	s.t.Helper()
	select {
	case e := <-stream.Events():
		return e, change(s.t, e)
	case <-time.After(30 * time.Second):
		s.t.Fatal("nothing comes")
		return Event{}, Change{}
	}
}

func change(t *testing.T, e Event) (c Change) {
	t.Helper()
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, &c); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Nobody hears of what is not in the order indexes yet.
func TestOnlyWhatIsTracked(t *testing.T) {
	s := newStage(t)
	stream, missed := s.follow(s.buyer, "")
	if len(missed) != 1 || missed[0].ID == "" || missed[0].Name != "" {
		t.Errorf("got %+v", missed)
	}
	first := s.say("A", orders.Intent)
	second := s.say("B", orders.Intent)
	s.progress.Set(first)
	// The news reach further than the indexes: both are told once the second is there.
	if _, ok := stream.Position(); !ok {
		t.Error("something is there")
	}
	s.progress.Set(second)
	for i, want := range []string{"A", "B"} {
		e, c := s.next(stream)
		// The id stands at the last of them: to stop between the two loses none.
		if c.IntentID != want || (e.ID != "") != (i == 1) {
			t.Errorf("got %+v %+v", e, c)
		}
	}
}

func TestSlowReadersAreDropped(t *testing.T) {
	s := newStage(t)
	slow, _ := s.follow(s.buyer, "")
	quick, _ := s.follow(s.seller, "")
	for i := range maxQueue + 1 {
		id := fmt.Sprint("A-", i)
		s.tracked(id, orders.Intent)
		if _, c := s.next(quick); c.IntentID != id {
			t.Fatalf("got %+v", c)
		}
	}
	select {
	case <-slow.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("it goes on")
	}
	select {
	case <-quick.Done():
		t.Error("the other one ended too")
	default:
	}
}

// Redis may go away while somebody is told: nothing is lost.
func TestIndexesGoAway(t *testing.T) {
	s := newStage(t)
	stream, _ := s.follow(s.buyer, "")
	s.down.Store(true)
	s.tracked("A", orders.Intent)
	s.down.Store(false)
	if _, c := s.next(stream); c.IntentID != "A" || c.Status != orders.StatusIntentSent {
		t.Errorf("got %+v", c)
	}
	// It has lost something, and comes back to where it was.
	s.progress.Set(0)
	s.tracked("A", orders.Paid)
	if _, c := s.next(stream); c.Status != orders.StatusPaid || !slices.Equal(c.Changed, []orders.Verb{orders.Paid}) {
		t.Errorf("got %+v", c)
	}
}

func TestFarBehind(t *testing.T) {
	s := newStage(t)
	_, missed := s.follow(s.buyer, "")
	start := missed[0].ID
	last := s.says("A", orders.Note, maxBehind+1)
	live, _ := s.follow(s.seller, "")
	s.progress.Set(last)
	if e, _ := s.next(live); e.Name != Reset || e.ID != s.hub.id(last) {
		t.Errorf("got %+v", e)
	}
	if _, missed = s.follow(s.buyer, start); len(missed) != 1 || missed[0].Name != Reset {
		t.Errorf("got %+v", missed)
	}
	// A little less is told, each order once.
	if _, missed = s.follow(s.buyer, fmt.Sprint(last-maxBehind)); len(missed) != 1 || missed[0].Name != "" {
		t.Errorf("got %+v", missed) // notes alone begin no order
	}
	s.tracked("B", orders.Intent)
	s.tracked("B", orders.Paid)
	eventually := func() (missed []Event) {
		for {
			stream, missed := s.follow(s.buyer, fmt.Sprint(last))
			stream.Close()
			if c := change(t, missed[len(missed)-1]); c.Status == orders.StatusPaid {
				return missed
			}
		}
	}
	if missed = eventually(); len(missed) != 1 || missed[0].ID == "" {
		t.Errorf("got %+v", missed)
	}
}

func TestEnd(t *testing.T) {
	s := newStage(t)
	stream, _ := s.follow(s.buyer, "")
	s.stop()
	<-stream.Done()
	stream.Close() // again
	if _, _, err := s.hub.Follow(context.Background(), s.buyer, ""); orders.ErrorCode(err) != orders.EUNAVAILABLE {
		t.Errorf("got %v", err)
	}
}
