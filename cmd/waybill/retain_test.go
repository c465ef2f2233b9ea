package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

func TestRetain(t *testing.T) {
	dir := t.TempDir()
	// A relay that ran and ended: what it tracked is an hour old.
	t.Run("before", func(t *testing.T) {
		m := newMarket(t, func(*config) {})
		m.sells("A-1")
		m.says(m.buyer, orders.Draft{Verb: orders.Intent, OrderID: "A-2"}, time.Now())
		m.await("A-2", orders.StatusIntentSent)
		for _, args := range [][]string{{"retain"}, {"retain", "--completed", "-1h"}} {
			if _, err := cli(t, m.cfg.DataDir, args...); orders.ErrorCode(err) != orders.EINVALID {
				t.Errorf("%v: %v", args, err)
			}
		}
		if _, err := cli(t, m.cfg.DataDir, "retain", "--completed", "1ns"); orders.ErrorCode(err) != orders.ECONFLICT || !strings.Contains(err.Error(), "--dry-run") {
			t.Errorf("beside a running relay: %v", err)
		}
		out := mustCLI(t, m.cfg.DataDir, "retain", "--dry-run", "--completed", "1ms")
		if !strings.Contains(out, "A-1") || strings.Contains(out, "A-2") || !strings.Contains(out, "1 orders would be erased: 1 delivered, 0 cancelled") {
			t.Errorf("beside a running relay, dry:\n%s", out)
		}
		mustCLI(t, m.cfg.DataDir, "backup", filepath.Join(dir, "waybill.db"))
	})
	if out := mustCLI(t, dir, "retain", "--completed", "2h"); !strings.Contains(out, "0 orders erased") {
		t.Errorf("too early:\n%s", out)
	}
	out := mustCLI(t, dir, "retain", "--completed", "1ms")
	if !strings.Contains(out, "A-1") || !strings.Contains(out, "1 orders erased: 1 delivered, 0 cancelled; 9 boxes and 6 messages") {
		t.Errorf("got:\n%s", out)
	}
	if out := mustCLI(t, dir, "retain", "--dry-run", "--completed", "1ms"); !strings.Contains(out, "0 orders would be erased") {
		t.Errorf("again:\n%s", out)
	}
	if out := mustCLI(t, dir, "verify"); !strings.Contains(out, "1 of them erased") || !strings.Contains(out, "No problems.") {
		t.Errorf("verify:\n%s", out)
	}

	// A ledger with a fault in it is told of, with its place, and by the exit code.
	breakLedger(t, filepath.Join(dir, "waybill.db"), "UPDATE order_ids SET begun = begun + 1 WHERE intent_id = 'A-2'")
	out, err := cli(t, dir, "verify")
	if err == nil || exitCode(err) != 1 || !strings.Contains(out, "order A-2: there is no fact") {
		t.Errorf("verify of a broken ledger: exit code %d, %v\n%s", exitCode(err), err, out)
	}
}

func breakLedger(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}
