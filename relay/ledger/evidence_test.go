package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

func TestCopies(t *testing.T) {
	l := open(t)
	f := fact("r", orders.Intent, alice, bob, "o-1", received)
	first := sealedBy(arrival(wrap("w1", bob, 1), bob, in(bob, f)), alice)
	dropped := sealedBy(arrival(wrap("w2", carol, 1), carol, in(carol, f)), alice)
	dropped.DropRaw = true
	again := arrival(wrap("w3", bob, 1), bob, in(bob, f))
	for _, a := range []Arrival{first, dropped, again, arrival(wrap("w4", bob, 1), bob, fact("other", orders.Paid, alice, bob, "o-1", received))} {
		arrive(t, l, a, Stored)
	}
	got, err := l.Copies(t.Context(), f.ID)
	want := []Copy{
		{EventID: first.Event.ID, Recipient: bob, ReceivedAt: received, Seal: first.Seal, Event: first.Event},
		{EventID: dropped.Event.ID, Recipient: carol, ReceivedAt: received, Seal: dropped.Seal, Gone: "dropped"},
		{EventID: again.Event.ID, Recipient: bob, ReceivedAt: received, Event: again.Event},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(nostr.Event{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	retire(t, l, "o-1")
	if got, err = l.Copies(t.Context(), f.ID); err != nil || len(got) != 3 || got[0].Event != nil || got[0].Gone != "retired" || got[1].Gone != "dropped" {
		t.Errorf("of a retired order: %+v, %v", got, err)
	}
}

func TestLastSealedTo(t *testing.T) {
	l := open(t)
	early := sealedBy(arrival(wrap("w1", bob, 1), bob, in(bob, fact("r", orders.Intent, alice, bob, "o-1", received))), alice)
	late := sealedBy(arrival(wrap("w2", bob, 1), bob, in(bob, fact("s", orders.Paid, alice, bob, "o-1", received))), alice)
	late.ReceivedAt += 5000
	arrive(t, l, early, Stored)
	arrive(t, l, late, Stored)
	for _, tt := range []struct {
		author, recipient string
		want              int64
	}{{alice, bob, received + 5000}, {alice, carol, 0}, {bob, bob, 0}} {
		if got, err := l.LastSealedTo(t.Context(), tt.author, tt.recipient); err != nil || got != tt.want {
			t.Errorf("%.4s to %.4s: got %d, %v, want %d", tt.author, tt.recipient, got, err, tt.want)
		}
	}
}
