package ledger

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// victimVariable names the file that the test binary, started again as its own
// child, writes to until it is killed.
const victimVariable = "LEDGER_TEST_VICTIM"

// runAsVictim stores messages with eight writers, and prints the number of each
// once it is acknowledged.
func runAsVictim() bool {
	path, start := os.Getenv(victimVariable), os.Getenv(victimVariable+"_START")
	if path == "" {
		return false
	}
	first, err := strconv.Atoi(start)
	if err != nil {
		panic(err)
	}
	l, err := Open(context.Background(), path)
	if err != nil {
		panic(err)
	}
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for w := range 8 {
		wg.Go(func() {
			for i := first + w; ; i += 8 {
				if _, err := l.Arrive(context.Background(), crashArrival(i)); err != nil {
					panic(err)
				}
				mu.Lock()
				fmt.Println(i)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return true
}

// crashArrival is message i, with a fact that begins the order of its own.
func crashArrival(i int) Arrival {
	id := strconv.Itoa(i)
	return arrival(wrap(id, bob, int64(i)), bob, fact("r"+id, orders.Intent, alice, bob, "o"+id, int64(i)))
}

// TestKilled kills a writing process five times. What was acknowledged must be
// there, whole, and so must everything else that is there.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	acknowledged := map[int]bool{}
	for round := range 5 {
		for _, i := range killAfter(t, path, round*1_000_000, 40+round*37) {
			acknowledged[i] = true
		}
	}
	l := openAt(t, path)
	for i := range acknowledged {
		want := crashArrival(i)
		if !serves(t, l, want.Event, bob) {
			t.Errorf("message %d was acknowledged and is not served", i)
		}
		if _, ok, err := l.KeyOf(t.Context(), want.Facts[0].OrderID); err != nil || !ok {
			t.Errorf("the order of message %d: %v, %v", i, ok, err)
		}
	}
	if rows := checkWhole(t, l); rows < len(acknowledged) {
		t.Errorf("%d rows for %d acknowledged", rows, len(acknowledged))
	}
}

// checkWhole checks a file in which nothing but crashArrivals was stored, and
// returns how many.
func checkWhole(t *testing.T, l *Ledger) (rows int) {
	t.Helper()
	var check string
	if err := l.reads.db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		t.Errorf("integrity_check = %q, %v", check, err)
	}
	var events, facts, begun int
	err := l.reads.db.QueryRowContext(t.Context(), `
		SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM events), (SELECT count(*) FROM facts), (SELECT count(*) FROM order_ids)`,
	).Scan(&rows, &events, &facts, &begun)
	if err != nil || rows != events || rows != facts || rows != begun {
		t.Errorf("%d rows, %d events, %d facts, %d orders (%v); want one each", rows, events, facts, begun, err)
	}
	return rows
}

// killAfter returns the numbers the child acknowledged before SIGKILL.
func killAfter(t *testing.T, path string, start, n int) (acknowledged []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+path, victimVariable+"_START="+strconv.Itoa(start))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		i, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the child printed %q", lines.Text())
		}
		if acknowledged = append(acknowledged, i); len(acknowledged) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) < n {
		t.Fatalf("the child ended by itself after %d lines: %v", len(acknowledged), err)
	}
	return acknowledged
}
