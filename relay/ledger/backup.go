package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"github.com/waybill-relay/waybill/orders"
)

// backupPages are copied between two looks at whether the caller still waits.
const backupPages = 4096

// ErrExists: there is a file where one was to be made.
var ErrExists = &orders.Error{Code: orders.ECONFLICT, Message: "the file exists already"}

// Backup copies the ledger as it is at this moment into the new file path (mode
// 0600), while others write to it (SQLite's online backup). It is one file, which
// is on the disk whole, with its name, when Backup returns nil; a part of one is
// never seen under that name. ErrExists where there is one already.
//
// It holds no keys: those are files of their own.
func (l *Ledger) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	return failed("backing up the ledger", newFile(path, func(tmp string) error { return l.copyTo(ctx, tmp) }))
}

// BackupFile is Backup of the ledger in the file from, beside the process that
// writes it if there is one, also where an older program made it. ErrSchema where
// it is no ledger, or a newer program's.
func BackupFile(ctx context.Context, from, path string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return orders.Errorf(orders.EUNAVAILABLE, "opening the ledger: %w", err)
	}
	r, err := openReader(from, true)
	if err != nil {
		return failed("opening the ledger", err)
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := checkSchema(ctx, r.db); err != nil {
		return failed("opening the ledger", err)
	}
	return (&Ledger{reads: r}).Backup(ctx, path)
}

// newFile has fill write a file beside path, puts it on the disk, and gives it
// its name.
func newFile(path string, fill func(tmp string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return orders.Errorf(orders.EUNAVAILABLE, "no file can be made there: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err = f.Close(); err != nil {
		return err
	}
	if err = fill(f.Name()); err != nil {
		return err
	}
	if err = syncPath(f.Name()); err != nil {
		return err
	}
	// A link does not replace what came to be there meanwhile, as a rename would;
	// but not every file system has it.
	switch err = os.Link(f.Name(), path); {
	case err == nil:
		err = os.Remove(f.Name())
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w", path, ErrExists)
	default:
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncPath puts a file, or the names in a folder, on the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (l *Ledger) copyTo(ctx context.Context, path string) error {
	conn, err := l.reads.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Within one read transaction the copy is of one moment, and what is written
	// meanwhile does not make it begin again.
	read, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = read.Rollback() }() // it has written nothing
	var tables int
	if err := read.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return err
	}
	if err := conn.Raw(func(driver any) error { return copyPages(ctx, driver, path) }); err != nil {
		return err
	}
	return detach(ctx, path)
}

func copyPages(ctx context.Context, driver any, path string) error {
	source, ok := driver.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("the SQLite driver has no online backup")
	}
	dsn, err := dataSource(path, false, nil)
	if err != nil {
		return err
	}
	b, err := source.NewBackup(dsn)
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		if more, err = b.Step(backupPages); err == nil {
			err = ctx.Err()
		}
	}
	return errors.Join(err, b.Finish())
}

// detach makes a copy of a ledger a file that needs no log beside it, so that it
// can be read where nothing may be written.
func detach(ctx context.Context, path string) error {
	dsn, err := dataSource(path, false, []string{"synchronous(FULL)"})
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode(DELETE)").Scan(&mode)
	if err == nil && mode != "delete" {
		err = fmt.Errorf("the journal mode stays %s", mode)
	}
	return errors.Join(err, db.Close())
}
