//go:build e2e

package e2e

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// A spot is something that the daemon wrote, or answered.
type spot struct {
	name    string
	content []byte
}

// An exemption lets a text stand in some places.
type exemption struct {
	text   string
	places []string // patterns of path.Match
	why    string
}

// nothingLeaked looks for every hidden text and every secret key in all of Redis,
// in the log, in what HTTP answers and in the raw bytes of every file in the data
// folder, while the daemon runs (the write-ahead log is there) and after it has
// ended; then in every value of the ledger. And for public keys in what is logged
// above debug.
func (w *world) nothingLeaked(allowed ...exemption) {
	w.t.Helper()
	w.absent(append(w.daemon.answers(), spot{"Redis", []byte(w.redis.dump())}), allowed...)
	w.absent(w.daemon.files(), allowed...)
	w.daemon.stop()
	w.absent(w.daemon.files(), allowed...)
	w.absent(ledgerValues(w.t, w.daemon.ledgerFile()), allowed...)
	w.absent([]spot{{"the log", []byte(w.daemon.log.text())}}, allowed...)
	w.daemon.log.calm(w.t)
	for _, line := range w.daemon.log.find(func(l logLine) bool { return l.Level != "debug" && l.Level != "trace" }) {
		for _, p := range w.people {
			if strings.Contains(line.text, p.npub) || strings.Contains(line.text, p.pubkey) {
				w.t.Errorf("%s's public key is in the log, at level %s", p.name, line.Level)
			}
		}
	}
}

// absent fails the test for everything hidden that stands in one of the places.
func (w *world) absent(places []spot, allowed ...exemption) {
	w.t.Helper()
	for _, p := range places {
		for _, n := range w.hidden.in(p.content) {
			if !slices.ContainsFunc(allowed, func(e exemption) bool { return e.text == n.text && e.covers(p.name) }) {
				w.t.Errorf("%v stands in clear in %s", n, p.name)
			}
		}
	}
}

func (e exemption) covers(name string) bool {
	return slices.ContainsFunc(e.places, func(pattern string) bool {
		ok, err := filepath.Match(pattern, name)
		return ok && err == nil
	})
}

// files are all files in the data folder, by their names.
func (d *daemon) files() []spot {
	d.t.Helper()
	return filesIn(d.t, d.data())
}

func filesIn(t *testing.T, folder string) (files []spot) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() { // folders, and a socket of Redis
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was there for a moment only
		}
		files = append(files, spot{filepath.Base(path), content})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// answers are what the relay and, where it is on, the admin listener say to
// somebody who asks by HTTP.
func (d *daemon) answers() (said []spot) {
	d.t.Helper()
	ask := func(address, path string, header http.Header) {
		d.t.Helper()
		req := must(http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://"+address+path, nil))(d.t)
		req.Header = header
		resp := must(http.DefaultClient.Do(req))(d.t)
		defer resp.Body.Close()
		body := must(io.ReadAll(resp.Body))(d.t)
		said = append(said, spot{"GET " + path, fmt.Appendf(body, "\n%v", resp.Header)})
	}
	relay := strings.TrimPrefix(d.url, "ws://")
	ask(relay, "/", http.Header{"Accept": {"application/nostr+json"}})
	for _, path := range []string{"/", "/metrics", "/debug/vars", "/debug/pprof/goroutine?debug=2"} {
		ask(relay, path, nil)
	}
	if admin := d.env["ADMIN_LISTEN"]; admin != "" {
		for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug/vars", "/debug/pprof/goroutine?debug=2"} {
			ask(admin, path, nil)
		}
	}
	return said
}

// ledgerValues are the columns of every table of the ledger in a file that nobody
// is writing to: in the file itself a long value lies on several pages. What is
// read is a copy.
func ledgerValues(t *testing.T, file string) (columns []spot) {
	t.Helper()
	folder := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(file + suffix)
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "ledger"+suffix), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	db := must(sql.Open("sqlite", "file:"+filepath.Join(folder, "ledger")))(t)
	defer db.Close()
	for _, table := range selected(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table'")[0].values {
		for _, c := range selected(t, db, `SELECT * FROM "`+table+`"`) {
			columns = append(columns, spot{table + "." + c.name, []byte(strings.Join(c.values, "\n"))})
		}
	}
	return columns
}

type column struct {
	name   string
	values []string
}

// selected is what a query answers, by its columns.
func selected(t *testing.T, db *sql.DB, query string) (columns []column) {
	t.Helper()
	rows := must(db.Query(query))(t)
	defer rows.Close()
	for _, name := range must(rows.Columns())(t) {
		columns = append(columns, column{name: name})
	}
	for rows.Next() {
		row := make([]sql.NullString, len(columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, v := range row {
			columns[i].values = append(columns[i].values, v.String)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
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
