package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// cli runs a command of the program on the data folder and returns what it prints.
func cli(t *testing.T, dataDir string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "waybill.toml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "data_dir = %q\n", dataDir), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := root()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"--config", file}, args...))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func mustCLI(t *testing.T, dataDir string, args ...string) string {
	t.Helper()
	out, err := cli(t, dataDir, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// market is a running daemon with a buyer and a seller, who both let it read.
type market struct {
	*daemon
	t             *testing.T
	buyer, seller *nip17.SecretSigner
	client        *client.Client
}

func newMarket(t *testing.T, change func(*config)) *market {
	t.Helper()
	return marketOf(t, startDaemon(t, change))
}

func marketOf(t *testing.T, d *daemon) *market {
	t.Helper()
	m := &market{t: t, daemon: d, buyer: nip17test.Signer(t), seller: nip17test.Signer(t)}
	for _, s := range []*nip17.SecretSigner{m.buyer, m.seller} {
		if err := m.keyring.Add(nip17test.ReadingKey(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	m.client = &client.Client{Relays: m.cfg.Relay.PublicURLs[:1], Self: m.identity.PublicKey(), Copy: true}
	return m
}

// says sends a message of the order; a second of them all, it is dated at.
func (m *market) says(who *nip17.SecretSigner, d orders.Draft, at time.Time) {
	m.t.Helper()
	if d.To = m.seller.PublicKey(); who == m.seller {
		d.To = m.buyer.PublicKey()
	}
	d.At = at.UnixMilli()
	if sent, err := m.client.Send(m.t.Context(), who, d); err != nil || len(sent.Missed) > 0 {
		m.t.Fatalf("%s: %+v, %v", d.Verb, sent, err)
	}
}

// sells plays an order up to its delivery.
func (m *market) sells(id string) {
	m.t.Helper()
	at := time.Now().Add(-time.Hour)
	total := int64(100)
	m.says(m.buyer, orders.Draft{Verb: orders.Intent, OrderID: id, Private: orders.Private{ShippingAddress: "1 Main St, Porto"},
		Public: orders.Public{Amount: &total, Products: []orders.Product{{ProductID: "mug", Title: "Mug", Quantity: 1}}}}, at)
	m.says(m.seller, orders.Draft{Verb: orders.Shipped, OrderID: id, Public: orders.Public{Tracking: "1Z9", Carrier: "UPS"}}, at.Add(time.Minute))
	m.says(m.buyer, orders.Draft{Verb: orders.Delivered, OrderID: id}, at.Add(2*time.Minute))
	m.await(id, orders.StatusDelivered)
}

func (m *market) await(id string, status orders.Status) {
	m.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		if o, err := m.store.Order(m.t.Context(), id); err == nil && o.Status == status {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			m.t.Fatalf("%s does not become %s", id, status)
		}
	}
}

// snapshot is all of Redis but how far the tracker has come, which names the ledger.
func snapshot(t *testing.T, s *redisstore.Store) map[string]any {
	t.Helper()
	all, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for key := range all {
		if strings.Contains(key, "cursor") {
			delete(all, key)
		}
	}
	return all
}

// A backup is made beside the running relay, and restored on another machine with
// an empty Redis: the orders there are the same, key by key.
func TestBackupAndRestore(t *testing.T) {
	m := newMarket(t, func(c *config) { c.Redis.URL = redistest.Start(t).URL() })
	for _, id := range []string{"A-1", "A-2", "A-3"} {
		m.sells(id)
	}
	m.says(m.buyer, orders.Draft{Verb: orders.Note, OrderID: "A-3", Private: orders.Private{Note: "thank you"}}, time.Now())
	m.says(m.seller, orders.Draft{Verb: orders.Intent, OrderID: "A-1", Public: orders.Public{Amount: new(int64)}}, time.Now())
	m.await("A-1", orders.StatusDelivered)
	file := filepath.Join(t.TempDir(), "backup.db")
	out := mustCLI(t, m.cfg.DataDir, "backup", file)
	for _, want := range []string{file, "holds no keys", m.cfg.Keys.IdentityFile, m.cfg.Keys.MasterFile} {
		if !strings.Contains(out, want) {
			t.Errorf("backup does not say %q:\n%s", want, out)
		}
	}
	if _, err := cli(t, m.cfg.DataDir, "backup", file); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("over a backup: %v", err)
	}
	if out := mustCLI(t, m.cfg.DataDir, "verify"); !strings.Contains(out, "No problems.") {
		t.Errorf("verify beside the relay:\n%s", out)
	}
	if out := mustCLI(t, m.cfg.DataDir, "verify", "--ledger", file); !strings.Contains(out, "No problems.") {
		t.Errorf("verify the backup:\n%s", out)
	}
	if _, err := cli(t, m.cfg.DataDir, "restore", "--force", file); orders.ErrorCode(err) != orders.ECONFLICT || !strings.Contains(err.Error(), "stop the relay") {
		t.Errorf("under a running relay: %v", err)
	}

	elsewhere := filepath.Join(t.TempDir(), "data")
	out = mustCLI(t, elsewhere, "restore", file)
	for _, want := range []string{"3 orders", "There is no " + filepath.Join(elsewhere, "identity.key")} {
		if !strings.Contains(out, want) {
			t.Errorf("restore does not say %q:\n%s", want, out)
		}
	}
	for _, name := range []string{"identity.key", "master.key"} {
		text, err := os.ReadFile(filepath.Join(m.cfg.DataDir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(elsewhere, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d := startDaemon(t, func(c *config) { c.DataDir, c.Redis.URL = elsewhere, redistest.Start(t).URL() })
	if d.ledger.ID() == m.ledger.ID() || d.identity.PublicKey() != m.identity.PublicKey() {
		t.Error("the restored relay has the ledger id of the first, or another key of its own")
	}
	n := &market{t: t, daemon: d}
	for _, id := range []string{"A-1", "A-2", "A-3"} {
		n.await(id, orders.StatusDelivered)
	}
	var want map[string]any
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for same, late := false, false; !same; { // the lists are swept last
		want = snapshot(t, m.store)
		diff := redisstore.Diff(snapshot(t, d.store), want)
		if same = len(diff) == 0; late {
			for _, one := range diff {
				t.Errorf("after the restore: %v", one)
			}
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			late = true
		}
	}
	if len(want) < 10 {
		t.Errorf("only %d keys were compared", len(want))
	}
	o, err := d.store.Order(t.Context(), "A-2")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := client.OpenBox(t.Context(), m.seller, o.Boxes[o.ShippingAddress.Fact]); err != nil || p.ShippingAddress != "1 Main St, Porto" {
		t.Errorf("the seller reads %q in the restored order, %v", p.ShippingAddress, err)
	}
}

func ledgerWith(t *testing.T, dataDir string) (id string) {
	t.Helper()
	l, err := ledger.Open(t.Context(), filepath.Join(dataDir, "waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.ID()
}

func TestRestoreOverALedger(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	ledgerWith(t, first)
	file := filepath.Join(t.TempDir(), "backup.db")
	mustCLI(t, first, "backup", file)

	was := ledgerWith(t, second)
	path := filepath.Join(second, "waybill.db")
	if _, err := cli(t, second, "restore", file); orders.ErrorCode(err) != orders.ECONFLICT || !strings.Contains(err.Error(), "--force") {
		t.Errorf("without --force: %v", err)
	}
	if got := ledgerWith(t, second); got != was {
		t.Errorf("the refused restore left another ledger: %s", got)
	}
	out := mustCLI(t, second, "restore", "--force", file)
	if got := ledgerWith(t, second); got == was || got == ledgerWith(t, first) {
		t.Errorf("the ledger's id is %s", got)
	}
	asides, err := filepath.Glob(path + ".replaced-*")
	if err != nil || len(asides) != 1 || !strings.Contains(out, asides[0]) {
		t.Fatalf("the old ledger is in %v, %v; the command says:\n%s", asides, err, out)
	}
	old, err := ledger.OpenReadOnly(t.Context(), asides[0])
	if err != nil || old.ID() != was {
		t.Fatalf("the old ledger: %v", err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	// A backup that is none leaves everything as it is; a ledger that is none goes aside.
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := ledgerWith(t, second)
	if _, err := cli(t, second, "restore", "--force", bad); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("a backup that is none: %v", err)
	}
	if got := ledgerWith(t, second); got != now {
		t.Errorf("it left another ledger: %s", got)
	}
	for name, text := range map[string]string{path: "no database", path + "-wal": "nor a log"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustCLI(t, second, "restore", "--force", file)
	logs, err := filepath.Glob(path + ".replaced-*-wal")
	if err != nil || !slices.ContainsFunc(logs, func(log string) bool { text, err := os.ReadFile(log); return err == nil && string(text) == "nor a log" }) {
		t.Errorf("the log of the broken ledger is not among %v, %v", logs, err)
	}
	if left, err := exists(path + "-wal"); err != nil || left {
		t.Errorf("it is still beside the new ledger: %v, %v", left, err)
	}
	if got := ledgerWith(t, second); got == now {
		t.Error("the broken ledger was not replaced")
	}

	// The log of a ledger that is gone must not be taken for the new one's.
	third := t.TempDir()
	if err := os.WriteFile(filepath.Join(third, "waybill.db-wal"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cli(t, third, "restore", file); orders.ErrorCode(err) != orders.ECONFLICT {
		t.Errorf("beside a strange log: %v", err)
	}
}
