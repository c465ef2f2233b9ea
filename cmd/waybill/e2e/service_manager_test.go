//go:build e2e

package e2e

import (
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// A serviceManager is what systemd is to the daemon: a socket to be told things at.
type serviceManager struct {
	t    *testing.T
	conn *net.UnixConn
}

func newServiceManager(t *testing.T) (m *serviceManager, path string) {
	t.Helper()
	dir := must(os.MkdirTemp("", "notify"))(t) // a socket's path must be short
	t.Cleanup(func() { os.RemoveAll(dir) })
	path = filepath.Join(dir, "s")
	conn := must(net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"}))(t)
	t.Cleanup(func() { conn.Close() })
	return &serviceManager{t, conn}, path
}

// told waits until the daemon says the word, and returns the whole message.
func (m *serviceManager) told(word string) string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	for buf := make([]byte, 4096); ; {
		n, err := m.conn.Read(buf)
		if err != nil {
			m.t.Fatalf("waiting for %s: %v", word, err)
		}
		if text := string(buf[:n]); strings.HasPrefix(text, word) {
			return text
		}
	}
}

// TestServiceManager: sd_notify(3) from start to stop, and a watchdog that is told
// only while the relay really works.
func TestServiceManager(t *testing.T) {
	m, path := newServiceManager(t)
	d := newDaemon(t, "", map[string]string{"REDIS_URL": redistest.Start(t).URL(), "ADMIN_LISTEN": freeAddress(t)})
	d.also = []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=800000"}
	d.start()
	if text := m.told("READY=1"); !strings.Contains(text, "STATUS=open at 127.0.0.1:") {
		t.Errorf("got %q", text)
	}
	m.told("WATCHDOG=1")
	m.told("WATCHDOG=1")

	d.hangUp()
	_, since, _ := strings.Cut(m.told("RELOADING=1"), "MONOTONIC_USEC=")
	if us, err := strconv.ParseInt(since, 10, 64); err != nil || us <= 0 {
		t.Errorf("it does not say when the reload began: %q", since)
	}
	m.told("READY=1")

	// Somebody else holds the ledger's write lock: nothing can be accepted.
	db := must(sql.Open("sqlite", "file:"+d.ledgerFile()))(t)
	defer db.Close()
	db.SetMaxOpenConns(1)
	d.said("the service manager's watchdog is not told that all is well", func() {
		if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
			t.Fatal(err)
		}
	})
	if a := d.cli("healthcheck", "--ready"); a.code != 1 || !strings.Contains(a.err, "not ready: ledger: no answer") {
		t.Errorf("ready with a locked ledger: %v", a)
	}
	if a := d.cli("healthcheck"); a.code != 0 || a.out != "alive\n" {
		t.Errorf("alive with a locked ledger: %v", a)
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is ready again", func() error {
		if a := d.cli("healthcheck", "--ready"); a.code != 0 || a.out != "ready: disk, ledger, redis, relay, tracker\n" {
			return errors.New(a.String())
		}
		return nil
	})
	m.told("WATCHDOG=1")
	if out := d.do("doctor"); !strings.Contains(out, "a relay is running, pid "+strconv.Itoa(d.serves.cmd.Process.Pid)) {
		t.Errorf("doctor: %s", out)
	}

	d.stop()
	m.told("STOPPING=1")
	if a := d.cli("healthcheck"); a.code != 1 || strings.Count(a.err, "\n") != 1 || !strings.Contains(a.err, "nothing answers at") {
		t.Errorf("alive after its end: %v", a)
	}
}
