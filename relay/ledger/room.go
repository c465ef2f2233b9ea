package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// roomNeeded is how much must fit for the disk not to count as full.
const roomNeeded = 64 << 10

// orFull turns an error of the database in the file path into ErrFull where the
// disk has no room. SQLite says so of a write that finds none, but of a quota, of
// a limit to the size of files, and of room that is missed only when a file is
// made or synced it says "disk I/O error", as it does of a broken disk: then the
// disk is asked. Other errors stay as they are.
func orFull(err error, path string) error {
	switch {
	case hasCode(err, sqliteFull):
		return ErrFull
	case (hasCode(err, sqliteIOErr) || hasCode(err, sqliteCantOpen)) && outOfRoom(path):
		return ErrFull
	}
	return err
}

// outOfRoom tries to write a file beside the ledger, as far from its beginning as
// the ledger's own files end: there a limit to their size shows.
func outOfRoom(path string) bool {
	var end int64
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			end = max(end, info.Size())
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".room-*")
	if err != nil {
		return isFull(err)
	}
	_, err = f.WriteAt(make([]byte, roomNeeded), end)
	return isFull(errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name())))
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
