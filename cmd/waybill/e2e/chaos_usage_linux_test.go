//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// A usage is what a process holds: how many descriptors, by what they are of.
type usage map[string]int

// use counts what the daemon holds now.
func (m *market) use() usage {
	u := usage{}
	folder := fmt.Sprintf("/proc/%d/fd", m.daemon.serves.cmd.Process.Pid)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return u
	}
	for _, e := range entries {
		what, err := os.Readlink(filepath.Join(folder, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		u[kindOf(what)]++
	}
	return u
}

// kindOf leaves out the numbers that tell one socket or pipe from another.
func kindOf(what string) string {
	if kind, _, ok := strings.Cut(what, ":["); ok {
		return kind
	}
	return filepath.Base(what)
}

func (u usage) String() string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(u)) {
		all = append(all, fmt.Sprintf("%d %s", u[what], what))
	}
	return strings.Join(all, ", ")
}

// rest remembers what the daemon holds before the storm.
func (m *market) rest() {
	m.t.Helper()
	m.idle = m.settle()
}

// settle waits until nobody comes and goes any more, and returns what the daemon
// holds then.
func (m *market) settle() (now usage) {
	m.t.Helper()
	http.DefaultClient.CloseIdleConnections() // ours
	m.everybodyIsTold()
	same := 0
	within(m.t, patience, "the daemon comes to rest", func() error {
		if next := m.use(); !maps.Equal(now, next) {
			now, same = next, 0
		}
		if same++; same < 10 {
			return fmt.Errorf("it held %v just now", now)
		}
		return nil
	})
	return now
}

// everybodyIsTold waits until it is decided what is to be told of everything, which is
// tried again after a while where it failed, and no notice is due, nor will be in the
// next seconds: so many are sent a second, however many there are.
func (m *market) everybodyIsTold() {
	const seconds = 5 * time.Second
	m.t.Helper()
	book := must(ledger.OpenReadOnly(m.t.Context(), m.daemon.ledgerFile()))(m.t)
	defer book.Close()
	within(m.t, 4*patience, "every notice is sent", func() error {
		last := must(book.LastSeq(m.t.Context()))(m.t)
		if told, err := book.Told(m.t.Context()); err != nil || told < last {
			return fmt.Errorf("it is decided about %d of %d, error %v", told, last, err)
		}
		lanes, err := book.DueLanes(m.t.Context())
		if err != nil {
			return err
		}
		for _, lane := range lanes {
			if time.UnixMilli(lane.NextAt).Before(time.Now().Add(seconds)) {
				return fmt.Errorf("%s is due at %v", lane.Name, time.UnixMilli(lane.NextAt))
			}
		}
		return nil
	})
}

// ledgerPool is how many connections a daemon keeps to its ledger at most: one that
// writes, and those that read. Each has its own descriptors.
var ledgerPool = 1 + max(4, runtime.GOMAXPROCS(0))

// redisSpare is how many connections go-redis keeps beside the one it uses: it dials
// another one while the first is being given up.
const redisSpare = 2

// nothingHeld fails the test where the daemon, which it ends, holds more than before
// the storm once everybody has hung up, or runs a goroutine that a daemon at rest
// does not.
func (m *market) nothingHeld() {
	m.t.Helper()
	within(m.t, patience, "every descriptor is given back", func() error {
		now := m.settle()
		for what, n := range now {
			allowed := m.idle[what]
			switch {
			case strings.HasPrefix(what, "waybill.db"):
				allowed = max(allowed, ledgerPool)
			case what == "socket":
				allowed += redisSpare
			}
			if n > allowed {
				return fmt.Errorf("it holds %v; before the storm %v", now, m.idle)
			}
		}
		return nil
	})
	m.t.Logf("descriptors: %v; before the storm: %v", m.use(), m.idle)
	after := m.goroutines()
	m.daemon.start()
	m.caughtUp()
	m.settle()
	fresh := m.goroutines()
	for by, n := range after {
		if n > fresh[by] {
			m.t.Errorf("%d goroutines created by %s, in a fresh daemon %d", n, by, fresh[by])
		}
	}
}

var createdBy = regexp.MustCompile(`^created by (\S+)`)

// goroutines ends the daemon with SIGQUIT, which makes Go print every goroutine's
// stack, and counts them by what created them.
func (m *market) goroutines() map[string]int {
	m.t.Helper()
	printed := func() []logLine {
		return m.daemon.log.find(func(l logLine) bool { return createdBy.MatchString(l.text) })
	}
	before := len(printed())
	if _, err := m.daemon.serves.end(syscall.SIGQUIT, patience); err != nil {
		m.t.Fatal(err)
	}
	found := map[string]int{}
	for _, line := range printed()[before:] {
		found[createdBy.FindStringSubmatch(line.text)[1]]++
	}
	if len(found) == 0 {
		m.t.Fatal("SIGQUIT printed no goroutines")
	}
	return found
}
