package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) restore() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup of the ledger in its place",
		Long: `Put a backup of the ledger in its place. The relay must be stopped. The backup is
read from end to end first, and stays as it is. The restored ledger gets a new id,
by which the relay notices at its next start that the order indexes in Redis are
another ledger's, and builds them anew.

Where there is a ledger already, nothing is done; with --force it is moved aside.`,
		Example: "  waybill restore /mnt/backup/waybill-2026-01-31.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			unlock, err := lockFolder(cmd.Context(), cfg)
			if err != nil {
				return orders.Errorf(orders.ECONFLICT, "stop the relay first: %w", err)
			}
			defer func() { err = errors.Join(err, unlock()) }()
			return a.putBack(cmd.Context(), cmd.OutOrStdout(), cfg, args[0], force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "move the ledger that is there aside")
	return cmd
}

// lockFolder keeps every relay from running on this ledger until unlock.
func lockFolder(ctx context.Context, cfg config) (unlock func() error, err error) {
	d := &daemon{cfg: cfg}
	if err := d.openFolder(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d.close, nil
}

func (a *app) putBack(ctx context.Context, out io.Writer, cfg config, from string, force bool) error {
	path := cfg.Ledger.URL
	occupied, err := exists(path)
	switch {
	case err != nil:
		return err
	case occupied && !force:
		return orders.Errorf(orders.ECONFLICT, "there is a ledger in %s: nothing was done (--force moves it aside)", path)
	case !occupied:
		if err := noLogOf(path); err != nil {
			return err
		}
		if _, err := ledger.Restore(ctx, from, path); err != nil {
			return err
		}
	default:
		aside, err := replace(ctx, from, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "the ledger that was there is now %s\n", aside)
	}
	return a.printRestored(ctx, out, cfg, from)
}

// noLogOf refuses to put a ledger beside the log of another, which SQLite would
// take for its own.
func noLogOf(path string) error {
	for _, suffix := range logSuffixes {
		if there, err := exists(path + suffix); err != nil || there {
			return errors.Join(err, orders.Errorf(orders.ECONFLICT, "%s belongs to a ledger that is not there: move it away first", path+suffix))
		}
	}
	return nil
}

// logSuffixes are of the files that SQLite has beside a database in use.
var logSuffixes = []string{"-wal", "-shm", "-journal"}

// replace puts the backup in the place of the ledger, which it moves aside as it is,
// with the log that SQLite left where it was not closed. There is a ledger under
// its name at every moment: a relay that found none would begin with an empty one.
func replace(ctx context.Context, from, path string) (aside string, err error) {
	stamp := time.Now().UTC().Format("20060102T150405.000Z")
	fresh, aside := path+".restored-"+stamp, path+".replaced-"+stamp
	if _, err := ledger.Restore(ctx, from, fresh); err != nil {
		return "", err
	}
	if err := os.Link(path, aside); err != nil {
		return "", err
	}
	// Before the new one comes: SQLite would take the log for its own.
	for _, suffix := range logSuffixes {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return aside, errors.Join(dir.Sync(), dir.Close())
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (a *app) printRestored(ctx context.Context, out io.Writer, cfg config, from string) (err error) {
	l, err := ledger.OpenReadOnly(ctx, cfg.Ledger.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	n, err := l.OrderCount(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is restored from %s: %d orders\nThe relay builds the order indexes in Redis anew when it starts.\n", cfg.Ledger.URL, from, n)
	for _, f := range a.keyFiles(cfg)[:3] {
		if there, err := exists(f.path); err != nil || !there {
			fmt.Fprintf(out, "There is no %s (%s): put it back before the relay starts, if you have it.\n", f.path, f.what)
		}
	}
	return nil
}
