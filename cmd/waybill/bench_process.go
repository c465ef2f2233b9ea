package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A benchProcess is the relay's process as Linux tells of it in /proc. Where
// there is no /proc, or no such process, everything is simply not known.
type benchProcess struct{ pid int }

// findProcess takes the pid that is given, else the one in the data folder.
func findProcess(cfg config, pid int) benchProcess {
	if pid == 0 {
		if text, err := os.ReadFile(filepath.Join(cfg.DataDir, pidFile)); err == nil {
			pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
	}
	return benchProcess{pid}
}

// cpu is how much the process has used so far, of all cores; nil where that is not known.
func (p benchProcess) cpu() *time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return nil
	}
	d, ok := parseStat(text)
	if !ok {
		return nil
	}
	return &d
}

// userHertz is the unit of /proc: Linux shows it as 100 on every architecture
// that Go runs on.
const userHertz = 100

// parseStat is utime + stime of proc_pid_stat(5), fields 14 and 15. The second
// field, the program's name in parentheses, may hold anything.
func parseStat(text []byte) (cpu time.Duration, ok bool) {
	end := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[end+1:]))
	if end < 0 || len(fields) < 13 {
		return 0, false
	}
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	system, errSystem := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / userHertz, errUser == nil && errSystem == nil
}

// peak is VmHWM of proc_pid_status(5), in bytes; nil where it is not known.
func (p benchProcess) peak() *int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return nil
	}
	n, ok := parsePeak(string(text))
	if !ok {
		return nil
	}
	return &n
}

func parsePeak(status string) (n int64, ok bool) {
	for line := range strings.Lines(status) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
			n, err := strconv.ParseInt(kib, 10, 64)
			return n << 10, err == nil && unit == "kB"
		}
	}
	return 0, false
}
