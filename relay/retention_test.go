package relay

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// shop has orders that real messages told of, some time ago.
type shop struct {
	t             *testing.T
	ledger        *ledger.Ledger
	decoder       *Decoder
	buyer, seller *nip17.SecretSigner
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, buyer: newSigner(t), seller: newSigner(t)}
	var err error
	if s.ledger, err = ledger.Open(t.Context(), filepath.Join(t.TempDir(), "waybill.db")); err != nil {
		t.Fatal(err)
	}
	keyring, err := nip17.NewKeyring(readingKey(t, s.seller))
	if err != nil {
		t.Fatal(err)
	}
	sealer := nip17.NewSealer(time.Hour)
	t.Cleanup(func() {
		sealer.Close()
		if err := s.ledger.Close(); err != nil {
			t.Error(err)
		}
	})
	s.decoder = NewDecoder(keyring, registry, sealer, newSigner(t).PublicKey(), nil, quiet)
	return s
}

// says sends one message about the order, dated and arriving at.
func (s *shop) says(who *nip17.SecretSigner, verb orders.Verb, id string, at time.Time) {
	s.t.Helper()
	d := intent(s.seller.PublicKey(), id)
	if d.Verb = verb; verb != orders.Intent {
		d = orders.Draft{Verb: verb, OrderID: id, To: s.seller.PublicKey(), Private: orders.Private{Reason: "because", Note: "hello"}}
	}
	if who == s.seller {
		d.To = s.buyer.PublicKey()
	}
	d.At = at.UnixMilli()
	h := &house{t: s.t, ctx: s.t.Context(), self: s.seller}
	for _, w := range h.wraps(who, d) {
		if w.Tags[0][1] != s.seller.PublicKey() {
			continue // the relay holds the seller's key alone
		}
		a := s.decoder.Decode(s.t.Context(), &w, at.UnixMilli())
		if got, err := s.ledger.Arrive(s.t.Context(), a); err != nil || got != ledger.Stored || a.State != ledger.Opened {
			s.t.Fatalf("%s of %s: %s %s, %v", verb, id, got, a.Reason, err)
		}
	}
}

func (s *shop) standing() (ids []string) {
	s.t.Helper()
	bs, err := s.ledger.Orders(s.t.Context(), "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range bs {
		o, err := orders.Assemble(s.t.Context(), s.ledger, b.Key)
		if err != nil {
			s.t.Fatal(err)
		}
		if o != nil {
			ids = append(ids, o.IntentID)
		}
	}
	return ids
}

