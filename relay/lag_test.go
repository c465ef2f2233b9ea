package relay

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// What the marks make of a projection that follows, falls behind and falls back.
func TestLagMarks(t *testing.T) {
	start := time.UnixMilli(0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	var l lagMarks
	want := func(when string, last int64, now int, behind int64, since time.Duration) {
		t.Helper()
		if b, s := l.of(last, at(now)); b != behind || s != since {
			t.Errorf("%s: got %d facts, %v; want %d, %v", when, b, s, behind, since)
		}
	}
	want("before it runs", 7, 0, 7, 0)
	l.begin(at(0))
	want("nothing is known yet", 100, 3, 100, 3*time.Second)
	l.saw(100, 100, at(4))
	want("caught up", 100, 60, 0, 0)
	l.saw(100, 100, at(60))
	want("a fact just came", 101, 61, 1, time.Second)
	want("and Redis does not answer", 150, 90, 50, 30*time.Second)

	l.saw(100, 150, at(90))
	l.saw(120, 200, at(95))
	want("what came before 90 s waits still", 220, 96, 100, 36*time.Second)
	l.saw(150, 220, at(97))
	want("the oldest that waits came after 90 s", 220, 97, 70, 7*time.Second)
	l.saw(200, 220, at(97))
	want("the oldest that waits came after 95 s", 220, 98, 20, 3*time.Second)
	l.saw(220, 220, at(98))
	want("caught up again", 220, 99, 0, 0)

	l.saw(0, 220, at(100))
	l.saw(0, 220, at(104))
	want("Redis was emptied", 220, 105, 220, 5*time.Second)

	for i := range 10 * maxMarks {
		l.saw(1, int64(300+i), at(200+2*i))
	}
	if len(l.marks) > maxMarks {
		t.Errorf("%d marks are kept", len(l.marks))
	}
}

// The lag grows while Redis is away and is gone when it is back.
func TestLagWhileRedisIsAway(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := redistest.Start(t)
	book, err := ledger.Open(ctx, filepath.Join(t.TempDir(), "waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	store, err := redisstore.Dial(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	tracker := &Tracker{Ledger: book, Store: store, Log: quiet}
	done := make(chan error, 1)
	go func() { done <- tracker.Run(ctx) }()
	lag := func() (int64, time.Duration) {
		behind, since, err := tracker.Lag(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return behind, since
	}
	caughtUp := func() bool { behind, since := lag(); return behind == 0 && since == 0 }

	arriveIntent(t, book, "one")
	eventually(t, "the first order is followed", caughtUp)
	server.Kill()
	arriveIntent(t, book, "two")
	behind, first := lag()
	if behind != 1 || first <= 0 {
		t.Errorf("Redis is away: got %d facts, %v", behind, first)
	}
	eventually(t, "the lag grows", func() bool { _, since := lag(); return since >= first+100*time.Millisecond })
	server.Restart()
	eventually(t, "Redis is back", caughtUp)

	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
