package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// ErrDamaged: the file is no whole database.
var ErrDamaged = &orders.Error{Code: orders.EINVALID, Message: "the file is damaged: SQLite's integrity check fails"}

// Restore makes the ledger in the new file path from the backup in from, which it
// leaves as it is, and returns the new ledger's id. It has an id of its own: what
// was projected from the one that was backed up may know messages that this one
// does not, so a projection must begin anew. The schema is brought up to date.
//
// ErrDamaged, ErrSchema where from is no ledger, or a newer program's; ErrExists
// where there is something at path. Then there is nothing new at path.
func Restore(ctx context.Context, from, path string) (id string, err error) {
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err := checkFile(ctx, from); err != nil {
		return "", err
	}
	err = newFile(path, func(tmp string) error {
		if err := copyFile(from, tmp); err != nil {
			return err
		}
		if id, err = renew(ctx, tmp); err != nil {
			return err
		}
		return detach(ctx, tmp)
	})
	return id, failed("restoring the ledger", err)
}

// checkFile reads the database in a file from end to end.
func checkFile(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return orders.Errorf(orders.EINVALID, "reading the backup: %w", err)
	}
	r, err := openReader(path, true)
	if err != nil {
		return failed("reading the backup", err)
	}
	defer r.close()
	var faults []string
	if err = checkSchema(ctx, r.db); err == nil {
		faults, err = integrity(ctx, r.db)
	}
	switch {
	case hasCode(err, sqliteCorrupt), hasCode(err, sqliteNotADB):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return failed("reading the backup", err)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.ReplaceAll(faults[0], "\n", "; "))
	}
	return nil
}

// checkSchema takes the ledgers of this program and of those before it.
func checkSchema(ctx context.Context, db *sql.DB) error {
	known, err := newSchema(db, migrations)
	if err != nil {
		return err
	}
	version, err := known.recorded(ctx, db)
	switch {
	case err != nil:
		return err
	case version == 0:
		return fmt.Errorf("%w: the file is empty", ErrSchema)
	case version > known.newest:
		return fmt.Errorf("%w: it has version %d, this program knows %d", ErrSchema, version, known.newest)
	}
	return nil
}

// copyFile copies from over the file to. A backup has no log beside it; a file
// that has one is a ledger in use, or was not closed.
func copyFile(from, to string) (err error) {
	if info, err := os.Stat(from + "-wal"); err == nil && info.Size() > 0 {
		return orders.Errorf(orders.EINVALID, "%s-wal belongs to it: this is a ledger in use, and no backup", from)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// renew brings the schema up to date and gives the ledger another id. A session that
// was ended since must not come back with it: all are ended.
func renew(ctx context.Context, path string) (id string, err error) {
	l, err := Open(ctx, path)
	if err != nil {
		return "", err
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	id, err = write(ctx, l, "naming the ledger", func(t *tx) (string, error) {
		id := hex.EncodeToString(random)
		if _, err := t.exec("DELETE FROM sessions"); err != nil {
			return "", err
		}
		_, err := t.exec("UPDATE meta SET value = ? WHERE name = 'ledger_id'", id)
		return id, err
	})
	return id, errors.Join(err, l.Close())
}
