//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A disk can be made full and be given room again.
type disk interface {
	fill()
	free()
}

// A ballast fills a small file system of its own.
type ballast struct {
	t      *testing.T
	folder string
}

// smallDisk mounts a tmpfs of so many MiB; ok is false where that is not allowed.
func smallDisk(t *testing.T, mib int) (b *ballast, ok bool) {
	t.Helper()
	folder := t.TempDir()
	err := unix.Mount("waybill-e2e", folder, "tmpfs", 0, fmt.Sprintf("mode=0700,size=%dm", mib))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return nil, false
	}
	if err != nil {
		t.Fatalf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Errorf("unmounting the small disk: %v", err)
		}
	})
	return &ballast{t, folder}, true
}

func (b *ballast) file() string { return filepath.Join(b.folder, "ballast") }

// fill leaves not a byte.
func (b *ballast) fill() {
	b.t.Helper()
	f := must(os.OpenFile(b.file(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600))(b.t)
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if n, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) && n < size {
			size /= 2
		} else if err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *ballast) free() {
	b.t.Helper()
	if err := os.Remove(b.file()); err != nil {
		b.t.Fatal(err)
	}
}

// A fileLimit keeps a daemon from writing to any file behind its first bytes, as a
// full disk does, without a disk of its own (RLIMIT_FSIZE).
type fileLimit struct{ m *market }

func (l fileLimit) fill() { l.set(4096) }
func (l fileLimit) free() { l.set(unix.RLIM_INFINITY) }

func (l fileLimit) set(bytes uint64) {
	l.m.t.Helper()
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(l.m.daemon.serves.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		l.m.t.Fatal(err)
	}
}
