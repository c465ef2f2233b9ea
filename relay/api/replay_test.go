package api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func number(n int) (id [32]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func address(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func smallReplays() *replays {
	r := newReplays()
	r.size, r.perKey, r.perAddr, r.perAddrScarce = 64, 8, 16, 2
	return r
}

// A stranger with many keys, and many addresses, fills the table: what was used
// before he came is refused all the while, and he keeps nobody out with the
// addresses that he has.
func TestNothingUsedIsPushedOut(t *testing.T) {
	r, now := smallReplays(), time.Now()
	mine := number(1 << 40)
	if err := r.use(mine, "me", address(1<<20), now); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for n := range 10_000 {
		if r.use(number(n), fmt.Sprint("stranger ", n), address(n%8), now) == nil {
			taken++
		}
		if n%100 == 0 && !errors.Is(r.use(mine, "me", address(1<<20), now), errReplayed) {
			t.Fatalf("after %d tokens of a stranger mine can be replayed", n)
		}
	}
	// Eight addresses get half of the table, and come no further.
	if taken > 32 {
		t.Errorf("a stranger with 8 addresses took %d places of 64", taken)
	}
	for n := range 2 {
		if err := r.use(number(1<<41+n), "somebody", address(1<<21), now); err != nil {
			t.Errorf("somebody else cannot sign in: %v", err)
		}
	}
	// With many more he fills it; then nobody signs in, rather than anything being
	// forgotten.
	for n := range 10_000 {
		_ = r.use(number(1<<42+n), fmt.Sprint("stranger ", n), address(1<<22+n), now)
	}
	if len(r.queue) != 64 || len(r.live) != 64 {
		t.Errorf("%d in a table of 64", len(r.queue))
	}
	if err := r.use(number(1<<43), "another", address(1<<23), now); err == nil || errors.Is(err, errReplayed) {
		t.Errorf("got %v", err)
	}
	if err := r.use(mine, "me", address(1<<20), now); !errors.Is(err, errReplayed) {
		t.Errorf("got %v", err)
	}
}

func TestReplaysPerKeyAndAddress(t *testing.T) {
	r, now := smallReplays(), time.Now()
	for n := range 8 {
		if err := r.use(number(n), "one", address(n), now); err != nil {
			t.Fatal(err)
		}
	}
	if r.use(number(8), "one", address(8), now) == nil {
		t.Error("a ninth of one key")
	}
	for n := range 16 {
		if err := r.use(number(100+n), fmt.Sprint(n), address(50), now); err != nil {
			t.Fatal(err)
		}
	}
	if r.use(number(200), "new", address(50), now) == nil {
		t.Error("a seventeenth of one address")
	}
	// They are free again once all of it has had its time, and nothing is left behind.
	now = now.Add(remembered + time.Second)
	if err := r.use(number(0), "one", address(50), now); err != nil {
		t.Error(err)
	}
	if len(r.live) != 1 || len(r.queue) != 1 || len(r.byKey) != 1 || len(r.byAddr) != 1 {
		t.Errorf("left: %d %d %d %d", len(r.live), len(r.queue), len(r.byKey), len(r.byAddr))
	}
}

// A token is remembered for longer than it could be used again.
func TestRememberedLongEnough(t *testing.T) {
	r, now := newReplays(), time.Now()
	if err := r.use(number(1), "one", address(1), now); err != nil {
		t.Fatal(err)
	}
	// Used when it was as far ahead as may be, it is good until two windows later.
	for _, later := range []time.Duration{0, window, 2 * window, 2*window + time.Second} {
		if err := r.check(number(1), now.Add(later)); !errors.Is(err, errReplayed) {
			t.Errorf("after %v: %v", later, err)
		}
	}
	if err := r.check(number(1), now.Add(remembered+time.Second)); err != nil {
		t.Errorf("it stays for ever: %v", err)
	}
}

// A program that signs each request of its own goes on for a while at 25 a second.
func TestOneKeyAtWork(t *testing.T) {
	r, start := newReplays(), time.Now()
	for n := range 10_000 {
		if err := r.use(number(n), "one", address(1), start.Add(time.Duration(n)*40*time.Millisecond)); err != nil {
			t.Fatalf("after %d: %v", n, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	p := newPlaces(3, 2)
	for _, tt := range []struct {
		addr int
		ok   bool
	}{{1, true}, {1, true}, {1, false}, {2, true}, {3, false}} {
		if err := p.enter(address(tt.addr)); (err == nil) != tt.ok {
			t.Errorf("address %d: %v", tt.addr, err)
		}
	}
	p.leave(address(1))
	if err := p.enter(address(3)); err != nil {
		t.Error(err)
	}
}

func TestAttempts(t *testing.T) {
	a, now := newAttempts(2, 10*time.Second), time.Now()
	a.note(address(1), now)
	if err := a.check(address(1), now); err != nil {
		t.Error(err)
	}
	a.note(address(1), now)
	if a.check(address(1), now) == nil || a.check(address(2), now) != nil {
		t.Error("the limit is not that of the address")
	}
	if err := a.check(address(1), now.Add(10*time.Second)); err != nil {
		t.Error(err)
	}
	for n := range 2 * maxAttempts {
		a.note(address(n), now)
	}
	if got := a.byAddr.Len(); got != maxAttempts {
		t.Errorf("%d addresses are kept", got)
	}
}
