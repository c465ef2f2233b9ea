//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// said waits for the next line of the log that has the message, after do.
func (d *daemon) said(message string, do func()) {
	d.t.Helper()
	found := d.log.await(func(l logLine) bool { return l.Message == message })
	do()
	select {
	case <-found:
	case <-time.After(patience):
		d.t.Fatalf("the log does not say %q:\n%s", message, d.log.text())
	}
}

func (d *daemon) hangUp() {
	d.t.Helper()
	if err := d.serves.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		d.t.Fatal(err)
	}
}

// TestReload: SIGHUP gives a running daemon a key, takes it away, and changes the
// log's level; a broken file changes nothing; what needs a restart is named.
func TestReload(t *testing.T) {
	d, npub := shop(t)
	x := dialRedis(t, d.env["REDIS_URL"])
	order := func(id string) {
		t.Helper()
		d.do("send", "intent", "--key", "buyer", "--to", npub["seller"], "--order", id, "--item", "mug,1", "--total", "10")
	}
	configure := func(text string) {
		t.Helper()
		if err := os.WriteFile(d.env["CONFIG"], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const reloaded, refused = "the configuration was reloaded", "the configuration was not reloaded, and the relay goes on with what it had"
	const sellersKey = "[[keys.delegated]]\nsecret_file = \"seller\"\n"

	order("R-1")
	if keys := x.Keys(t.Context(), "orders:*").Val(); len(keys) > 0 {
		t.Errorf("orders without any key: %q", keys)
	}
	configure("[relay]\nname = \"Another\"\n" + sellersKey)
	d.said("these keys have changed too, but need a restart", func() { d.said(reloaded, d.hangUp) })
	if !strings.Contains(d.log.text(), `"keys":["relay.name"]`) {
		t.Error("the log does not name relay.name")
	}
	x.order("R-1", stands("intent-sent", "none", "intent"))

	configure("[relay]\nlissten = \"x\"\n")
	d.said(refused, d.hangUp)
	if !strings.Contains(d.log.text(), "lissten") {
		t.Error("the log does not say what is wrong")
	}
	configure(sellersKey) // for the commands; the daemon is not told
	if a := d.cli("keys", "remove", npub["seller"]); a.code != 4 || !strings.Contains(a.err, "configuration") {
		t.Errorf("removing a key that the configuration names: got %v", a)
	}
	order("R-2")
	x.order("R-2", stands("intent-sent", "none", "intent"))

	configure("[log]\nlevel = \"debug\"\n[[keys.delegated]]\nsecret_file = \"admin\"\n")
	d.said(reloaded, d.hangUp)
	order("R-3") // stays closed
	d.do("send", "intent", "--key", "buyer", "--to", npub["admin"], "--order", "R-4", "--item", "mug,1", "--total", "10")
	x.order("R-4", stands("intent-sent", "none", "intent"))
	if _, err := x.read("R-3"); err == nil {
		t.Error("a key that left the configuration goes on opening")
	}
	configure("[log]\nlevel = \"error\"\n")
	d.hangUp()
	d.stop()
	if strings.Contains(d.log.text(), strings.TrimSpace(string(must(os.ReadFile(filepath.Join(d.dir, "seller")))(t)))) {
		t.Error("the seller's secret key stands in the log")
	}
}

// TestSignalsWhileStopping: a relay that is being stopped ends well however many
// signals follow; none of them finds its default action, which kills.
func TestSignalsWhileStopping(t *testing.T) {
	for _, also := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		t.Run(also.String(), func(t *testing.T) {
			d := newDaemon(t, "", nil)
			d.start()
			if err := d.serves.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			for limit := time.After(stopWithin); ; {
				select {
				case <-d.serves.exited:
					if state := d.serves.cmd.ProcessState; state.ExitCode() != 0 {
						t.Fatalf("it ended with %v, want exit code 0\n%s", state, d.log.text())
					}
					return
				case <-limit:
					t.Fatalf("it still runs:\n%s", d.log.text())
				default:
					_ = d.serves.cmd.Process.Signal(also) // an error: it has ended
				}
			}
		})
	}
}
