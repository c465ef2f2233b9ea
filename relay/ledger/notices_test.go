package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/orders"
)

const now = received + 1000

// tell writes down one notice for each lane, of the order o-1, and returns them.
func tell(t *testing.T, l *Ledger, fact, reader string, lanes ...string) []Notice {
	t.Helper()
	from, err := l.Told(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ns []Notice
	for _, lane := range lanes {
		ns = append(ns, Notice{Fact: fact, Reader: reader, Lane: lane, IntentID: "o-1", Content: "{}", CreatedAt: now, NextAt: now})
	}
	if _, err := l.Tell(t.Context(), from, from+1, ns); err != nil {
		t.Fatal(err)
	}
	return notices(t, l, NoticeQuery{Limit: 100})
}

func notices(t *testing.T, l *Ledger, q NoticeQuery) []Notice {
	t.Helper()
	ns, err := l.Notices(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func begun(t *testing.T) *Ledger {
	t.Helper()
	l := open(t)
	arrive(t, l, arrival(wrap("w1", bob, 1), bob, fact("intent", orders.Intent, alice, bob, "o-1", received)), Stored)
	return l
}

// Each fact, reader and lane is told once, and each stretch of the ledger decided once.
func TestTell(t *testing.T) {
	l := begun(t)
	tell(t, l, "f1", bob, "dm", "email")
	tell(t, l, "f1", bob, "dm", "whe_1")
	tell(t, l, "f1", alice, "dm")
	got := notices(t, l, NoticeQuery{Limit: 100})
	if len(got) != 4 {
		t.Errorf("%d notices, want 4: %+v", len(got), got)
	}
	if _, err := l.Tell(t.Context(), 0, 9, []Notice{{Fact: "f2", Reader: bob, Lane: "dm", IntentID: "o-1"}}); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("from a place of before: %v", err)
	}
	if told, err := l.Told(t.Context()); err != nil || told != 3 {
		t.Errorf("Told = %d, %v", told, err)
	}
	if n := len(notices(t, l, NoticeQuery{Reader: &bob, Lane: "dm", State: NoticeDue, Limit: 10})); n != 1 {
		t.Errorf("%d of bob's, want 1", n)
	}
}

// Whoever is flooded gets so many in an hour; others get theirs.
func TestNoticesInAnHour(t *testing.T) {
	l := begun(t)
	at := func(fact, reader string, at int64) NoticeState {
		t.Helper()
		from, err := l.Told(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n := Notice{Fact: fact, Reader: reader, Lane: "dm", IntentID: "o-1", Content: "{}", CreatedAt: at, NextAt: at, Most: 2}
		if _, err := l.Tell(t.Context(), from, from+1, []Notice{n}); err != nil {
			t.Fatal(err)
		}
		return notices(t, l, NoticeQuery{Limit: 1})[0].State
	}
	hour := int64(3_600_000)
	for i, tt := range []struct {
		reader string
		at     int64
		want   NoticeState
	}{
		{bob, now, NoticeDue}, {bob, now + 1, NoticeDue}, {bob, now + 2, NoticeDropped}, {alice, now + 2, NoticeDue},
		{bob, now + hour - 1, NoticeDropped}, {bob, now + hour, NoticeDue}, {bob, now + hour + 1, NoticeDue}, {bob, now + hour + 2, NoticeDropped},
	} {
		if got := at(string(rune('a'+i)), tt.reader, tt.at); got != tt.want {
			t.Errorf("%d: %s, want %s", i, got, tt.want)
		}
	}
}

// What a notice says is in its reader's inbox and settled at once, or neither.
func TestArriveNotice(t *testing.T) {
	l := begun(t)
	n := tell(t, l, "f1", bob, "dm")[0]
	deliver := func(id string) Arrival {
		a := arrival(wrap(id, bob, 1), bob)
		a.Notice, a.ReceivedAt = n.ID, now+5
		return a
	}
	arrive(t, l, deliver("n1"), Stored)
	arrive(t, l, deliver("n2"), Duplicate)
	if serves(t, l, wrap("n2", bob, 1), bob) || !serves(t, l, wrap("n1", bob, 1), bob) {
		t.Error("it is there twice, or not at all")
	}
	got := notices(t, l, NoticeQuery{Limit: 9})[0]
	if got.State != NoticeSent || got.Attempts != 1 || got.SettledAt != now+5 {
		t.Errorf("got %+v", got)
	}
	if err := l.RetryNotice(t.Context(), n.ID, &alice, now); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("somebody else's: %v", err)
	}
	if err := l.RetryNotice(t.Context(), n.ID, &bob, now); err != nil {
		t.Error(err)
	}
	if err := l.RetryNotice(t.Context(), n.ID, nil, now); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("one that is due: %v", err)
	}
}

// A lane is gone through in its order, and held as a whole.
func TestLanes(t *testing.T) {
	l := begun(t)
	for _, f := range []string{"f1", "f2", "f3"} {
		tell(t, l, f, bob, "whe_1", "dm")
	}
	first, ok, err := l.FirstDue(t.Context(), "whe_1")
	if err != nil || !ok || first.Fact != "f1" {
		t.Fatalf("the first is %+v, %v", first, err)
	}
	retry := Attempt{State: NoticeDue, At: now, NextAt: now + 5000, Error: "500", Hold: true,
		Delivery: &Delivery{At: now, Took: 3, Status: 500, Error: "500"}}
	if _, err := l.Settle(t.Context(), first, retry, 0); err != nil {
		t.Fatal(err)
	}
	lanes, err := l.DueLanes(t.Context())
	if diff := cmp.Diff([]Lane{{"dm", now}, {"whe_1", now + 5000}}, lanes); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if again, _, _ := l.FirstDue(t.Context(), "whe_1"); again.ID != first.ID || again.Attempts != 1 || again.LastError != "500" {
		t.Errorf("after a failure the first is %+v", again)
	}
	if due, err := l.DueNotices(t.Context(), "dm", now, 2); err != nil || len(due) != 2 {
		t.Errorf("%d due, %v", len(due), err)
	}
	if due, err := l.DueNotices(t.Context(), "dm", now-1, 2); err != nil || len(due) != 0 {
		t.Errorf("%d due before their time, %v", len(due), err)
	}
	if ds, err := l.Deliveries(t.Context(), "whe_1", 0, 10); err != nil || len(ds) != 1 || ds[0].Status != 500 || ds[0].Notice != first.ID {
		t.Errorf("deliveries: %+v, %v", ds, err)
	}
}

// What somebody has asked for is told from what is tried again anyway.
func TestDeliveredAgain(t *testing.T) {
	l := begun(t)
	id := tell(t, l, "f1", bob, "whe_1")[0].ID
	try := func(state NoticeState) {
		t.Helper()
		n, _, err := l.FirstDue(t.Context(), "whe_1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Settle(t.Context(), n, Attempt{State: state, At: now, NextAt: now, Delivery: &Delivery{At: now}}, 0); err != nil {
			t.Fatal(err)
		}
	}
	try(NoticeDue)
	try(NoticeSent)
	if err := l.RetryNotice(t.Context(), id, nil, now); err != nil {
		t.Fatal(err)
	}
	try(NoticeDue)
	try(NoticeSent)
	var got []bool
	ds, err := l.Deliveries(t.Context(), "whe_1", 0, 10)
	for _, d := range ds {
		got = append(got, d.Again)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A webhook that fails again and again is disabled, with all that is due there; one
// success between, and the count begins anew.
func TestWebhookFails(t *testing.T) {
	l := begun(t)
	if err := l.AddWebhook(t.Context(), Webhook{ID: "whe_1", Owner: bob, Sealed: "x", Events: "order.*", CreatedAt: now}, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.AddWebhook(t.Context(), Webhook{ID: "whe_2", Owner: bob, CreatedAt: now}, 1); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("one too many: %v", err)
	}
	for _, f := range []string{"f1", "f2", "f3", "f4"} {
		tell(t, l, f, bob, "whe_1")
	}
	for i, state := range []NoticeState{NoticeFailed, NoticeSent, NoticeFailed, NoticeDue} {
		n, _, err := l.FirstDue(t.Context(), "whe_1")
		if err != nil {
			t.Fatal(err)
		}
		disabled, err := l.Settle(t.Context(), n, Attempt{State: state, At: now, NextAt: now, Delivery: &Delivery{At: now}}, 2)
		if err != nil || disabled != (i == 3) {
			t.Errorf("try %d: disabled = %v, %v", i, disabled, err)
		}
	}
	if w, ok, err := l.Webhook(t.Context(), "whe_1"); err != nil || !ok || w.Disabled != "failures" {
		t.Errorf("got %+v, %v", w, err)
	}
	if got := notices(t, l, NoticeQuery{State: NoticeDropped, Limit: 9}); len(got) != 1 || got[0].LastError != "disabled" {
		t.Errorf("dropped: %+v", got)
	}
	if err := l.EnableWebhook(t.Context(), "whe_1", alice); orders.ErrorCode(err) != orders.ENOTFOUND {
		t.Errorf("by somebody else: %v", err)
	}
	if err := l.EnableWebhook(t.Context(), "whe_1", bob); err != nil {
		t.Error(err)
	}
	if err := l.RemoveWebhook(t.Context(), "whe_1", bob, now); err != nil {
		t.Error(err)
	}
	if ds, err := l.Deliveries(t.Context(), "whe_1", 0, 10); err != nil || len(ds) != 0 {
		t.Errorf("%d deliveries are left, %v", len(ds), err)
	}
}

// A message that had waited for its key says what is old, and one that only waited
// for its signer does not.
func TestLate(t *testing.T) {
	l := open(t)
	for i, late := range []bool{false, true} {
		id := string(rune('a' + i))
		a := arrival(wrap(id, bob, 1), bob)
		a.State, a.Reason = Waiting, "why"
		arrive(t, l, a, Stored)
		rows, err := l.Unopened(t.Context(), bob, 0, 10)
		if err != nil || len(rows) != 1 || rows[0].Reason != "why" {
			t.Fatalf("%+v, %v", rows, err)
		}
		d := Decoded{State: Opened, Late: late, Facts: []orders.Fact{fact(id, orders.Intent, alice, bob, id, received)}}
		if err := l.Resolve(t.Context(), rows[0].Seq, d); err != nil {
			t.Fatal(err)
		}
	}
	facts, err := l.Tellable(t.Context(), 0, 2, 10)
	if err != nil || len(facts) != 2 || facts[0].Late || !facts[1].Late {
		t.Errorf("got %+v, %v", facts, err)
	}
}

// What was told goes with its order, and with its reader.
func TestNoticesAreErased(t *testing.T) {
	l := begun(t)
	set := func(s *NoticeSettings) error { s.Email = "sealed"; return nil }
	for _, who := range []string{alice, bob} {
		if _, err := l.ChangeNoticeSettings(t.Context(), who, now, set); err != nil {
			t.Fatal(err)
		}
		if err := l.AddWebhook(t.Context(), Webhook{ID: "whe_" + who, Owner: who, CreatedAt: now}, 9); err != nil {
			t.Fatal(err)
		}
		tell(t, l, "f1", who, "dm", "whe_"+who)
	}
	vanish(t, l, bob, now/1000+60, now+60_000, Stored)
	for _, n := range notices(t, l, NoticeQuery{Limit: 9}) {
		if n.Reader == bob {
			t.Errorf("bob's notice is left: %+v", n)
		}
	}
	if s, err := l.NoticeSettings(t.Context(), bob); err != nil || s.Email != "" || s.UpdatedAt != 0 {
		t.Errorf("bob's settings: %+v, %v", s, err)
	}
	if ws, err := l.Webhooks(t.Context(), bob); err != nil || len(ws) != 0 {
		t.Errorf("bob's webhooks: %+v, %v", ws, err)
	}
	if s, err := l.NoticeSettings(t.Context(), alice); err != nil || s.Email != "sealed" {
		t.Errorf("alice's settings: %+v, %v", s, err)
	}
	retire(t, l, "o-1")
	if left := notices(t, l, NoticeQuery{Limit: 9}); len(left) != 0 {
		t.Errorf("of an erased order: %+v", left)
	}
	tell(t, l, "f2", alice, "dm")
	if left := notices(t, l, NoticeQuery{Limit: 9}); len(left) != 0 {
		t.Errorf("an erased order is told of: %+v", left)
	}
}

func TestPruneNotices(t *testing.T) {
	l := begun(t)
	n := tell(t, l, "f1", bob, "dm", "whe_1")[1]
	if _, err := l.Settle(t.Context(), n, Attempt{State: NoticeFailed, At: now}, 0); err != nil {
		t.Fatal(err)
	}
	if n, err := l.PruneNotices(t.Context(), now); err != nil || n != 0 {
		t.Errorf("too early: %d, %v", n, err)
	}
	if n, err := l.PruneNotices(t.Context(), now+1); err != nil || n != 1 {
		t.Errorf("%d erased, %v; want the one that is settled", n, err)
	}
}
