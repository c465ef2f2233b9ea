//go:build e2e

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// TestBackupUnderLoad: a backup that is made while the relay takes messages, and is
// killed right after, is sound and holds all that was there before; and the backup
// of all of it makes, on a machine with nothing, the same orders key by key.
func TestBackupUnderLoad(t *testing.T) {
	l := newLoad(t, 200)
	early := filepath.Join(t.TempDir(), "early.db")
	book := readLedger(t, l.daemon)
	var before int64
	var backedUp error
	l.until(200, func() {
		if before, backedUp = book.LastSeq(t.Context()); backedUp == nil {
			out, err := l.daemon.command("backup", early).CombinedOutput()
			if backedUp = err; err != nil {
				backedUp = errors.Join(err, errors.New(string(out)))
			}
		}
		l.daemon.serves.kill()
	})
	if backedUp != nil {
		t.Fatal(backedUp)
	}
	if out := l.daemon.do("verify", "--ledger", early); !strings.Contains(out, "No problems.") {
		t.Errorf("the backup that was made under load:\n%s", out)
	}
	copied, err := ledger.OpenReadOnly(t.Context(), early)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if got, err := copied.LastSeq(t.Context()); err != nil || got < before {
		t.Errorf("the backup ends at %d, %v; %d were there before it", got, err, before)
	}
	l.daemon.start()
	l.finish(1)

	whole := filepath.Join(t.TempDir(), "whole.db")
	l.daemon.do("backup", whole)
	url := redistest.Start(t).URL()
	elsewhere := newDaemon(t, string(must(os.ReadFile(l.daemon.env["CONFIG"]))(t)), map[string]string{"REDIS_URL": url})
	elsewhere.do("restore", whole)
	for _, name := range []string{"identity.key", "master.key"} {
		text := must(os.ReadFile(filepath.Join(l.daemon.data(), name)))(t)
		if err := os.WriteFile(filepath.Join(elsewhere.data(), name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere.start()
	caughtUp(t, elsewhere, url)
	got, want := snapshot(t, url), snapshot(t, l.redis)
	delete(got, "orders_cursor") // names the ledger, which is another
	delete(want, "orders_cursor")
	if diff := redisstore.Diff(got, want); len(diff) > 0 || len(want) < 200 {
		t.Errorf("of %d keys %d differ after the restore, the first: %v", len(want), len(diff), diff)
	}
	if a := elsewhere.cli("restore", "--force", whole); a.code != 5 || !strings.Contains(a.err, "stop the relay first") {
		t.Errorf("restoring under a running relay: %v", a)
	}
	if a := elsewhere.cli("retain", "--completed", "1h"); a.code != 5 || !strings.Contains(a.err, "--dry-run") {
		t.Errorf("erasing beside a running relay: %v", a)
	}
	if out := elsewhere.do("verify"); !strings.Contains(out, "No problems.") {
		t.Errorf("beside the running relay: %s", out)
	}
	elsewhere.stop()
	elsewhere.log.calm(t)
}
