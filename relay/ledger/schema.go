package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// The migrations run forward only, in the order of their numbers; a file that
// was released never changes. 0001 leads to schema version 1, and so on.
//
//go:embed migrations/*.sql
var migrations embed.FS

// A querier is a connection, or a pool of them.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// migrate brings the schema to the newest version and returns the ledger's id,
// which it makes with the first table. db must be a pool of a single connection:
// all that is done, goose's part of it too, is done in one transaction on it.
func migrate(ctx context.Context, db *sql.DB, steps fs.FS) (id string, err error) {
	// Two processes may open one new file: the lock comes before the look.
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_, _ = db.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	known, err := newSchema(db, steps)
	if err != nil {
		return "", err
	}
	version, err := known.recorded(ctx, db)
	if err != nil {
		return "", err
	}
	if version > known.newest {
		return "", fmt.Errorf("%w: it has version %d, this program knows %d", ErrSchema, version, known.newest)
	}
	if err := known.adopt(ctx, db, version); err != nil {
		return "", err
	}
	if _, err := known.provider.Up(ctx); err != nil {
		return "", err
	}
	if version == 0 {
		random := make([]byte, 16)
		_, _ = rand.Read(random) // never fails (crypto/rand)
		if _, err := db.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('ledger_id', ?)", hex.EncodeToString(random)); err != nil {
			return "", err
		}
	}
	if id, err = meta(ctx, db, "ledger_id"); err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, "COMMIT")
	return id, err
}

// identify returns the id of a ledger that is only read, whose schema must be
// the newest already. It writes nothing.
func identify(ctx context.Context, db *sql.DB) (string, error) {
	known, err := newSchema(db, migrations)
	if err != nil {
		return "", err
	}
	version, err := known.recorded(ctx, db)
	if err != nil {
		return "", err
	}
	if version != known.newest {
		return "", fmt.Errorf("%w: it has version %d, this program needs %d", ErrSchema, version, known.newest)
	}
	return meta(ctx, db, "ledger_id")
}

// A schema is what this program knows of a database's.
type schema struct {
	provider *goose.Provider
	store    database.Store
	newest   int64
}

func newSchema(db *sql.DB, steps fs.FS) (*schema, error) {
	steps, err := fs.Sub(steps, "migrations")
	if err != nil {
		return nil, err
	}
	store, err := database.NewStore(database.DialectSQLite3, goose.DefaultTablename)
	if err != nil {
		return nil, err
	}
	p, err := goose.NewProvider(goose.DialectCustom, db, steps, goose.WithStore(store),
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true),
		goose.WithIsolateDDL(true)) // goose then begins no transaction of its own
	if err != nil {
		return nil, err
	}
	sources := p.ListSources() // at least one
	return &schema{provider: p, store: store, newest: sources[len(sources)-1].Version}, nil
}

// adopt begins goose's table with the version that a new file has (0), or one
// that was made before goose kept the versions.
func (s *schema) adopt(ctx context.Context, db *sql.DB, version int64) error {
	if kept, err := s.kept(ctx, db); err != nil || kept {
		return err
	}
	if err := s.store.CreateVersionTable(ctx, db); err != nil {
		return err
	}
	for v := range version + 1 {
		if err := s.store.Insert(ctx, db, database.InsertRequest{Version: v}); err != nil {
			return err
		}
	}
	if version == 0 {
		return nil
	}
	// A program of before must not take the file for one of its own any more.
	_, err := db.ExecContext(ctx, "DELETE FROM meta WHERE name = 'schema_version'")
	return err
}

// recorded is the version that the database says it has, 0 where it is empty.
// ErrSchema where it is no ledger.
func (s *schema) recorded(ctx context.Context, db *sql.DB) (int64, error) {
	var tables, columns int
	err := db.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM sqlite_master WHERE type = 'table'),
		(SELECT count(*) FROM pragma_table_info('meta') WHERE name IN ('name', 'value'))`).Scan(&tables, &columns)
	switch {
	case err != nil:
		return 0, err
	case tables == 0:
		return 0, nil
	case columns < 2:
		return 0, fmt.Errorf("%w: the file is another program's database", ErrSchema)
	}
	if _, err := meta(ctx, db, "ledger_id"); err != nil {
		return 0, err
	}
	kept, err := s.kept(ctx, db)
	if err != nil {
		return 0, err
	}
	if kept {
		version, err := s.store.GetLatestVersion(ctx, db)
		if errors.Is(err, database.ErrVersionNotFound) {
			err = fmt.Errorf("%w: %s is empty", ErrSchema, s.store.Tablename())
		}
		return version, err
	}
	value, err := meta(ctx, db, "schema_version")
	if err != nil {
		return 0, err
	}
	version, err := strconv.ParseInt(value, 10, 64)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("%w: schema_version is no number", ErrSchema)
	}
	return version, nil
}

// kept reports whether goose keeps the versions of this database.
func (s *schema) kept(ctx context.Context, q querier) (kept bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)", s.store.Tablename()).Scan(&kept)
	return kept, err
}

func meta(ctx context.Context, q querier, name string) (value string, err error) {
	err = q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("%w: meta lacks %s", ErrSchema, name)
	}
	return value, err
}
