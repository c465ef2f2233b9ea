//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// A market is a daemon with its Redis and the people who trade over it, whatever
// happens to either. Shops have delegated in every way there is; clients send a
// message again until it is answered OK true; and what every order must come to is
// known, so that at the end nothing can be missing unnoticed.
type market struct {
	t       *testing.T
	daemon  *daemon
	redis   *brittleRedis
	self    string // the relay's own public key
	stalls  []*stall
	buyers  []*speaker
	lives   []life
	account account
	idle    usage // of the daemon before the storm

	pace    *time.Ticker // one event may be sent
	closing chan struct{}
	people  sync.WaitGroup
}

// A stall is a seller, and the inbox by which the relay reads along.
type stall struct {
	seller  *speaker
	inbox   string // hex
	deletes bool   // whether the seller is the one who may delete what is there
}

// marketOf is what a test asks for.
type marketOf struct {
	settings map[string]string
	traders  int // clients that each play one order after another (8)
	pace     int // events a second, of all of them (200)
	data     string
	program  string // another waybill than the one everybody tests
	lives    []life // that are played (all)
}

const buyersOfMarket = 10

// newMarket starts everything and lets it come to rest; open begins the trade.
func newMarket(t *testing.T, want marketOf) *market {
	t.Helper()
	m := &market{t: t, redis: newBrittleRedis(t), lives: want.lives, closing: make(chan struct{})}
	if m.lives == nil {
		m.lives = lives
	}
	// Ten buyers here do the shopping of a town.
	settings := map[string]string{"REDIS_URL": m.redis.url(), "LIMITS_INTENTS_PER_AUTHOR": "1000000", "LIMITS_WRAPS_PER_RECIPIENT": "1000000"}
	for k, v := range want.settings {
		settings[k] = v
	}
	if want.data != "" {
		settings["DATA_DIR"] = want.data
	}
	byConfig, byCLI, reading, copied := newSpeaker(t), newSpeaker(t), newSpeaker(t), newSpeaker(t)
	key := newSpeaker(t) // reads for one who keeps the own key to himself
	m.daemon = newDaemon(t, fmt.Sprintf("[[keys.delegated]]\nsecret = %q\n[[keys.delegated]]\nsecret = %q\nowner = %q\n",
		byConfig.secret, key.secret, reading.pubkey), settings)
	m.daemon.program = want.program
	file := filepath.Join(t.TempDir(), "seller.key")
	if err := os.WriteFile(file, []byte(byCLI.secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.daemon.do("keys", "add", "--file", file)
	m.daemon.start()
	m.self = selfOf(t, m.daemon)
	m.stalls = []*stall{{byConfig, byConfig.pubkey, true}, {byCLI, byCLI.pubkey, true}, {reading, key.pubkey, false}, {copied, m.self, false}}
	for range buyersOfMarket {
		m.buyers = append(m.buyers, newSpeaker(t))
	}
	m.announce()
	m.rest()
	pace, traders := max(want.pace, 0), want.traders
	if pace == 0 {
		pace = 200
	}
	if traders == 0 {
		traders = 8
	}
	m.pace = time.NewTicker(time.Second / time.Duration(pace))
	t.Cleanup(func() {
		m.close()
		m.pace.Stop()
	})
	random := random(t)
	for i := range traders {
		r := rand.New(rand.NewPCG(random.Uint64(), uint64(i)))
		m.people.Go(func() { m.trade(i, r) })
	}
	return m
}

// announce makes half of the buyers participants (NIP-17), so that copies for them
// are kept though nobody here can open them.
func (m *market) announce() {
	m.t.Helper()
	s := dial(m.t, m.daemon.url)
	for _, b := range m.buyers[:buyersOfMarket/2] {
		v, err := s.publish(b.event(nostr.KindDMRelayList, "", nostr.Tag{"relay", m.daemon.url}))
		if err != nil || !v.ok {
			m.t.Fatalf("a kind 10050 was refused: %q, %v", v.reason, err)
		}
	}
	s.close()
}

// trade plays one order after another until the market closes; the last is played
// to its end.
func (m *market) trade(trader int, r *rand.Rand) {
	l := &line{m: m}
	defer l.hangUp()
	for n := 0; ; n++ {
		select {
		case <-m.closing:
			return
		default:
		}
		p := &played{life: anyOf(r, m.lives), id: fmt.Sprintf("m%d-%d", trader, n), stall: anyOf(r, m.stalls), began: time.Now().Add(-time.Minute)}
		buyer := r.IntN(len(m.buyers))
		if p.buyer = m.buyers[buyer]; buyer < buyersOfMarket/2 {
			p.copyTo = p.buyer.pubkey
		}
		if !m.play(l, p, r) {
			return
		}
	}
}

// play says all there is to say about an order; false where the relay did not take
// it in the end.
func (m *market) play(l *line, p *played, r *rand.Rand) bool {
	var mine []string // wraps to the seller's own inbox
	for n := range p.says {
		from, rumor := p.rumor(n)
		readers := []string{p.stall.inbox}
		if p.copyTo != "" {
			readers = append(readers, p.copyTo)
		}
		for _, wrap := range from.wrap(rumor, readers...) {
			if !l.deliver(wrap) {
				return false
			}
			if p.stall.deletes && wrap.Tags[0][1] == p.stall.inbox {
				mine = append(mine, wrap.ID)
			}
		}
	}
	m.account.finished(p)
	if len(mine) > 0 && r.IntN(10) == 0 {
		tags := nostr.Tags{}
		for _, id := range mine {
			tags = append(tags, nostr.Tag{"e", id})
		}
		if !l.deliver(p.stall.seller.event(nostr.KindDeletion, "", tags...)) {
			return false
		}
		m.account.erased(len(mine))
	}
	return true
}

// sold waits until that many more events were acknowledged.
func (m *market) sold(more int) {
	m.t.Helper()
	want := m.account.count() + more
	within(m.t, stubborn, "trade goes on", func() error {
		if n := m.account.count(); n < want {
			return fmt.Errorf("%d events acknowledged, want %d", n, want)
		}
		return nil
	})
}

// close has every order that was begun played to its end.
func (m *market) close() {
	select {
	case <-m.closing:
	default:
		close(m.closing)
	}
	m.people.Wait()
}
