//go:build e2e && soak

package e2e

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// visitors come and go all the time, ask, listen, or only stand in the way, as
// somebody or as nobody. Connections that a fault ends are no matter of theirs;
// somebody else's gift wrap in an answer is.
type visitors struct {
	*market
	visits, slow, read atomic.Int64
	leaving            chan struct{}
	people             sync.WaitGroup
}

func (m *market) visitors(n int) *visitors {
	v := &visitors{market: m, leaving: make(chan struct{})}
	r := random(m.t)
	for range n {
		mine := rand.New(rand.NewPCG(r.Uint64(), 0))
		v.people.Go(func() { v.roam(mine) })
	}
	m.t.Cleanup(v.leave)
	return v
}

func (v *visitors) leave() {
	select {
	case <-v.leaving:
	default:
		close(v.leaving)
	}
	v.people.Wait()
}

func (v *visitors) roam(r *rand.Rand) {
	for v.linger(r, time.Second) {
		reader, err := newReader(v.daemon.url)
		if err != nil {
			continue
		}
		v.visits.Add(1)
		v.visit(reader, r)
		reader.close()
	}
}

// linger waits for up to so long; false where it is time to leave.
func (v *visitors) linger(r *rand.Rand, most time.Duration) bool {
	select {
	case <-v.leaving:
		return false
	case <-time.After(time.Duration(r.Int64N(int64(most)))):
		return true
	}
}

func (v *visitors) visit(reader *reader, r *rand.Rand) {
	who, key := anyOf(r, append(slices.Clone(v.buyers), v.stalls[0].seller, v.stalls[1].seller)), ""
	if r.IntN(4) > 0 {
		if reason, err := reader.auth(who, time.Now()); err != nil || reason != "" {
			return
		}
		key = who.pubkey
	}
	filters := []nostr.Filter{
		{Kinds: []int{nostr.KindGiftWrap}, Tags: nostr.TagMap{"p": {who.pubkey}}, Limit: 50},
		{Kinds: []int{nostr.KindGiftWrap}, Limit: 500},
		{Tags: nostr.TagMap{"p": {v.stalls[0].inbox}}},
		{Kinds: []int{nostr.KindDMRelayList, nostr.KindProfileMetadata}},
		{},
	}
	for range 1 + r.IntN(5) {
		f := anyOf(r, filters)
		switch r.IntN(4) {
		case 0: // asks for everything, to come and live, and does not read it
			v.slow.Add(1)
			if reader.conn.WriteJSON([]any{"REQ", "slow", f}) == nil {
				v.linger(r, 8*time.Second)
			}
			return
		case 1:
			if _, err := reader.count(f); err != nil {
				return
			}
		default:
			got, _, err := reader.ask(f)
			v.read.Add(int64(len(got)))
			for _, evt := range got {
				if evt.Kind == nostr.KindGiftWrap && (key == "" || evt.Tags.FindWithValue("p", key) == nil) {
					v.t.Errorf("a gift wrap for somebody else was shown")
				}
			}
			if err != nil {
				return
			}
		}
	}
}

// count is the answer to COUNT (NIP-45).
func (r *reader) count(f nostr.Filter) (n int, err error) {
	if err := r.conn.WriteJSON([]any{"COUNT", "c", f}); err != nil {
		return 0, err
	}
	_, err = r.until(func(label string, rest []json.RawMessage) bool {
		var counted struct{ Count int }
		if label == "COUNT" && json.Unmarshal(rest[1], &counted) == nil {
			n = counted.Count
		}
		return label == "COUNT" || label == "CLOSED"
	})
	return n, err
}
