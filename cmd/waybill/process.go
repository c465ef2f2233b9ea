package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/rs/zerolog"
)

// prepareProcess sets what belongs to the process as a whole, before anything is
// opened: only `waybill serve` does so.
func prepareProcess(cfg config, log zerolog.Logger) {
	limitMemory(cfg.Limits.Memory, log)
	warnOfFiles(cfg.Limits.Connections, log)
}

// The ledger's page caches, which SQLite takes beside Go's heap: one for the
// writer, one for each reading connection.
const (
	writerCache size = 32_000 << 10
	readerCache size = 8_000 << 10
)

// limitMemory has the collector work harder as the heap comes near limits.memory.
// Who sets GOMEMLIMIT has decided himself.
func limitMemory(most size, log zerolog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		log.Info().Msg("GOMEMLIMIT is set and stands: limits.memory does not change how the memory is collected")
		return
	}
	debug.SetMemoryLimit(int64(heapLimit(most, max(4, runtime.GOMAXPROCS(0)))))
}

// heapLimit is nine tenths of what SQLite leaves of most: the rest is for stacks of
// C-like code, sockets and the moment. It never falls below a half.
func heapLimit(most size, readers int) size {
	left := most - writerCache - size(readers)*readerCache
	return max(left/10*9, most/2)
}

// spareFiles are the descriptors that the process needs beside its sockets: the
// ledger, Redis, logs.
const spareFiles = 128

// warnOfFiles compares the connections with the limit of open files, which Go has
// raised as far as the system allows.
func warnOfFiles(connections int, log zerolog.Logger) {
	var rlimit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rlimit); err != nil {
		return // not known here
	}
	if need := uint64(connections + spareFiles); uint64(rlimit.Cur) < need {
		log.Warn().Uint64("open_files", uint64(rlimit.Cur)).Uint64("needed", need).
			Msg("limits.connections is more than the limit of open files allows: raise it (ulimit -n, LimitNOFILE) or lower limits.connections")
	}
}
