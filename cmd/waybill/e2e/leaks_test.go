//go:build e2e

package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/orders"
)

// nothingLeaked looks for every hidden text and every secret key in all of Redis,
// in the log and in the raw bytes of every file in the data folder, while the
// daemon runs (the write-ahead log is there) and after it has ended; and for
// public keys in what is logged above debug.
func (w *world) nothingLeaked() {
	w.t.Helper()
	w.absent("Redis", w.redis.dump())
	w.absentInFiles()
	w.daemon.stop()
	w.absentInFiles()
	w.absent("the log", w.daemon.log.text())
	w.daemon.log.calm(w.t)
	for _, line := range w.daemon.log.find(func(l logLine) bool { return l.Level != "debug" && l.Level != "trace" }) {
		for _, p := range w.people {
			if strings.Contains(line.text, p.npub) || strings.Contains(line.text, p.pubkey) {
				w.t.Errorf("%s's public key is in the log, at level %s", p.name, line.Level)
			}
		}
	}
}

func (w *world) absentInFiles() {
	w.t.Helper()
	err := filepath.WalkDir(w.daemon.data(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() { // folders, and a socket of Redis
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		w.absent(filepath.Base(path), string(content))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) absent(where, content string) {
	w.t.Helper()
	for _, text := range w.hidden {
		if strings.Contains(content, text) {
			w.t.Errorf("%q stands in clear in %s", text, where)
		}
	}
	for _, p := range w.people {
		nsec, err := nip19.EncodePrivateKey(p.secret)
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(content, nsec) {
			w.t.Errorf("%s's secret key stands in %s", p.name, where)
		}
	}
}

// privateField is one value of an opened box.
func privateField(t *testing.T, plain string, f orders.Field) string {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal([]byte(plain), &values); err != nil {
		t.Fatalf("an opened box holds no JSON object: %v", err)
	}
	value, _ := values[string(f)].(string)
	return value
}
