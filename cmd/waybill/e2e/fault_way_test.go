//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// TestRedisSlow: a Redis that answers late, not at all for a while, and breaks off
// costs the projection time and the senders nothing.
func TestRedisSlow(t *testing.T) {
	m := newMarket(t, marketOf{})
	m.sold(100)
	m.redis.slow(200 * time.Millisecond)
	m.sold(400)
	m.redis.stall()
	m.sold(400)
	m.redis.cut() // while it waits
	m.redis.resume()
	m.redis.slow(0)
	m.sold(50)
	m.unshaken()
	m.peace()
}

// TestRedisCut: connections to Redis that break in the middle of a command, in the
// middle of a reply, and after the command was done but before its reply came, leave
// no trace.
func TestRedisCut(t *testing.T) {
	m := newMarket(t, marketOf{})
	r := random(t)
	for range 10 {
		for _, cut := range []struct {
			command bool // in the direction of the server
			pass    func(piece int) int
		}{
			{true, func(piece int) int { return piece / 2 }},
			{false, func(piece int) int { return piece / 2 }},
			{false, func(int) int { return 0 }},
		} {
			m.sold(10)
			after, done := r.IntN(8), make(chan struct{})
			m.redis.watch(func(toServer bool, piece []byte) int {
				if toServer != cut.command {
					return len(piece)
				}
				if after--; after >= 0 {
					return len(piece)
				}
				m.redis.watch(nil)
				close(done)
				return cut.pass(len(piece))
			})
			m.await(done, "something is said to Redis")
		}
	}
	m.sold(20)
	m.unshaken()
	m.peace()
}

// TestRedisForgets: a Redis that crashes after the orders of a batch were written and
// before the cursor moved, and comes back without those orders, does not have its
// cursor moved past them.
func TestRedisForgets(t *testing.T) {
	m := newMarket(t, marketOf{})
	m.sold(20)
	m.close()
	m.caughtUp()
	last := life{[]say{asks}, "intent-sent", "none"} // nothing that comes later repairs it
	l := &line{m: m}
	for n := range 5 {
		held, kept, done := false, place{}, make(chan struct{})
		m.redis.watch(func(toServer bool, piece []byte) int {
			// An order is written under the eyes of the cursor; moved it is alone.
			moves := bytes.Contains(piece, []byte("orders_cursor")) && bytes.Contains(bytes.ToLower(piece), []byte("evalsha")) &&
				!bytes.Contains(piece, []byte("orders:"))
			switch {
			case !toServer:
			case moves && held:
				m.redis.rollBack(kept, 0)
				m.redis.watch(nil)
				close(done)
				return 0
			case !moves && !held && bytes.Contains(piece, []byte("orders:")):
				held, kept = true, m.redis.written()
			}
			return len(piece)
		})
		m.play(l, &played{life: last, id: fmt.Sprintf("last-%d", n), buyer: m.buyers[9], stall: m.stalls[0], began: time.Now()}, random(t))
		m.await(done, "an order is written")
	}
	l.hangUp()
	m.unshaken()
	m.peace()
}

// TestRedisForgetsInRebuild: a Redis that crashes while it is being filled, and comes
// back without the first of it, does not end up with the rest alone.
func TestRedisForgetsInRebuild(t *testing.T) {
	m := newMarket(t, marketOf{pace: 1000, lives: []life{{[]say{asks}, "intent-sent", "none"}}})
	m.sold(400) // several batches
	m.close()
	m.caughtUp()
	var kept place
	applied, done := 0, make(chan struct{})
	m.redis.watch(func(toServer bool, piece []byte) int {
		switch {
		case toServer && kept.file == "" && bytes.Contains(piece, []byte("orders:")):
			kept = m.redis.written()
		case !toServer && kept.file != "":
			// The reply to the second batch of 100 goes out whole, and the crash is over
			// before the third: nobody meets an error.
			if applied += bytes.Count(piece, []byte(":1\r\n")); applied == 200 {
				m.redis.rollBack(kept, 0)
				m.redis.watch(nil)
				close(done)
			}
		}
		return len(piece)
	})
	m.redis.Replace()
	m.await(done, "Redis is filled")
	m.peace()
}

// await waits for what a fault needs to happen.
func (m *market) await(done <-chan struct{}, what string) {
	m.t.Helper()
	select {
	case <-done:
	case <-time.After(stubborn):
		m.t.Fatalf("%s: not within %v", what, stubborn)
	}
}
