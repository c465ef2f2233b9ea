//go:build unix

package redisstore

import (
	"os"
	"strings"
	"testing"
)

// TestLogOfEnds: what Redis says when it cannot start, by versions and causes.
func TestLogOfEnds(t *testing.T) {
	f := &folder{path: t.TempDir()}
	for line, want := range map[string]bool{
		"": false,
		"Bad file format reading the append only file appendonly.aof.2.incr.aof: make a backup of your AOF file": true,
		"Unable to obtain the AOF file appendonly.aof.2.base.rdb length. stat: No such file or directory":        true,
		"Can't handle RDB format version 99":                                                                              true,
		"Wrong RDB checksum expected: (1) but got (2). Aborting now.":                                                     true,
		"Short read or OOM loading DB. Unrecoverable error, aborting now.":                                                true,
		"*** FATAL AOF MANIFEST FILE ERROR ***":                                                                           true,
		"Fatal error loading the DB, check server logs. Exiting.":                                                         true,
		"Failed opening Unix socket: bind: Address already in use":                                                        false,
		"WARNING Memory overcommit must be enabled! Without it, a background save or replication may fail":                false,
		"Can't open the append-only file appendonly.aof.1.incr.aof: No space left on device":                              false,
		"Can't open or create append-only dir appendonlydir: Permission denied":                                           false,
		"Fail to open the AOF base file appendonly.aof.1.base.rdb for writing: File too large, can't save the AOF either": false,
	} {
		before := "1:M # Bad file format reading the append only file: of an earlier start\n"
		if err := os.WriteFile(f.file("redis.log"), []byte(before+"2:M # "+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.damaged(int64(len(before))); got != want {
			t.Errorf("%q: got %v, want %v", line, got, want)
		}
	}
}

func TestLogIsBounded(t *testing.T) {
	f := &folder{path: t.TempDir()}
	for _, size := range []int{mostLog, mostLog + 1} {
		if err := os.WriteFile(f.file("redis.log"), []byte(strings.Repeat("x", size)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.boundLog(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(f.file("redis.log"))
		if err != nil || (info.Size() == 0) != (size > mostLog) {
			t.Errorf("after %d bytes: got %d, %v", size, info.Size(), err)
		}
	}
	if kept, err := os.Stat(f.file("redis.log.1")); err != nil || kept.Size() != mostLog+1 {
		t.Errorf("the earlier one: got %v, %v", kept, err)
	}
}
