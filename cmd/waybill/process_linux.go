package main

import (
	"errors"

	"golang.org/x/sys/unix"
)

// forbidDumps keeps the memory, with its keys, out of core dumps and away from
// debuggers of the same user. For others than root /proc/<pid> shows less too.
func forbidDumps() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

// diskRoom is what an ordinary user may still write where folder is.
func diskRoom(folder string) (free size, readOnly bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false, err
	}
	return size(s.Bavail) * size(s.Bsize), s.Flags&unix.ST_RDONLY != 0, nil
}

// monotonicMicros is CLOCK_MONOTONIC in microseconds, as systemd compares it.
func monotonicMicros() (int64, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return 0, err
	}
	return t.Nano() / 1000, nil
}

// clockKept reports whether the kernel's clock is kept in step by somebody (NTP).
func clockKept() (bool, error) {
	state, err := unix.Adjtimex(&unix.Timex{}) // changes nothing
	if errors.Is(err, unix.EPERM) {            // some containers
		return false, errors.ErrUnsupported
	}
	return state != unix.TIME_ERROR, err
}
