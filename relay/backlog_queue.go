package relay

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A queue is what waits for the keys of one owner. It is thrown away when the keys
// change.
type queue struct {
	owner    string
	due      bool                // it stands in Backlog.due
	asked    bool                // a goroutine is at work with it
	again    bool                // there may be more when it is done
	passed   int64               // the inbox's seq up to which the keys in this process have been tried
	answered int64               // the same of the remote signer
	renewed  int64               // ms; what arrived before it and was not opened is tried with the keys of now
	deferred map[int64]postponed // messages that the remote signer did not answer for, though it is there

	opened int // since it was last empty, for the progress
	told   time.Time
}

// postponed is when a message is tried again.
type postponed struct {
	tries int
	until time.Time
}

// queue is the owner's. The caller holds mu.
func (b *Backlog) queue(owner string) *queue {
	q := b.queues[owner]
	if q == nil {
		q = &queue{owner: owner, renewed: b.newestKey(owner), deferred: map[int64]postponed{}}
		b.queues[owner] = q
	}
	return q
}

// enqueue makes a queue due. The caller holds mu.
func (b *Backlog) enqueue(q *queue) {
	if !q.due {
		q.due = true
		b.due = append(b.due, q.owner)
	}
}

// next takes the first of the queues that are due, nil where none is.
func (b *Backlog) next() *queue {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.due) == 0 {
		return nil
	}
	q := b.queue(b.due[0])
	b.due = b.due[1:]
	q.due = false
	return q
}

// newestKey is when the last of the owner's stored keys came (ms), 0 for never.
func (b *Backlog) newestKey(owner string) (at int64) {
	entries, err := b.store.List()
	if err != nil {
		return 0 // the next change of the file is noticed
	}
	for _, e := range entries {
		if e.Owner == owner {
			at = max(at, e.AddedAt.UnixMilli())
		}
	}
	return at
}

// remote is the owner's remote signer, nil where there is none.
func (b *Backlog) remote(owner string) nip17.RemoteKey {
	for _, k := range b.keyring.Of(owner) {
		if remote, ok := k.(nip17.RemoteKey); ok {
			return remote
		}
	}
	return nil
}

// batch is what comes next in the queue, so many messages at most: from the owner's inbox,
// from those of his encryption keys, and the direct messages that he himself wrote.
func (b *Backlog) batch(ctx context.Context, q *queue, after int64, most int) ([]ledger.Row, error) {
	rows, err := b.ledger.UnopenedFrom(ctx, q.owner, after, most)
	if err != nil {
		return nil, err
	}
	lists := []func(context.Context, string, int64, int) ([]ledger.Row, error){b.ledger.Unopened, b.ledger.Undecrypted}
	for _, inbox := range b.inboxes(q.owner) {
		for _, list := range lists {
			more, err := list(ctx, inbox, after, most)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	slices.SortFunc(rows, func(x, y ledger.Row) int { return cmp.Compare(x.Seq, y.Seq) })
	rows = slices.CompactFunc(rows, func(x, y ledger.Row) bool { return x.Seq == y.Seq })
	return rows[:min(len(rows), most)], nil
}

// inboxes are where messages to the owner lie until they are opened.
func (b *Backlog) inboxes(owner string) []string {
	inboxes := []string{owner}
	for _, k := range b.keyring.Of(owner) {
		if k.PublicKey() != owner {
			inboxes = append(inboxes, k.PublicKey())
		}
	}
	return inboxes
}

// tellEvery is how often a long backlog says how far it is.
const tellEvery = 5 * time.Second

// progress counts what was opened and says so now and then; it tells of the end
// only where it has told of the way.
func (q *queue) progress(log zerolog.Logger, opened int, done bool) {
	if q.opened == 0 {
		q.told = time.Now()
	}
	q.opened += opened
	long := time.Since(q.told) >= tellEvery
	switch {
	case done && q.opened > backlogBatch:
		log.Info().Int("opened", q.opened).Msg("what waited for a key has been gone through")
	case long:
		log.Info().Int("opened", q.opened).Msg("opening what waited for a key")
	}
	if long {
		q.told = time.Now()
	}
	if done {
		q.opened = 0
	}
}

// postpone remembers that the signer did not answer for a message; else forgets it.
// A stranger's message of which a signer makes nothing, and about which it says
// nothing, must not keep those behind it waiting: it is tried more and more seldom.
// gone: the signer went away meanwhile, which may have been all there was to it.
func (q *queue) postpone(seq int64, away, gone bool) {
	p := q.deferred[seq]
	if !away || p.tries == 0 && len(q.deferred) >= maxPostponed {
		delete(q.deferred, seq)
		return
	}
	most := longestPostponed
	if gone {
		most = longestGone
	}
	p.until = time.Now().Add(min(askAgain<<min(p.tries, 16), most))
	p.tries++
	q.deferred[seq] = p
}

// wait is how long until a message is to be tried again.
func (q *queue) wait(now time.Time) (wait time.Duration, waits bool) {
	for _, p := range q.deferred {
		if left := max(p.until.Sub(now), 0); !waits || left < wait {
			wait, waits = left, true
		}
	}
	return wait, waits
}

// revisit goes back to the first of the messages that are to be tried again now.
func (q *queue) revisit(now time.Time) {
	for seq, p := range q.deferred {
		if !now.Before(p.until) {
			q.answered = min(q.answered, seq-1)
		}
	}
}
