package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// openFolder makes sure that nobody else works in the data folder or on the
// ledger: two daemons would each believe to be alone.
func (d *daemon) openFolder(context.Context) error {
	if err := os.MkdirAll(d.cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	if err := d.lock(filepath.Join(d.cfg.DataDir, pidFile)); err != nil {
		return err
	}
	return d.lock(d.cfg.Ledger.URL + ".pid")
}

// lock holds a file that says who is running, until the daemon closes.
func (d *daemon) lock(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	d.closers = append(d.closers, f.Close)
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another waybill is running, pid %s: %s is locked", holder(f), path)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder is the pid in the file that lock holds, to be shown.
func holder(f *os.File) string {
	pid := make([]byte, 20)
	n, _ := f.ReadAt(pid, 0) // it is shorter
	return cmp.Or(strings.TrimSpace(string(pid[:n])), "unknown")
}

// runningIn reports whether a daemon works in the data folder, and its pid.
func runningIn(dataDir string) (pid string, running bool) {
	f, err := os.Open(filepath.Join(dataDir, pidFile))
	if err != nil {
		return "", false
	}
	defer f.Close() // gives the lock back
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return "", false
	}
	return holder(f), true
}

// pidFile is locked while a daemon runs in the data folder, and holds its pid.
const pidFile = "waybill.pid"
