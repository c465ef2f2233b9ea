//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package nip17

import (
	"errors"
	"os"
)

// lockFile refuses: without a lock, two processes could lose each other's keys.
func lockFile(*os.File) error { return errors.ErrUnsupported }
