//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package nip17

import (
	"errors"
	"os"
	"syscall"
)

// lockFile waits for the exclusive lock on f.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
