//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// couldNotStore is what the daemon logs for every event that it has no room for;
// couldNotTell while it has none to write down who is to be told of one, or was.
const couldNotStore = "an event could not be stored"

var couldNotTell = []string{"what is to be told could not be decided; trying again", "notices could not be read or settled; trying again"}

// TestDiskFull: with no room left the relay refuses what comes with a reason, goes on
// serving what it has, and takes messages again as soon as there is room; nothing is
// half written. Once by a limit for files, and where that is allowed on a small disk.
func TestDiskFull(t *testing.T) {
	t.Run("limit", func(t *testing.T) {
		m := newMarket(t, marketOf{})
		m.fullDisk(fileLimit{m})
	})
	small, ok := smallDisk(t, 64)
	if !ok {
		t.Log("mounting a small disk is not allowed here: tested by the limit alone")
		return
	}
	t.Run("tmpfs", func(t *testing.T) {
		m := newMarket(t, marketOf{data: filepath.Join(small.folder, "data")})
		m.fullDisk(small)
	})
}

func (m *market) fullDisk(d disk) {
	m.t.Helper()
	m.sold(200)
	for range 2 {
		d.fill()
		m.refuses()
		m.daemon.alive()
		d.free()
		m.sold(100)
	}
	m.peace(append(couldNotTell, couldNotStore, "the ledger does not answer")...)
}

// refuses waits until the full disk is felt, and then holds the relay to its word:
// what it refuses it does not have, and what it has it serves.
func (m *market) refuses() {
	m.t.Helper()
	s := dial(m.t, m.daemon.url)
	defer s.close()
	buyer, to := m.buyers[9], m.stalls[0]
	var refused []nostr.Event
	within(m.t, stubborn, "the disk is full", func() error {
		wrap := buyer.wrap(message(14, to.seller.person(), "full", "is there room?"), to.inbox)[0]
		v, err := s.publish(wrap)
		if err != nil {
			m.t.Fatalf("an event got no answer on a full disk: %v", err)
		}
		if v.ok {
			m.account.taken(wrap.ID, 0)
			return fmt.Errorf("the relay still takes events")
		}
		if !strings.HasPrefix(v.reason, "error: ") {
			m.t.Fatalf("on a full disk an event is refused with %q, want error: and why", v.reason)
		}
		if refused = append(refused, wrap); len(refused) < 20 {
			return fmt.Errorf("%d events were refused", len(refused))
		}
		return nil
	})
	intact(m.t, m.daemon)
	book := readLedger(m.t, m.daemon)
	defer book.Close()
	for _, evt := range refused {
		if must(book.Has(m.t.Context(), evt.ID))(m.t) {
			m.t.Errorf("event %s was refused and is in the ledger", evt.ID)
		}
	}
	r := listen(m.t, m.daemon.url)
	defer r.close()
	if got, _, err := r.ask(nostr.Filter{Kinds: []int{nostr.KindDMRelayList}, Limit: 10}); err != nil || len(got) == 0 {
		m.t.Errorf("on a full disk nothing is served: %v", err)
	}
}

// TestKeysWithoutRoom: a daemon that cannot write its keys says so and ends, and
// leaves nothing that keeps it from starting once there is room; `keys add` keeps what
// was there. Once by a limit for files, and where that is allowed on a small disk.
func TestKeysWithoutRoom(t *testing.T) {
	t.Run("limit", func(t *testing.T) {
		d := newDaemon(t, "", nil)
		d.keepsKeys("file too large", func(args ...string) answer {
			cmd := d.command(args...)
			cmd.Args = append([]string{"sh", "-c", `ulimit -f 0; exec "$0" "$@"`, cmd.Path}, args...)
			cmd.Path = "/bin/sh"
			return d.finish(cmd)
		})
	})
	small, ok := smallDisk(t, 1)
	if !ok {
		t.Log("mounting a small disk is not allowed here: tested by the limit alone")
		return
	}
	t.Run("tmpfs", func(t *testing.T) {
		d := newDaemon(t, "", map[string]string{"DATA_DIR": filepath.Join(small.folder, "data")})
		d.keepsKeys("no space left on device", func(args ...string) answer {
			small.fill()
			defer small.free()
			return d.cli(args...)
		})
	})
}

// keepsKeys runs commands as without does, in which no file can be written, and
// looks for the reason in what they say.
func (d *daemon) keepsKeys(reason string, without func(args ...string) answer) {
	d.t.Helper()
	if a := without("serve"); a.code == 0 || !strings.Contains(a.err, reason) {
		d.t.Errorf("serve: %v; want %q", a, reason)
	}
	d.start()
	var files []string
	for range 2 {
		files = append(files, filepath.Join(d.t.TempDir(), "key"))
		if err := os.WriteFile(files[len(files)-1], []byte(newSpeaker(d.t).secret+"\n"), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
	d.do("keys", "add", "--file", files[0])
	before := d.do("keys", "list")
	if a := without("keys", "add", "--file", files[1]); a.code == 0 || !strings.Contains(a.err, reason) {
		d.t.Errorf("keys add: %v; want %q", a, reason)
	}
	if now := d.do("keys", "list"); now != before {
		d.t.Errorf("after a keys add that failed the keys are %q, before %q", now, before)
	}
	d.do("keys", "add", "--file", files[1])
	d.stop()
}