func TestSweep(t *testing.T) {
	s := newShop(t)
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	const year = 365 * 24 * time.Hour
	old := now.Add(-2 * year)
	for id, ends := range map[string]orders.Verb{"delivered": orders.Delivered, "cancelled": orders.Cancel, "shipped": "", "disputed": orders.Dispute, "heard-of": orders.Delivered} {
		s.says(s.buyer, orders.Intent, id, old)
		if ends != orders.Cancel {
			s.says(s.seller, orders.Shipped, id, old.Add(time.Minute))
		}
		if ends == orders.Dispute {
			s.says(s.buyer, orders.Delivered, id, old.Add(2*time.Minute))
		}
		if ends != "" {
			s.says(s.buyer, ends, id, old.Add(3*time.Minute))
		}
	}
	s.says(s.seller, orders.Note, "heard-of", now.Add(-year/2))
	s.says(s.buyer, orders.Intent, "young", now.Add(-year/3))
	s.says(s.buyer, orders.Cancel, "young", now.Add(-year/3))
	all := s.standing()

	r := &Retention{Ledger: s.ledger, After: year, Log: quiet}
	for name, sweep := range map[string]func() (SweepReport, error){
		"a dry run": func() (SweepReport, error) { return r.Sweep(t.Context(), now, true) },
		"nothing set": func() (SweepReport, error) {
			return (&Retention{Ledger: s.ledger, Log: quiet}).Sweep(t.Context(), now, false)
		},
		"too early": func() (SweepReport, error) { return r.Sweep(t.Context(), old, false) },
	} {
		report, err := sweep()
		if err != nil || report.Erased != (ledger.Erased{}) || len(report.Swept) > 0 != (name == "a dry run") {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if got := s.standing(); !slices.Equal(got, all) {
			t.Errorf("%s: %v stand, want %v", name, got, all)
		}
	}
	dry, err := r.Sweep(t.Context(), now, true)
	if err != nil {
		t.Fatal(err)
	}
	report, err := r.Sweep(t.Context(), now, false)
	if err != nil || !report.Scrubbed || report.Moved > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	for i, want := range []Swept{
		{IntentID: "cancelled", Status: orders.StatusCancelled, LastHeard: old.Add(3 * time.Minute).UnixMilli()},
		{IntentID: "delivered", Status: orders.StatusDelivered, LastHeard: old.Add(3 * time.Minute).UnixMilli()},
	} {
		slices.SortFunc(report.Swept, func(a, b Swept) int { return strings.Compare(a.IntentID, b.IntentID) })
		slices.SortFunc(dry.Swept, func(a, b Swept) int { return strings.Compare(a.IntentID, b.IntentID) })
		if len(dry.Swept) != 2 || dry.Swept[i] != want {
			t.Fatalf("the dry run tells %+v, want %+v", dry.Swept, want)
		}
		want.Erased = report.Swept[i].Erased
		if want.Boxes == 0 || want.Events != want.Boxes || report.Swept[i] != want {
			t.Errorf("got %+v, want %+v with as many boxes as events", report.Swept[i], want)
		}
	}
	if got, want := strings.Join(s.standing(), " "), "disputed heard-of shipped young"; got != want {
		t.Errorf("%s stand, want %s", got, want)
	}
	if report.Looked != 5 { // not the young one
		t.Errorf("looked into %d orders, want 5", report.Looked)
	}
	again, err := r.Sweep(t.Context(), now, false)
	if err != nil || len(again.Swept) > 0 || again.Looked != 3 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// More orders than are looked at in one go.
func TestSweepGoesOn(t *testing.T) {
	s := newShop(t)
	at := time.Now().Add(-48 * time.Hour)
	for i := range sweepBatch + 5 {
		id := "o" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		s.says(s.buyer, orders.Intent, id, at)
		if i%2 == 0 {
			s.says(s.buyer, orders.Cancel, id, at)
		}
	}
	r := &Retention{Ledger: s.ledger, After: time.Hour, Log: quiet}
	report, err := r.Sweep(t.Context(), time.Now(), false)
	if err != nil || len(report.Swept) != (sweepBatch+6)/2 || report.Looked != sweepBatch+5 {
		t.Errorf("%d of %d swept, %v", len(report.Swept), report.Looked, err)
	}
}

// It sweeps when it starts, and ends when it is told to.
func TestRetentionRuns(t *testing.T) {
	s := newShop(t)
	start := time.Now()
	s.says(s.buyer, orders.Intent, "first", start.Add(-48*time.Hour))
	s.says(s.buyer, orders.Cancel, "first", start.Add(-48*time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r := &Retention{Ledger: s.ledger, After: time.Hour, Log: quiet}
	go func() { done <- r.Run(ctx) }()
	eventually(t, "the first sweep", func() bool { return len(s.standing()) == 0 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.says(s.buyer, orders.Intent, "second", start.Add(-48*time.Hour))
	s.says(s.buyer, orders.Cancel, "second", start.Add(-48*time.Hour))
	if report, err := r.sweepInTime(t.Context(), start.AddDate(70, 0, 0)); err != nil || len(report.Swept) > 0 {
		t.Errorf("by a clock that is wrong by years: %+v, %v", report, err)
	}
	if report, err := r.sweepInTime(t.Context(), start); err != nil || len(report.Swept) != 1 {
		t.Errorf("by a clock that is right: %+v, %v", report, err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- (&Retention{Ledger: s.ledger, Log: quiet}).Run(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("with nothing to erase: %v", err)
		}
	})
}
