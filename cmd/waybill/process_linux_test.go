package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestForbidDumps(t *testing.T) {
	was, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(was), 0, 0, 0); err != nil {
			t.Error(err)
		}
	}()
	if err := forbidDumps(); err != nil {
		t.Fatal(err)
	}
	if got, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); got != 0 || err != nil {
		t.Errorf("the process may be dumped: %d, %v", got, err)
	}
}

// The order of Linux's clocks: what systemd is told only ever grows.
func TestMonotonicMicros(t *testing.T) {
	a, errA := monotonicMicros()
	b, errB := monotonicMicros()
	if errA != nil || errB != nil || a <= 0 || b < a {
		t.Errorf("got %d, %v and %d, %v", a, errA, b, errB)
	}
}
