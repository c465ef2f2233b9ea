package orders

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// someFact draws any fact about the order of ana and bob within four days.
func someFact(t *rapid.T, i int) Fact {
	verb := rapid.SampledFrom(Rules).Draw(t, "rule").Verb
	who := rapid.SampledFrom([]string{ana, ana, ana, bob, bob, bob, judge, eve}).Draw(t, "who")
	f := says(who, verb, rapid.Int64Range(0, 4*24*60).Draw(t, "minute"), id(fmt.Sprintf("f%02d", i)))
	f.At = f.ReceivedAt + minute*rapid.Int64Range(-6000, 6000).Draw(t, "clock is off by")*rapid.Int64Range(0, 1).Draw(t, "at all")
	f.ByAdmin = who == judge
	f.Trust = rapid.SampledFrom([]Trust{Bound, Bound, Bound, Unbound}).Draw(t, "trust")
	f.SellerDelivers = rapid.Bool().Draw(t, "seller delivers")
	f.Held = rapid.IntRange(0, 7).Draw(t, "held") == 0
	f.Hint = verb == Request && rapid.Bool().Draw(t, "hint")
	f.Leg = verb == Request && rapid.Bool().Draw(t, "leg")
	f.Acceptance = verb == Process && rapid.Bool().Draw(t, "acceptance")
	f.Standing = verb == Shipped && rapid.Bool().Draw(t, "standing")
	f.Transports = rapid.SampledFrom([][]Transport{{ByWrap}, {ByWrap}, {ByPublic}}).Draw(t, "transport")
	f.ProofHash = rapid.SampledFrom([]string{"", "", "22", "33"}).Draw(t, "token")
	f.Expiry = rapid.SampledFrom([]int64{0, noon + 24*60*minute}).Draw(t, "expiry")
	if verb == Note && rapid.Bool().Draw(t, "asks or tells of a leg") {
		f.Code, f.Payee = rapid.SampledFrom([]string{LegPaid, "return-requested"}).Draw(t, "code"), carol
	}
	if f.Trust == Unbound {
		f.Key = rapid.SampledFrom([]string{eve, carol}).Draw(t, "sealed by")
		if who != judge && who != eve && rapid.Bool().Draw(t, "says not who it is") {
			f.Sender, f.Parties = "", []string{ana}
			if who == ana {
				f.Parties = []string{bob}
			}
			if rapid.Bool().Draw(t, "and is") {
				f.Key = who
			}
		}
	}
	f.Outcome = rapid.SampledFrom([]Outcome{OutcomeDelivered, OutcomeCancelled, OutcomeResume}).Draw(t, "outcome")
	f.Tracking = rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "tracking")
	f.Carries = rapid.SampledFrom([][]Field{nil, {FieldShippingAddress}, {FieldNote}, {FieldReason}}).Draw(t, "carries")
	f.PaymentHash = rapid.SampledFrom([]string{"", "11"}).Draw(t, "invoice")
	f.PreimageHash = rapid.SampledFrom([]string{"", "11"}).Draw(t, "preimage")
	if n := rapid.Int64Range(-1, 100).Draw(t, "amount"); n >= 0 {
		f.Amount = &n
	}
	f.Seq = int64(i + 1)
	return f
}

func someFacts(t *rapid.T, most int) []Fact {
	fs := make([]Fact, rapid.IntRange(1, most).Draw(t, "facts"))
	for i := range fs {
		fs[i] = someFact(t, i)
	}
	return fs
}

func shuffled(t *rapid.T, fs []Fact) []Fact {
	out := append([]Fact{}, fs...)
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 0))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func same(t *rapid.T, what string, got, want *Order) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

func TestPermutationAndDuplication(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := someFacts(t, 12)
		want := fold(fs...)
		same(t, "shuffled", fold(shuffled(t, fs)...), want)
		twice := append(append([]Fact{}, fs...), fs[:rapid.IntRange(0, len(fs)).Draw(t, "repeated")]...)
		same(t, "repeated", fold(shuffled(t, twice)...), want)
	})
}

func TestLaterCopiesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := someFacts(t, 12)
		want := fold(fs...)
		all := append([]Fact{}, fs...)
		for _, f := range fs {
			if rapid.Bool().Draw(t, "copied") {
				f.ReceivedAt += rapid.Int64Range(0, 90*24*60).Draw(t, "later") * minute
				all = append(all, f)
			}
		}
		same(t, "with later copies", fold(shuffled(t, all)...), want)
	})
}

// Each message came through both keys; one of them is taken away.
func TestOneKeyIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var both, one []Fact
		for _, f := range someFacts(t, 12) {
			f.Inboxes = []string{ana}
			one = append(one, f)
			g := f
			g.Inboxes = []string{bob}
			both = append(both, f, g)
		}
		same(t, "one key", fold(one...), fold(shuffled(t, both)...))
	})
}

func TestRefusedFactsChangeNoField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := someFacts(t, 10)
		o := fold(fs...)
		if !slices.ContainsFunc(o.Timeline, func(e TimelineEntry) bool { return e.OK }) {
			return // it is begun by what is refused, then: there is nothing else
		}
		refused := map[string]bool{}
		for _, e := range o.Timeline {
			// A refused cancel is not silent: it leaves an exception. And who is
			// the buyer may hang on a fact that is then refused.
			refused[e.Fact] = !e.OK && e.Verb != Cancel && e.Verb != Intent
		}
		var rest []Fact
		for _, f := range fs {
			if !refused[f.ID] {
				rest = append(rest, f)
			}
		}
		without := fold(rest...)
		if without.BuyerPubkey != o.BuyerPubkey {
			return
		}
		a, b := *o, *without
		a.Timeline, b.Timeline, a.Boxes, b.Boxes, a.Version, b.Version = nil, nil, nil, nil, 0, 0
		same(t, "without the refused", &b, &a)
	})
}

// What comes more than 2 h 10 min after everything else, whatever its clock
// says, goes last: nothing that counted before stops counting.
func TestLateFactsUndoNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := append(someFacts(t, 10), says(ana, Intent, 0, id("intent")))
		late := someFact(t, 99)
		for _, f := range fs {
			late.ReceivedAt = max(late.ReceivedAt, f.ReceivedAt+130*minute+1)
		}
		late.At = noon - minute*rapid.Int64Range(0, 100_000).Draw(t, "claims to be older by")
		before, after := fold(fs...), fold(append(fs, late)...)
		if after.BuyerPubkey != before.BuyerPubkey {
			t.Fatalf("the buyer was %.1s, now %.1s", before.BuyerPubkey, after.BuyerPubkey)
		}
		was := map[string]bool{}
		for _, e := range before.Timeline {
			was[e.Fact] = e.OK
		}
		for i, e := range after.Timeline {
			if e.Fact != late.ID && was[e.Fact] && !e.OK && e.Verb != Intent {
				t.Fatalf("%s %s was accepted, now %s", e.Verb, e.Fact, e.Reason)
			}
			if e.Fact == late.ID && i != len(after.Timeline)-1 {
				t.Fatalf("the late fact stands at %d of %d", i, len(after.Timeline))
			}
		}
		times := func(o *Order) []int64 {
			return []int64{o.PaymentRequestedTimestamp, o.PaymentConfirmedTimestamp, o.ShippingTimestamp,
				o.ActualDeliveryTimestamp}
		}
		for i, was := range times(before) {
			if now := times(after)[i]; was != 0 && now != was {
				t.Fatalf("time %d moved from %d to %d", i, was, now)
			}
		}
		ends := late.Verb == Cancel || late.Verb == Dispute || late.Verb == Resolved
		// A dispute raised before there was anything to dispute, and its ruling, wait.
		disputes := before.Status == StatusDisputed || after.Status == StatusDisputed || after.DisputeTimestamp != before.DisputeTimestamp
		if !ends && !disputes && progressRank[after.Status] < progressRank[before.Status] {
			t.Fatalf("%s lowered %s to %s", late.Verb, before.Status, after.Status)
		}
	})
}
