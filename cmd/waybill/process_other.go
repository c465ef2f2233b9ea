//go:build !linux

package main

import "errors"

// What is known on Linux only.

func forbidDumps() error { return errors.ErrUnsupported }

func diskRoom(string) (free size, readOnly bool, err error) { return 0, false, errors.ErrUnsupported }

func monotonicMicros() (int64, error) { return 0, errors.ErrUnsupported }

func clockKept() (bool, error) { return false, errors.ErrUnsupported }
