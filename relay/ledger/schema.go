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
	"strings"
)

// The migrations run forward only, in the order of their numbers; a file that
// was released never changes. 0001 leads to schema version 1, and so on.
//
//go:embed migrations/*.sql
var migrations embed.FS

// A querier is a connection or a pool of them.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// migrate brings the schema to the newest version and returns the ledger's id,
// which it makes with the first table.
func migrate(ctx context.Context, conn *sql.Conn) (id string, err error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", err
	}
	// Two processes may open one new file: the lock comes before the look.
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return "", err
	}
	if version > len(steps) {
		return "", fmt.Errorf("%w: it has version %d, this program knows %d", ErrSchema, version, len(steps))
	}
	for i := version; i < len(steps); i++ {
		if err := migrateStep(ctx, conn, steps[i], i+1); err != nil {
			return "", err
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return "", err
	}
	return meta(ctx, conn, "ledger_id")
}

func migrateStep(ctx context.Context, conn *sql.Conn, name string, version int) error {
	number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
	if n, err := strconv.Atoi(number); err != nil || n != version {
		return fmt.Errorf("%w: %s stands where migration %d should", ErrSchema, name, version)
	}
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, string(text)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if version == 1 {
		id := make([]byte, 16)
		_, _ = rand.Read(id) // never fails (crypto/rand)
		_, err = conn.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('schema_version', '0'), ('ledger_id', ?)", hex.EncodeToString(id))
		if err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = 'schema_version'", strconv.Itoa(version))
	return err
}

// identify returns the id of a ledger that is only read, whose schema must be
// the newest already.
func identify(ctx context.Context, db *sql.DB) (string, error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", err
	}
	version, err := schemaVersion(ctx, db)
	if err != nil {
		return "", err
	}
	if version != len(steps) {
		return "", fmt.Errorf("%w: it has version %d, this program needs %d", ErrSchema, version, len(steps))
	}
	return meta(ctx, db, "ledger_id")
}

// schemaVersion is 0 for an empty file.
func schemaVersion(ctx context.Context, q querier) (int, error) {
	var tables, ours int
	err := q.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(name = 'meta'), 0) FROM sqlite_master WHERE type = 'table'").Scan(&tables, &ours)
	switch {
	case err != nil:
		return 0, err
	case tables == 0:
		return 0, nil
	case ours == 0:
		return 0, fmt.Errorf("%w: the file is another program's database", ErrSchema)
	}
	value, err := meta(ctx, q, "schema_version")
	if err != nil {
		return 0, err
	}
	version, err := strconv.Atoi(value)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("%w: schema_version is no number", ErrSchema)
	}
	return version, nil
}

func meta(ctx context.Context, q querier, name string) (value string, err error) {
	err = q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("%w: meta lacks %s", ErrSchema, name)
	}
	return value, err
}
