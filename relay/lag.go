package relay

import (
	"context"
	"sync"
	"time"
)

// Lag tells how far the order indexes are behind the ledger: how many facts at
// most are not in them yet, and how long the oldest of these has waited (a little
// too much rather than too little). Both are 0 where nothing waits. It asks the
// ledger and never Redis, so while Redis is away it grows. The error is the
// ledger's. It may be called from any goroutine while Run runs.
func (t *Tracker) Lag(ctx context.Context) (behind int64, since time.Duration, err error) {
	last, err := t.Ledger.LastSeq(ctx)
	if err != nil {
		return 0, 0, err
	}
	behind, since = t.lag.of(last, time.Now())
	return behind, since, nil
}

const (
	// markEvery is how close together two marks may be, and so how exact Lag is
	// while the tracker works.
	markEvery = time.Second
	// maxMarks bounds a backlog's marks. Beyond it the newest moments are not
	// marked, and what waits is taken to wait since the mark before.
	maxMarks = 1000
)

// lagMarks remembers what the ledger's last seq was at which moment. A fact that
// comes after a mark's seq arrived after that moment.
type lagMarks struct {
	mu    sync.Mutex
	at    int64 // the projection is up to here
	marks []lagMark
}

type lagMark struct {
	seq  int64
	when time.Time
}

// begin says that nothing is known of the projection yet.
func (l *lagMarks) begin(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.marks = 0, []lagMark{{0, now}}
}

// saw says where the projection stands and where the ledger ends. A projection
// that has fallen back (Redis lost something) waits from this moment on.
func (l *lagMarks) saw(at, last int64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at < l.at {
		l.marks = nil
	}
	l.at = at
	for len(l.marks) > 1 && l.marks[1].seq <= at {
		l.marks = l.marks[1:]
	}
	switch {
	case len(l.marks) == 0:
		l.marks = append(l.marks, lagMark{at, now})
	case last <= at: // nothing waits
		l.marks = append(l.marks[:0], lagMark{last, now})
	case now.Sub(l.marks[len(l.marks)-1].when) >= markEvery && len(l.marks) < maxMarks:
		l.marks = append(l.marks, lagMark{last, now})
	}
}

func (l *lagMarks) of(last int64, now time.Time) (behind int64, since time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last <= l.at || len(l.marks) == 0 {
		return max(0, last-l.at), 0
	}
	return last - l.at, now.Sub(l.marks[0].when)
}
