//go:build unix

package redisstore

import (
	"errors"
	"io"
	"os"
	"regexp"
)

// openLog opens the child's log for appending, begun anew where it has grown
// (one earlier is kept), and says where it ends at present. Redis opens it for
// each line by name, so it may be moved away while Redis runs.
func (f *folder) openLog() (file *os.File, end int64, err error) {
	path := f.file("redis.log")
	if info, err := os.Stat(path); err == nil && info.Size() > mostLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, err
		}
	}
	if file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600); err != nil {
		return nil, 0, err
	}
	end, err = file.Seek(0, io.SeekEnd)
	return file, end, err
}

// boundLog keeps the log of a child that runs for long within bounds.
func (f *folder) boundLog() error {
	file, _, err := f.openLog()
	if err == nil {
		err = file.Close()
	}
	return err
}

// What Redis and Valkey say where they cannot load what they saved, and what
// they say in the same breath where the disk is at fault.
var (
	damageWords = regexp.MustCompile(`(?i)\b(AOF|RDB|append[ -]?only|loading (the )?DB)\b`)
	diskWords   = regexp.MustCompile(`(?i)no space left|file too large|quota exceeded|permission denied|read-only file system|too many open files|input/output error`)
)

// damaged reports whether the log, from that byte on, says that what was saved
// cannot be loaded.
func (f *folder) damaged(from int64) bool {
	file, err := os.Open(f.file("redis.log"))
	if err != nil {
		return false
	}
	defer file.Close()
	text, err := io.ReadAll(io.NewSectionReader(file, from, mostLog))
	return err == nil && damageWords.Match(text) && !diskWords.Match(text)
}

// aofFolder is Redis's name for what it saves, in its dir.
const aofFolder = "appendonlydir"

// setAside moves what was saved out of Redis's sight, over what was moved there
// before, and returns where it is. It is not there where nothing was saved.
func (f *folder) setAside() (where string, err error) {
	was := f.file(aofFolder)
	where = was + ".damaged"
	if err := os.RemoveAll(where); err != nil {
		return "", err
	}
	if err := os.Rename(was, where); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	return where, nil
}
