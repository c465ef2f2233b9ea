package nip17

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile writes data to path so that after a crash the file holds either
// what was there or all of data. Only its owner may read it. The caller holds the
// lock of path: what a crash has left of an earlier attempt goes first, for a key that
// is taken away now may be in it.
func replaceFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	fresh := filepath.Join(dir, "."+filepath.Base(path)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename in dir last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// locked runs f while no other process or goroutine runs one for the same path.
// The lock is on a file beside it, since path itself is replaced.
func locked(path string, f func() error) (err error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	// Closing releases the lock. The file stays: were it removed, the next two
	// could hold locks on two different files.
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := lockFile(lock); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	return f()
}
