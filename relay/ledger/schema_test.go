package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/waybill-relay/waybill/orders"
)

// fromSchema has, for each schema version but the newest, what is to be checked
// of a ledger that was written with it (testdata/schema-<version>.sql) once it is
// migrated, beside what holds for all of them. A new migration asks for a new one.
var fromSchema = map[int64]func(*testing.T, *Ledger){
	1: func(t *testing.T, l *Ledger) {
		got, err := all(t.Context(), l.reads, scanString, "SELECT seq || ' ' || sender || ' ' || bound || held FROM facts ORDER BY seq")
		want := []string{
			"1 " + alice + " 10", "2 " + alice + " 10", "3 " + alice + " 10", "4 " + bob + " 10",
			"5 " + carol + " 10", "6 " + carol + " 10", "7  10",
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("senders: %v (-want +got):\n%s", err, diff)
		}
		o, err := orders.Assemble(t.Context(), l, orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"})
		if err != nil || o == nil || o.IntentID != "o-1" || o.Status != orders.StatusShipped || o.Products[0].Title != "Bob's mug" {
			t.Errorf("Assemble = %+v, %v", o, err)
		}
		if b, ok, err := l.Beginning(t.Context(), orders.Key{Pair: orders.PairOf(carol, bob), OrderID: "o-1"}); err != nil || !ok || b.IntentID != "o-1_e4830ab6" || b.Retired || b.Mark != 0 {
			t.Errorf("Beginning = %+v, %v, %v", b, ok, err)
		}
		arrive(t, l, arrival(wrap("w1", bob, 1_700_000_000), bob), Duplicate)
		publish(t, l, event("gone", 1, bob, 1_700_000_000), Deleted)
	},
	// Like 1, and then: a guest's order, a fact that names one party, one that is
	// held, one in the open, an order that was retired, and carol asked to be forgotten.
	2: func(t *testing.T, l *Ledger) {
		if facts, err := l.OneSided(t.Context(), bob, "o-1"); err != nil || len(facts) != 2 || facts[1].ID != key("lone") {
			t.Errorf("OneSided = %+v, %v", facts, err)
		}
		if bs, err := l.Sharing(t.Context(), bob, "o-1"); err != nil || len(bs) != 2 || bs[0].IntentID != "o-1" || bs[1].IntentID != "o-1_e4830ab6" {
			t.Errorf("Sharing = %+v, %v", bs, err)
		}
		if said, err := l.SaidInPublic(t.Context(), bob, "o-5"); err != nil || !said {
			t.Errorf("SaidInPublic = %v, %v", said, err)
		}
		facts, err := l.OfKey(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-1"})
		if err != nil || len(facts) == 0 || !facts[len(facts)-1].Held {
			t.Errorf("OfKey = %+v, %v; want the last held", facts, err)
		}
		if b, ok, err := l.Beginning(t.Context(), orders.Key{Pair: orders.PairOf(alice, bob), OrderID: "o-4"}); err != nil || !ok || !b.Retired {
			t.Errorf("Beginning = %+v, %v, %v; want a tombstone", b, ok, err)
		}
		l.SetLimits(Limits{IntentsPerAuthor: 1})
		guest := guestOrder("guest 2", bob, facts[len(facts)-1].ReceivedAt)
		if !said(t, l, guest) {
			t.Error("the guest's order of before is not counted")
		}
		publish(t, l, event("carol's", 1, carol, 1_700_000_000), Deleted)
	},
	// Like 2, and then: a text in o-6, whose begin and whose rival o-7 are dated back
	// later; and o-8, whose intent was read after a claim.
	3: func(t *testing.T, l *Ledger) {
		const at, hours = int64(1_700_100_000_000), int64(3_600_000)
		for _, want := range []orders.Beginning{
			{Key: orders.Key{Pair: orders.PairOf(alice, mallory), OrderID: "o-6"}, IntentID: "o-6", At: at, Sigma: at, Seq: 16, Least: at - 1000*hours},
			{Key: orders.Key{Pair: orders.PairOf(alice, mallory), OrderID: "o-7"}, IntentID: "o-7", At: at + 1, Sigma: at - at%hours + 10*hours, Seq: 19, Least: at + 1},
			{Key: orders.Key{Pair: orders.PairOf(bob, mallory), OrderID: "o-8"}, IntentID: "o-8", At: at, Sigma: at, Seq: 22, Least: at},
		} {
			got, ok, err := l.Beginning(t.Context(), want.Key)
			if diff := cmp.Diff(want, got); err != nil || !ok || diff != "" {
				t.Errorf("Beginning: %v, %v (-want +got):\n%s", ok, err, diff)
			}
		}
		o, err := orders.Assemble(t.Context(), l, orders.Key{Pair: orders.PairOf(alice, mallory), OrderID: "o-6"})
		if err != nil || o == nil || len(o.Timeline) != 3 {
			t.Errorf("Assemble = %+v, %v; want the text in it", o, err)
		}
		if known, err := all(t.Context(), l.reads, scanInt, "SELECT known_seq FROM order_ids ORDER BY known_seq"); err != nil || !slices.Equal(known, []int64{1, 5, 12, 13, 16, 19, 20, 21}) {
			t.Errorf("known_seq = %d, %v", known, err)
		}
	},
}

var beginSeq = regexp.MustCompile(`^(INSERT INTO order_ids .* VALUES \('[^']*', '[^']*', '[^']*', '[^']*', \d+), \d+`)

// TestMigrateFromEach opens a file of each earlier schema.
func TestMigrateFromEach(t *testing.T) {
	fresh := open(t)
	for version := int64(1); version < newestSchema(t); version++ {
		t.Run(fmt.Sprint("schema ", version), func(t *testing.T) {
			check := fromSchema[version]
			if check == nil {
				t.Fatalf("nobody has written down what becomes of a file of schema %d", version)
			}
			path := oldFile(t, version)
			old := raw(t, oldFile(t, version)) // another one, that stays as it is
			if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, ErrSchema) {
				t.Errorf("OpenReadOnly = %v, want ErrSchema", err)
			}
			if diff := cmp.Diff(dump(t, old), dump(t, raw(t, path))); diff != "" {
				t.Errorf("OpenReadOnly wrote:\n%s", diff)
			}
			var id string
			if err := old.QueryRow("SELECT value FROM meta WHERE name = 'ledger_id'").Scan(&id); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				l := openAt(t, path)
				if l.ID() != id {
					t.Errorf("ID = %q, want %q", l.ID(), id)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
			now := raw(t, path)
			if diff := cmp.Diff(statements(t, fresh.reads.db), statements(t, now)); diff != "" {
				t.Errorf("the schema differs from a new file's (-new +migrated):\n%s", diff)
			}
			// What was there is there, column by column; but goose keeps the version, and
			// schema 4 judges anew which fact begins an order.
			versions := func(s string) bool {
				return strings.Contains(s, "'schema_version'") || strings.HasPrefix(s, "INSERT INTO goose_db_version ")
			}
			rows := func(db *sql.DB) []string {
				all := slices.DeleteFunc(rowsOf(t, db, old), versions)
				for i := range all {
					all[i] = beginSeq.ReplaceAllString(all[i], "$1, NULL")
				}
				return all
			}
			if diff := cmp.Diff(rows(old), rows(now)); diff != "" {
				t.Errorf("rows (-old +migrated):\n%s", diff)
			}
			check(t, openAt(t, path))
		})
	}
}

// TestMigrationFails: the file is as it was, a new one and an old one.
func TestMigrationFails(t *testing.T) {
	steps := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		steps[name] = &fstest.MapFile{Data: text}
	}
	steps["migrations/9001_good.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE x (y TEXT);\n")}
	steps["migrations/9002_bad.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nINSERT INTO x VALUES ('z');\nINSERT INTO nowhere VALUES (1);\n")}
	for name, path := range map[string]string{"new": filepath.Join(t.TempDir(), "new.db"), "old": oldFile(t, 1)} {
		db := raw(t, path)
		before := dump(t, db)
		if _, err := migrate(t.Context(), db, steps); err == nil || !strings.Contains(err.Error(), "9002") {
			t.Errorf("%s: migrate = %v, want the step that failed", name, err)
		}
		if diff := cmp.Diff(before, dump(t, db)); diff != "" {
			t.Errorf("%s: the file was changed:\n%s", name, diff)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		openAt(t, path) // it is not spoilt
	}
}

