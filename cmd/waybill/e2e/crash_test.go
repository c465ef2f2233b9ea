//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A load is a daemon and a stock of gift wraps to publish to it, and the account
// of which were answered OK true.
type load struct {
	t      *testing.T
	daemon *daemon
	redis  string // URL
	stock  []nostr.Event
	acked  []string
	random *rand.Rand
}

func newLoad(t *testing.T, orders int) *load {
	t.Helper()
	l := &load{t: t, redis: redistest.Start(t).URL(), random: random(t)}
	seller := newSpeaker(t)
	l.daemon = newDaemon(t, fmt.Sprintf("[[keys.delegated]]\nsecret = %q\n", seller.secret), map[string]string{"REDIS_URL": l.redis})
	l.daemon.start()
	l.stock = manyOrders(t, orders, l.random, seller, selfOf(t, l.daemon))
	return l
}

// until publishes from the stock and calls end at a random moment, once at most
// that many were acknowledged. It returns when the daemon is gone.
func (l *load) until(most int, end func()) {
	l.t.Helper()
	var once sync.Once
	moment, delay := 1+l.random.IntN(most), time.Duration(l.random.IntN(2000))*time.Microsecond
	ended := make(chan struct{})
	n := 0
	l.stock = publishAll(l.t, l.daemon.url, l.stock, func(id string) {
		l.acked = append(l.acked, id)
		if n++; n >= moment {
			once.Do(func() {
				// Not at the moment of an answer, but between two of anything.
				time.AfterFunc(delay, func() { end(); close(ended) })
			})
		}
	})
	<-ended
	if len(l.stock) == 0 {
		l.t.Fatal("every gift wrap was taken: the daemon was not ended under load, or went on accepting")
	}
}

// TestKill: a kill -9 at any moment loses nothing that was acknowledged, and
// leaves Redis such that the daemon brings it to what a rebuild from nothing
// would make of the ledger.
func TestKill(t *testing.T) {
	rounds := 10
	if s := os.Getenv("E2E_KILLS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil || rounds < 1 {
			t.Fatalf("E2E_KILLS=%s is no number of rounds", s)
		}
	}
	for first := 0; first < rounds; first += perLedger {
		t.Run(fmt.Sprintf("from %d", first), func(t *testing.T) { killed(t, min(perLedger, rounds-first)) })
	}
}

// A round costs what the ledger holds by then, so each ledger is killed only so
// often, and at most so many acknowledged messages apart.
const perLedger, perRound = 10, 120

func killed(t *testing.T, rounds int) {
	l := newLoad(t, rounds*perRound/2)
	fresh := redistest.Start(t)
	for round := range rounds {
		l.until(perRound, l.daemon.serves.kill)
		// What a crash left on the disk, before anybody touches it again.
		image := newDaemon(t, string(must(os.ReadFile(l.daemon.env["CONFIG"]))(t)), map[string]string{"REDIS_URL": fresh.URL()})
		copyFolder(t, image.data(), l.daemon.data())
		l.daemon.start()
		caughtUp(t, l.daemon, l.redis)
		l.inLedger(round)
		fresh.Replace()
		image.start()
		caughtUp(t, image, fresh.URL())
		if diff := redisstore.Diff(snapshot(t, l.redis), snapshot(t, fresh.URL())); len(diff) > 0 {
			t.Errorf("round %d: Redis and one built from nothing have %d differences, the first: %v", round, len(diff), diff[0])
		}
		image.stop()
		if t.Failed() {
			t.FailNow()
		}
	}
	l.finish(rounds)
}

// TestTerm: SIGTERM under load ends the daemon within its time, with exit code 0
// and everything that was acknowledged on disk.
func TestTerm(t *testing.T) {
	l := newLoad(t, 300)
	l.until(300, func() {
		start := time.Now()
		code, err := l.daemon.serves.end(syscall.SIGTERM, stopWithin)
		if code != 0 || err != nil {
			t.Errorf("SIGTERM: exit code %d, error %v; want 0 within %v", code, err, stopWithin)
		}
		t.Logf("it ended %v after SIGTERM", time.Since(start).Round(time.Millisecond))
	})
	l.inLedger(0)
	l.daemon.log.calm(t)
	l.daemon.start()
	l.finish(1)
}

// copyFolder copies the files of one folder into a new one that only we can read.
func copyFolder(t *testing.T, to, from string) {
	t.Helper()
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, e := range must(os.ReadDir(from))(t) {
		content := must(os.ReadFile(filepath.Join(from, e.Name())))(t)
		if err := os.WriteFile(filepath.Join(to, e.Name()), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// finish publishes the rest and checks the whole.
func (l *load) finish(round int) {
	l.t.Helper()
	l.stock = publishAll(l.t, l.daemon.url, l.stock, func(id string) { l.acked = append(l.acked, id) })
	if len(l.stock) > 0 {
		l.t.Fatalf("%d gift wraps were not answered by a daemon that nobody ended", len(l.stock))
	}
	l.check(round)
	l.daemon.stop()
	l.daemon.log.calm(l.t)
	l.t.Logf("%d gift wraps acknowledged", len(l.acked))
}

func (l *load) check(round int) {
	l.t.Helper()
	caughtUp(l.t, l.daemon, l.redis)
	l.inLedger(round)
	if out := l.daemon.do("rebuild", "--check"); !strings.Contains(out, "no difference") {
		l.t.Errorf("round %d: waybill rebuild --check: %s", round, out)
	}
}

// inLedger fails the test where something acknowledged is not in the ledger.
func (l *load) inLedger(round int) {
	l.t.Helper()
	book := readLedger(l.t, l.daemon)
	lost := slices.DeleteFunc(slices.Clone(l.acked), func(id string) bool { return must(book.Has(l.t.Context(), id))(l.t) })
	if len(lost) > 0 {
		l.t.Errorf("round %d: %d of %d acknowledged gift wraps are not in the ledger, the first: %s", round, len(lost), len(l.acked), lost[0])
	}
}

func readLedger(t *testing.T, d *daemon) *ledger.Ledger {
	t.Helper()
	book := must(ledger.OpenReadOnly(t.Context(), d.ledgerFile()))(t)
	t.Cleanup(func() { book.Close() })
	return book
}

// caughtUp waits until everything in the ledger is opened and projected.
func caughtUp(t *testing.T, d *daemon, url string) {
	t.Helper()
	book := must(ledger.OpenReadOnly(t.Context(), d.ledgerFile()))(t)
	defer book.Close()
	store := must(redisstore.Dial(t.Context(), url))(t)
	defer store.Close()
	eventually(t, "the order indexes catch up", func() error {
		unopened, err := book.UnopenedRecipients(t.Context())
		if err != nil || len(unopened) > 0 {
			return fmt.Errorf("%d inboxes unopened, error %v", len(unopened), err)
		}
		last, err := book.LastSeq(t.Context())
		if err != nil {
			return err
		}
		at, _, err := store.Cursor(t.Context())
		if err != nil || at.Ledger != book.ID() || at.Seq != last {
			return fmt.Errorf("the cursor is at %d of %d, error %v", at.Seq, last, err)
		}
		return nil
	})
}

func snapshot(t *testing.T, url string) map[string]any {
	t.Helper()
	store := must(redisstore.Dial(t.Context(), url))(t)
	defer store.Close()
	return must(store.Snapshot(t.Context()))(t)
}

// must unwraps a result in a test: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
