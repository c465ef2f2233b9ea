//go:build e2e

package e2e

import (
	"strconv"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// TestClockStepped: the daemon's clock steps back an hour in the middle of everything,
// then ahead, also over a restart: nothing is lost, every order comes to what was said
// about it, and Redis to what a rebuild makes of it. What is judged by the time of day
// (NIP-40, NIP-42) follows the daemon's clock, with a reason, and is right again as
// soon as the clock is.
func TestClockStepped(t *testing.T) {
	m := newMarket(t, marketOf{program: steppable(t)})
	last := int64(0)
	for _, by := range []time.Duration{0, -time.Hour, 0, time.Hour, 0} {
		m.daemon.step(by)
		m.sold(80)
		m.rising(&last)
		m.authentication(by)
		m.expiry(by)
		if by < 0 {
			m.daemon.stop()
			m.daemon.start()
			m.sold(80)
			m.rising(&last)
		}
	}
	m.peace()
}

// rising fails the test where the ledger does not go on from where it was.
func (m *market) rising(last *int64) {
	m.t.Helper()
	book := readLedger(m.t, m.daemon)
	defer book.Close()
	seq := must(book.LastSeq(m.t.Context()))(m.t)
	if seq <= *last {
		m.t.Errorf("the last fact is number %d, before the step %d", seq, *last)
	}
	*last = seq
}

// authentication: who is more than ten minutes off the daemon's clock is told that he
// is not believed; by the daemon's clock, on the same socket, he is.
func (m *market) authentication(by time.Duration) {
	m.t.Helper()
	r := listen(m.t, m.daemon.url)
	defer r.close()
	seller := m.stalls[0].seller
	filter := nostr.Filter{Kinds: []int{nostr.KindGiftWrap}, Tags: nostr.TagMap{"p": {seller.pubkey}}, Limit: 5}
	if by != 0 {
		reason := must(r.auth(seller, time.Now()))(m.t)
		if reason == "" {
			m.t.Errorf("AUTH is taken by a clock that is off by %v", by)
		}
		m.t.Logf("AUTH by a clock that is off by %v: %q", by, reason)
		if got, closed, err := r.ask(filter); err != nil || closed == "" || len(got) > 0 {
			m.t.Errorf("without AUTH: %d gift wraps, closed with %q, %v", len(got), closed, err)
		}
	}
	if reason := must(r.auth(seller, time.Now().Add(by)))(m.t); reason != "" {
		m.t.Errorf("AUTH by the daemon's own clock (%v): %q", by, reason)
	}
	if got, closed, err := r.ask(filter); err != nil || len(got) == 0 {
		m.t.Errorf("after AUTH: %d gift wraps, closed with %q, %v", len(got), closed, err)
	}
}

// expiry: an event that expires half an hour from now is served while the daemon's
// clock is before that.
func (m *market) expiry(by time.Duration) {
	m.t.Helper()
	s := dial(m.t, m.daemon.url)
	defer s.close()
	r := listen(m.t, m.daemon.url)
	defer r.close()
	for _, in := range []time.Duration{-30 * time.Minute, 30 * time.Minute} {
		at := time.Now().Add(in)
		evt := nostr.Event{Kind: 30402, CreatedAt: nostr.Timestamp(time.Now().Add(-2 * time.Hour).Unix()), Tags: nostr.Tags{
			{"d", by.String() + in.String()}, {"expiration", strconv.FormatInt(at.Unix(), 10)}}}
		m.stalls[0].seller.sign(&evt)
		v, err := s.publish(evt)
		if err != nil {
			m.t.Fatal(err)
		}
		if live := at.After(time.Now().Add(by)); v.ok != live {
			m.t.Errorf("clock off by %v, expiry in %v: OK %v %q, want %v", by, in, v.ok, v.reason, live)
		} else if got, _, err := r.ask(nostr.Filter{IDs: []string{evt.ID}}); err != nil || len(got) > 0 != live {
			m.t.Errorf("clock off by %v, expiry in %v: %d events are served, %v", by, in, len(got), err)
		}
	}
}
