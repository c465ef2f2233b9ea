//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders/client"
)

const (
	// patience is how long anything may take that should take a moment: on a machine
	// that is busy with other things, a moment is long.
	patience = 30 * time.Second
	// stopWithin is how long the relay may take to end: it promises that.
	stopWithin = 10 * time.Second
)

// A daemon is one `waybill serve` on a data folder. It may be ended and started
// again; its log goes on.
type daemon struct {
	t      *testing.T
	dir    string // of config file and keys; the data are in dir/data
	env    map[string]string
	also   []string // other variables, NAME=value
	url    string   // ws://127.0.0.1:port
	log    *logbook
	serves *process

	program string // what serves; "" for the one that everybody tests
}

// newDaemon prepares a daemon that is not running yet. settings are WAYBILL_
// variables without that prefix; config is the text of its config file.
func newDaemon(t *testing.T, config string, settings map[string]string) *daemon {
	t.Helper()
	dir := t.TempDir()
	address := freeAddress(t)
	d := &daemon{t: t, dir: dir, url: "ws://" + address, log: &logbook{}, env: map[string]string{
		"DATA_DIR": filepath.Join(dir, "data"), "RELAY_LISTEN": address, "CONFIG": filepath.Join(dir, "waybill.toml"),
	}}
	d.env["METRICS_LISTEN"] = settings["ADMIN_LISTEN"] // many run on this machine
	maps.Copy(d.env, settings)
	if err := os.WriteFile(d.env["CONFIG"], []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of the daemon at %s:\n%s", d.url, d.log.text())
		}
	})
	return d
}

// freeAddress is one where nobody listens now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (d *daemon) data() string { return d.env["DATA_DIR"] }

func (d *daemon) ledgerFile() string { return filepath.Join(d.data(), "waybill.db") }

// command is waybill with this daemon's configuration and nothing else of ours.
func (d *daemon) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = d.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "TZ=UTC"}
	for name, value := range d.env {
		cmd.Env = append(cmd.Env, "WAYBILL_"+name+"="+value)
	}
	cmd.Env = append(cmd.Env, d.also...)
	return cmd
}

// start runs the daemon and returns once it listens.
func (d *daemon) start() {
	d.t.Helper()
	cmd := d.command("serve")
	cmd.Path = cmp.Or(d.program, server)
	opened := d.log.await(func(l logLine) bool { return l.Message == "the relay is open" })
	cmd.Stdout, cmd.Stderr = d.log, d.log
	d.serves = start(d.t, cmd)
	select {
	case <-opened:
	case <-d.serves.exited:
		d.t.Fatalf("the daemon ended at once, exit code %d:\n%s", cmd.ProcessState.ExitCode(), d.log.text())
	case <-time.After(patience):
		d.t.Fatalf("the daemon does not listen:\n%s", d.log.text())
	}
}

// stop ends the daemon as an operator does, and holds it to its promise.
func (d *daemon) stop() {
	d.t.Helper()
	code, err := d.serves.end(syscall.SIGTERM, stopWithin)
	if err != nil || code != 0 {
		d.t.Fatalf("SIGTERM: exit code %d, error %v; want exit code 0 within %v\n%s", code, err, stopWithin, d.log.text())
	}
}

// alive fails the test where the daemon has ended by itself.
func (d *daemon) alive() {
	d.t.Helper()
	select {
	case <-d.serves.exited:
		d.t.Fatalf("the daemon has ended: %v", d.serves.cmd.ProcessState)
	default:
	}
}

// answer is what a command of the CLI said.
type answer struct {
	out, err string
	code     int
}

// cli runs a command of the CLI with this daemon's configuration.
func (d *daemon) cli(args ...string) answer {
	d.t.Helper()
	return d.finish(d.command(args...))
}

// finish runs a command to its end.
func (d *daemon) finish(cmd *exec.Cmd) answer {
	d.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	p := start(d.t, cmd)
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		d.t.Fatalf("%s: still running after a minute", strings.Join(cmd.Args, " "))
	}
	return answer{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

func (a answer) String() string { return fmt.Sprintf("exit code %d\n%s%s", a.code, a.out, a.err) }

// do is cli for what must succeed; it returns the output.
func (d *daemon) do(args ...string) string {
	d.t.Helper()
	a := d.cli(args...)
	if a.code != 0 {
		d.t.Fatalf("waybill %s: %v", strings.Join(args, " "), a)
	}
	return a.out
}

// selfOf is the relay's own public key (NIP-11).
func selfOf(t *testing.T, d *daemon) string {
	t.Helper()
	self, err := client.RelayKey(t.Context(), d.url)
	if err != nil {
		t.Fatal(err)
	}
	return self
}
