package relay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

const (
	// backlogBatch is how many messages are read at once.
	backlogBatch = 200
	// openedAtOnce is how many are opened side by side: as many as a remote signer
	// is asked about at the same time.
	openedAtOnce = 8
	// longestPostponed bounds how long a message waits that its owner's signer does
	// not answer for; askAgain is the first wait.
	longestPostponed = time.Hour
	longestGone      = time.Minute
	askAgain         = 2 * time.Second
	// maxPostponed bounds the memory for them, for each owner.
	maxPostponed = 4096
)

// ask opens a queue with a remote signer's help, beside everything else: what it
// does not answer delays its own participant only. While it is away there is
// nothing to do: whoever watches it calls Late.
func (b *Backlog) ask(ctx context.Context, q *queue, key nip17.RemoteKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if q.asked {
		q.again = true
		return
	}
	q.asked = true
	q.revisit(time.Now())
	b.asking.Go(func() {
		var err error
		for more := true; more && err == nil && key.Available(); {
			more, err = b.openSome(ctx, q, key)
		}
		if err != nil && ctx.Err() == nil {
			b.log.Error().Err(err).Msg("what waits for a remote signer could not be opened; trying again")
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		wait, waits := q.wait(time.Now())
		if err != nil {
			wait, waits = askAgain, true
		}
		if q.asked = false; q.again {
			q.again = false
			wait, waits = 0, true
		}
		if waits && ctx.Err() == nil {
			time.AfterFunc(wait, func() { b.Late(q.owner) })
		}
	})
}

// openSome opens one batch of the queue; more says that there may be another.
func (b *Backlog) openSome(ctx context.Context, q *queue, remote nip17.RemoteKey) (more bool, err error) {
	most := b.turn(remote)
	rows, err := b.batch(ctx, q, b.passed(q, remote != nil), most)
	if err != nil {
		return false, err
	}
	defer func() { q.progress(b.log, len(rows), !more) }()
	for chunk := range slices.Chunk(rows, openedAtOnce) {
		if !b.keyring.Holds(q.owner) {
			return false, nil // revoked; the rest stays closed
		}
		if err := b.openChunk(ctx, q, chunk, remote); err != nil {
			return false, err
		}
		if remote != nil && !remote.Available() {
			return false, nil
		}
	}
	return len(rows) == most, nil
}

// turn is how many messages are opened until the next owner's turn comes: with the keys in
// this process what may be opened in a second, for others wait meanwhile.
func (b *Backlog) turn(remote nip17.RemoteKey) int {
	if remote != nil || b.rate.Limit() == rate.Inf {
		return backlogBatch
	}
	return min(backlogBatch, max(openedAtOnce, b.rate.Burst()))
}

// openChunk opens a few messages side by side, and writes down what they say in
// the order of their arrival.
func (b *Backlog) openChunk(ctx context.Context, q *queue, rows []ledger.Row, remote nip17.RemoteKey) error {
	last := rows[len(rows)-1].Seq
	now := time.Now()
	rows = slices.DeleteFunc(slices.Clone(rows), func(r ledger.Row) bool {
		return r.State == ledger.Unreadable && r.ReceivedAt >= q.renewed ||
			remote != nil && now.Before(q.deferred[r.Seq].until)
	})
	readings := make([]reading, len(rows))
	var opts []nip17.Option
	if remote == nil {
		opts = append(opts, nip17.Local())
	}
	var wg sync.WaitGroup
	for i, row := range rows {
		if remote == nil {
			if err := b.rate.Wait(ctx); err != nil {
				break // ctx has ended
			}
		}
		wg.Go(func() { readings[i] = b.decoder.decode(ctx, row.Event, row.ReceivedAt, opts...) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	gone := remote != nil && !remote.Available()
	for i, row := range rows {
		b.decoder.recheck(&readings[i]) // it has waited for the slowest of them
		away, err := b.settle(ctx, row, &readings[i])
		if err != nil {
			return err
		}
		if remote != nil {
			q.postpone(row.Seq, away, gone)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if remote != nil {
		q.answered = last
	} else {
		q.passed = last
	}
	return nil
}

// passed is the seq up to which the queue has been gone through, with the remote
// signer's help or without.
func (b *Backlog) passed(q *queue, remote bool) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if remote {
		return q.answered
	}
	return q.passed
}

// settle writes down what a message says. away: its signer did not answer.
func (b *Backlog) settle(ctx context.Context, row ledger.Row, a *reading) (away bool, err error) {
	if a.State != ledger.Opened && row.State != ledger.New {
		// Nothing has changed, as far as that can be said: what waits becomes unreadable
		// only when somebody has found out that it is.
		if a.State == ledger.Waiting || row.State == ledger.Unreadable {
			return a.Reason == reasonAway, nil
		}
	}
	err = b.ledger.Resolve(ctx, row.Seq, ledger.Decoded{
		State: a.State, Reason: a.Reason, Seal: a.Seal, Facts: a.Facts,
		Late: !b.isNews(row, a.key),
	})
	switch {
	case errors.Is(err, ledger.ErrSettled) || errors.Is(err, ledger.ErrNoRow):
		return false, nil // its recipient deleted it meanwhile
	case err != nil:
		return false, err
	}
	b.decoder.told(row.Seq, &a.Arrival)
	return a.Reason == reasonAway, nil
}

// isNews reports whether a message is news now that the key (hex) has opened it: it only
// waited for a crash to be over, or for its owner's signer to come back, and not for
// another key than those of its time.
func (b *Backlog) isNews(row ledger.Row, key string) bool {
	return row.State == ledger.New ||
		row.State == ledger.Waiting && row.Reason == reasonAway && b.keyring.AddedAt(key).UnixMilli() < row.ReceivedAt
}
