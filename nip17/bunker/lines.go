package bunker

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// lines are the connections to the relays on which one signer listens. Each is
// kept up by a goroutine of its own, until the context of open ends: a relay that
// is down does not matter as long as another is up.
type lines struct {
	set     settings
	client  *client
	http    *http.Client
	request []byte // the REQ of every connection
	sub     string
	hear    listener

	mu  sync.Mutex
	all []*line
}

// A listener is told what happens on the lines, by several goroutines at a time
// and outside the locks of lines.
type listener interface {
	received(evt *nostr.Event)        // not checked for anything
	rejected(l *line, event string)   // the relay did not take this event
	dropped(l *line)                  // what was sent on this line is not answered any more
	sent(event string) (frame []byte) // what to send again once authenticated; nil for nothing
	changed(up bool)                  // a line is up, or no more up, or not tried any more
}

type line struct {
	url  string
	kick chan struct{} // ends the wait before the next attempt

	// Guarded by the lock of lines.
	trying bool
	out    *outbox // nil unless the line is up
}

// newLines makes the lines on which the client hears author (hex), or anybody
// where that is "".
func newLines(set settings, c *client, urls []string, author string, hear listener) *lines {
	filter := nostr.Filter{
		Kinds:     []int{kindMessage},
		Tags:      nostr.TagMap{"p": {c.public}},
		LimitZero: true, // replies are not stored, and old ones of no use
	}
	if author != "" {
		filter.Authors = []string{author}
	}
	ls := &lines{set: set, client: c, http: set.client(), sub: randomID(), hear: hear}
	ls.request = frame("REQ", ls.sub, filter)
	for _, url := range urls {
		ls.all = append(ls.all, &line{url: url, kick: make(chan struct{}, 1), trying: true})
	}
	return ls
}

func (ls *lines) open(ctx context.Context) {
	for _, l := range ls.all {
		go ls.keep(ctx, l)
	}
}

// keep connects l whenever it is not.
func (ls *lines) keep(ctx context.Context, l *line) {
	backoff := ls.set.backoff
	for {
		began := time.Now()
		ls.connect(ctx, l)
		if ctx.Err() != nil {
			return
		}
		// A relay that takes connections to drop them at once is no better than
		// one that takes none.
		if time.Since(began) > ls.set.backoff.most {
			backoff.reset()
		}
		pause := time.NewTimer(backoff.next())
		ls.mu.Lock()
		l.trying = false
		ls.mu.Unlock()
		ls.hear.changed(false)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		case <-l.kick:
			pause.Stop()
		}
		ls.mu.Lock()
		l.trying = true
		select {
		case <-l.kick:
		default:
		}
		ls.mu.Unlock()
	}
}

// retry ends the waits: whatever is down is tried now.
func (ls *lines) retry() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.all {
		if l.trying {
			continue
		}
		l.trying = true
		select {
		case l.kick <- struct{}{}:
		default:
		}
	}
}

// count tells how many lines are up, and how many others are being tried.
func (ls *lines) count() (up, trying int) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.all {
		switch {
		case l.out != nil:
			up++
		case l.trying:
			trying++
		}
	}
	return up, trying
}

// publish sends an event on every line that is up, and tells which took it.
func (ls *lines) publish(frame []byte) map[*line]bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	on := map[*line]bool{}
	for _, l := range ls.all {
		if l.out != nil && l.out.put(frame) {
			on[l] = true
		}
	}
	return on
}

func (ls *lines) raise(l *line, out *outbox) {
	ls.mu.Lock()
	l.out = out
	ls.mu.Unlock()
	ls.hear.changed(true)
}

func (ls *lines) lower(l *line) {
	ls.mu.Lock()
	was := l.out != nil
	l.out = nil
	ls.mu.Unlock()
	if was {
		ls.hear.dropped(l)
	}
}
