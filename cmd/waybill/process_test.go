package main

import (
	"bytes"
	"os"
	"runtime/debug"
	"testing"

	"github.com/rs/zerolog"
)

func TestHeapLimit(t *testing.T) {
	for _, tt := range []struct {
		most    size
		readers int
		least   size
		largest size
	}{
		{512 << 20, 4, 400 << 20, 410 << 20}, // 0.9 · (512 − 31.25 − 4 · 7.8)
		{1 << 30, 16, 780 << 20, 790 << 20},
		{128 << 20, 64, 64 << 20, 64 << 20}, // the caches would take all of it
	} {
		if got := heapLimit(tt.most, tt.readers); got < tt.least || got > tt.largest {
			t.Errorf("%s, %d readers: got %s", bytesText(tt.most), tt.readers, bytesText(got))
		}
	}
}

func TestDiskRoom(t *testing.T) {
	free, readOnly, err := diskRoom(t.TempDir())
	if err != nil || free <= 0 || readOnly {
		t.Errorf("got %s, read-only %v, %v", bytesText(free), readOnly, err)
	}
	if _, _, err := diskRoom(t.TempDir() + "/none"); !os.IsNotExist(err) {
		t.Errorf("no folder: got %v", err)
	}
}

func TestLimitMemory(t *testing.T) {
	was := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(was)
	t.Setenv("GOMEMLIMIT", "")
	limitMemory(512<<20, zerolog.Nop())
	if got := debug.SetMemoryLimit(-1); got >= 512<<20 || got < 256<<20 {
		t.Errorf("got a limit of %s", bytesText(size(got)))
	}
	t.Setenv("GOMEMLIMIT", "1GiB")
	limitMemory(256<<20, zerolog.Nop())
	if got := debug.SetMemoryLimit(-1); got < 256<<20 {
		t.Errorf("GOMEMLIMIT is set, and the limit became %s", bytesText(size(got)))
	}
}

func TestWarnOfFiles(t *testing.T) {
	var log bytes.Buffer
	warnOfFiles(1, zerolog.New(&log))
	if log.Len() > 0 {
		t.Errorf("one connection: %s", &log)
	}
	warnOfFiles(1<<40, zerolog.New(&log))
	if !bytes.Contains(log.Bytes(), []byte(`"level":"warn"`)) {
		t.Errorf("more connections than files: %s", &log)
	}
}