func TestForeignSchema(t *testing.T) {
	for name, statement := range map[string]string{
		"newer":      "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9001, 1)",
		"no steps":   "DELETE FROM goose_db_version",
		"no id":      "DELETE FROM meta WHERE name = 'ledger_id'",
		"foreign":    "DROP TABLE meta",
		"theirs":     "DROP TABLE meta; CREATE TABLE meta (key TEXT, value TEXT)",
		"no table":   "DROP TABLE goose_db_version",
		"old, newer": "DROP TABLE goose_db_version; INSERT INTO meta (name, value) VALUES ('schema_version', '9001')",
		"old, odd":   "DROP TABLE goose_db_version; INSERT INTO meta (name, value) VALUES ('schema_version', 'x')",
	} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		if err := openAt(t, path).Close(); err != nil {
			t.Fatal(err)
		}
		db := raw(t, path)
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		before := dump(t, db)
		if _, err := Open(t.Context(), path); !errors.Is(err, ErrSchema) {
			t.Errorf("%s: Open = %v, want ErrSchema", name, err)
		}
		if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, ErrSchema) {
			t.Errorf("%s: OpenReadOnly = %v, want ErrSchema", name, err)
		}
		if diff := cmp.Diff(before, dump(t, db)); diff != "" {
			t.Errorf("%s: the file was changed:\n%s", name, diff)
		}
	}
}

func newestSchema(t *testing.T) int64 {
	t.Helper()
	known, err := newSchema(new(sql.DB), migrations)
	if err != nil {
		t.Fatal(err)
	}
	return known.newest
}

// oldFile is a ledger as it was written with that schema.
func oldFile(t *testing.T, version int64) (path string) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", version))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "old.db")
	if _, err := raw(t, path).Exec(string(text)); err != nil {
		t.Fatal(err)
	}
	return path
}

// raw opens the file as SQLite alone would.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// dump is everything that is in the database.
func dump(t *testing.T, db *sql.DB) []string {
	t.Helper()
	return append(statements(t, db), rowsOf(t, db, nil)...)
}

// statements are those that would make the schema.
func statements(t *testing.T, db *sql.DB) []string {
	t.Helper()
	return ask(t, db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
}

// rowsOf is the content of the tables as INSERTs; where like is not nil, of the
// tables and columns that like has.
func rowsOf(t *testing.T, db, like *sql.DB) (inserts []string) {
	t.Helper()
	if like == nil {
		like = db
	}
	for _, table := range ask(t, like, "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY name") {
		columns := ask(t, like, "SELECT name FROM pragma_table_info(?)", table)
		for _, values := range ask(t, db, "SELECT quote("+strings.Join(columns, ") || ', ' || quote(")+") FROM "+table) {
			inserts = append(inserts, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s);", table, strings.Join(columns, ", "), values))
		}
	}
	return inserts
}

func ask(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := collect(rows, scanString)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
