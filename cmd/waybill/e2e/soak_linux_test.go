//go:build e2e && soak

package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSoak is mixed load for E2E_SOAK (30m) with faults at random, and the verdict.
// E2E_SEED repeats its choices, though not their moments.
func TestSoak(t *testing.T) {
	long := 30 * time.Minute
	if s := os.Getenv("E2E_SOAK"); s != "" {
		var err error
		if long, err = time.ParseDuration(s); err != nil {
			t.Fatalf("E2E_SOAK: %v", err)
		}
	}
	m := newMarket(t, marketOf{traders: 8, pace: 60})
	s := &soak{market: m, random: random(t), told: map[string]int{}, begun: time.Now()}
	v := m.visitors(6)
	faults := []blow{
		{"kill -9 of the daemon", s.kill}, {"SIGTERM and start", s.term}, {"disk full", s.diskFull},
		{"Redis killed and started", s.restartRedis}, {"Redis emptied", s.emptyRedis}, {"Redis rolled back", s.rollBackRedis},
		{"Redis slow", s.slowRedis}, {"Redis silent, then cut", s.silenceRedis}, {"connections to Redis cut", s.cutRedis},
	}
	if strings.Contains(m.daemon.do("serve", "--help"), "SIGHUP") {
		faults = append(faults, blow{"SIGHUP", s.hangUp})
	} else {
		t.Log("this waybill does not know SIGHUP: left out")
	}
	for over := time.After(long); ; {
		s.pause(time.Second, 6*time.Second)
		select {
		case <-over:
			v.leave()
			s.finish(v)
			return
		default:
		}
		f := anyOf(s.random, faults)
		t.Logf("%v: %s", time.Since(s.begun).Round(time.Second), f.name)
		f.strike()
		s.told[f.name]++
		m.daemon.alive()
		s.peak = max(s.peak, m.peakMemory())
	}
}

// A soak is a market with an account of its faults.
type soak struct {
	*market
	random *rand.Rand
	begun  time.Time
	told   map[string]int // fault → how often
	peak   int            // of the daemon's memory, MiB
}

// A blow is a fault that strikes and is over when strike returns.
type blow struct {
	name   string
	strike func()
}

// pause lets the market trade for a time at random.
func (s *soak) pause(least, most time.Duration) {
	<-time.After(least + time.Duration(s.random.Int64N(int64(most-least))))
}

func (s *soak) kill() {
	s.peak = max(s.peak, s.peakMemory())
	s.daemon.serves.kill()
	s.daemon.start()
}

func (s *soak) term() {
	s.peak = max(s.peak, s.peakMemory())
	s.daemon.stop()
	s.daemon.start()
}

func (s *soak) hangUp() {
	if err := s.daemon.serves.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	s.pause(100*time.Millisecond, time.Second)
}

func (s *soak) diskFull() {
	full := fileLimit{s.market}
	full.fill()
	s.pause(500*time.Millisecond, 3*time.Second)
	full.free()
}

func (s *soak) restartRedis() {
	s.redis.Kill()
	s.pause(0, 5*time.Second)
	s.redis.Restart()
}

func (s *soak) emptyRedis() { s.redis.Replace() }

func (s *soak) rollBackRedis() {
	kept := s.redis.written()
	s.pause(500*time.Millisecond, 2*time.Second)
	s.redis.rollBack(kept, s.random.Float64())
}

func (s *soak) slowRedis() {
	s.redis.slow(time.Duration(s.random.IntN(300)) * time.Millisecond)
	s.pause(time.Second, 5*time.Second)
	s.redis.slow(0)
}

func (s *soak) silenceRedis() {
	s.redis.stall()
	s.pause(500*time.Millisecond, 4*time.Second)
	s.redis.cut()
	s.redis.resume()
}

// cutRedis breaks a connection in the middle of what is being said.
func (s *soak) cutRedis() {
	after := s.random.IntN(20)
	done := make(chan struct{})
	s.redis.watch(func(_ bool, piece []byte) int {
		if after--; after >= 0 {
			return len(piece)
		}
		s.redis.watch(nil)
		close(done)
		return len(piece) / 2
	})
	s.await(done, "something is said to Redis")
}

// finish says what came of it, in figures.
func (s *soak) finish(v *visitors) {
	s.t.Helper()
	trade := time.Since(s.begun).Round(time.Second)
	lost, wrong, different := s.verdict()
	s.calm(append(couldNotTell, couldNotStore, "the ledger does not answer")...)
	s.peak = max(s.peak, s.peakMemory())
	begun, ended := s.idle, s.settle()
	rows := [][2]string{
		{"seed", fmt.Sprint(seed)},
		{"duration", trade.String()},
		{"events answered OK true", fmt.Sprint(s.account.count())},
		{"OK p50 / p99 / max", fmt.Sprintf("%v / %v / %v", s.account.quantile(0.5), s.account.quantile(0.99), s.account.quantile(1))},
		{"orders", fmt.Sprint(len(s.account.orders))},
		{"wraps deleted by their recipients", fmt.Sprint(s.account.deleted)},
		{"visits of readers (of these slow), events read", fmt.Sprintf("%d (%d), %d", v.visits.Load(), v.slow.Load(), v.read.Load())},
		{"connections lost", fmt.Sprint(s.account.gone)},
		{"refusals", s.account.refusals()},
		{"acknowledged and lost", fmt.Sprint(lost)},
		{"orders that came to something else", fmt.Sprint(wrong)},
		{"differences from a rebuild", fmt.Sprint(different)},
		{"peak memory", fmt.Sprintf("%d MiB", s.peak)},
		{"descriptors at the start / end", fmt.Sprintf("%d / %d", begun.total(), ended.total())},
	}
	for _, name := range slices.Sorted(maps.Keys(s.told)) {
		rows = append(rows, [2]string{"fault: " + name, fmt.Sprint(s.told[name])})
	}
	var table strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&table, "| %s | %s |\n", row[0], row[1])
	}
	s.t.Logf("\n%s", table.String())
	s.nothingHeld()
}

// total is how many descriptors are open.
func (u usage) total() (n int) {
	for _, k := range u {
		n += k
	}
	return n
}

// peakMemory is the most that the process ever held in memory, in MiB; 0 where it
// has ended.
func (m *market) peakMemory() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.daemon.serves.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")))
			return n / 1024
		}
	}
	return 0
}
