//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"testing"
)

// A logbook is what a daemon logged, line by line. It is an io.Writer.
type logbook struct {
	mu      sync.Mutex
	all     bytes.Buffer
	rest    []byte // of an unfinished line
	lines   []logLine
	waiters []waiter
}

type logLine struct {
	Level, Message, Reason, Panic string
	text                          string
}

type waiter struct {
	match func(logLine) bool
	found chan struct{}
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		entry := logLine{text: string(line)}
		if json.Unmarshal(line, &entry) != nil {
			entry.Level = "not JSON"
		}
		l.lines, l.rest = append(l.lines, entry), rest
		l.waiters = slices.DeleteFunc(l.waiters, func(w waiter) bool {
			found := w.match(entry)
			if found {
				close(w.found)
			}
			return found
		})
	}
}

// await returns a channel that closes with the next line that matches.
func (l *logbook) await(match func(logLine) bool) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := waiter{match, make(chan struct{})}
	l.waiters = append(l.waiters, w)
	return w.found
}

func (l *logbook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// find returns the lines that match.
func (l *logbook) find(match func(logLine) bool) (found []logLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if match(line) {
			found = append(found, line)
		}
	}
	return found
}

// unreadable counts the messages that were logged as unreadable for a reason.
func (l *logbook) unreadable(reason string) int {
	return len(l.find(func(line logLine) bool { return line.Reason == reason }))
}

// calm fails the test where the log tells of a panic, a data race or an error.
func (l *logbook) calm(t *testing.T) {
	t.Helper()
	for _, line := range l.find(func(l logLine) bool { return l.Level == "error" || l.Level == "not JSON" || l.Panic != "" }) {
		t.Errorf("the daemon logged: %s", line.text)
	}
}
