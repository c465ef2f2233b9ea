package notify

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// waits are between one try to send a notice and the next; after the last it has
// failed. (As Standard Webhooks proposes.)
var waits = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	// lookEvery is how often is looked for what another process has made due.
	lookEvery = 5 * time.Second
	// lookAtMost is how often at most.
	lookAtMost = 20 * time.Millisecond
	// lanesAtOnce is how many lanes are worked on at the same time.
	lanesAtOnce = 16
	// messagesAtOnce is how many direct messages are written side by side: they share
	// a transaction.
	messagesAtOnce = 4
	messageBatch   = 32
	// mostFailures is after how many of them in a row a webhook is disabled.
	mostFailures = 15
	// longestWait bounds what a receiver may ask for.
	longestWait = 24 * time.Hour
)

// A result is what became of one try.
type result struct {
	code  string // of the error, "" where it was sent
	final bool   // another try would end alike
	drop  bool   // nobody wants it any more
	// lane: it failed for everybody behind it as well.
	lane bool
	wait time.Duration // not before, as the receiver asks
	away string        // why a webhook is to be disabled
	done bool          // it is settled already
	post *ledger.Delivery
}

// dispatch has every lane worked on that has something due.
func (n *Notifier) dispatch(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(lanesAtOnce)
	defer func() { _ = g.Wait() }() // no lane returns an error
	for ctx.Err() == nil {
		next := n.now().Add(lookEvery)
		lanes, err := n.ledger.DueLanes(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.Error().Err(err).Msg("what is to be told could not be read; trying again")
		}
		for _, lane := range lanes {
			at := time.UnixMilli(lane.NextAt)
			switch {
			case at.After(n.now()):
				if at.Before(next) {
					next = at
				}
			case n.enter(lane.Name):
				if !g.TryGo(func() error {
					n.work(ctx, lane.Name)
					n.leave(lane.Name)
					knock(n.due)
					return nil
				}) {
					n.leave(lane.Name) // when one of the others is done
				}
			}
		}
		select {
		case <-time.After(lookAtMost):
		case <-ctx.Done():
			return
		}
		select {
		case <-n.due:
		case <-time.After(max(next.Sub(n.now()), 0)):
		case <-ctx.Done():
		}
	}
}

func (n *Notifier) enter(lane string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.active[lane] {
		return false
	}
	n.active[lane] = true
	return true
}

func (n *Notifier) leave(lane string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.active, lane)
}

// work sends what is due on one lane.
func (n *Notifier) work(ctx context.Context, lane string) {
	defer func() {
		if r := recover(); r != nil {
			n.log.Error().Msgf("a notice could not be sent: panic of type %T", r)
			_ = n.ledger.HoldLane(ctx, lane, n.now().Add(n.waits[0]).UnixMilli())
		}
	}()
	step := n.someInTime
	if isHook(lane) {
		step = n.nextInOrder
	}
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = step(ctx, lane); err != nil {
			if ctx.Err() == nil {
				n.log.Error().Err(err).Msg("notices could not be read or settled; trying again")
				select {
				case <-time.After(decideAgain):
				case <-ctx.Done():
				}
			}
			return
		}
	}
}

// nextInOrder sends the first notice of a webhook: nothing goes before it.
func (n *Notifier) nextInOrder(ctx context.Context, lane string) (more bool, err error) {
	first, ok, err := n.ledger.FirstDue(ctx, lane)
	if err != nil || !ok {
		return false, err
	}
	if first.NextAt > n.now().UnixMilli() {
		return false, n.ledger.HoldLane(ctx, lane, first.NextAt)
	}
	return true, n.try(ctx, first)
}

// someInTime sends some of what is due now.
func (n *Notifier) someInTime(ctx context.Context, lane string) (more bool, err error) {
	batch, atOnce := 1, 1
	if lane == laneDM {
		batch, atOnce = messageBatch, messagesAtOnce
	}
	due, err := n.ledger.DueNotices(ctx, lane, n.now().UnixMilli(), batch)
	if err != nil || len(due) == 0 {
		return false, err
	}
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, notice := range due {
		g.Go(func() error { return n.try(ctx, notice) })
	}
	return true, g.Wait()
}

// try sends one notice and settles it.
func (n *Notifier) try(ctx context.Context, notice ledger.Notice) error {
	news, err := readNews(notice.Content)
	var r result
	switch {
	case err != nil:
		r = result{code: "unreadable", final: true}
	case notice.Lane == laneDM:
		r = n.sendHere(ctx, &notice, &news)
	case strings.HasPrefix(notice.Lane, dmTo):
		r = n.sendElsewhere(ctx, &notice, &news)
	case notice.Lane == laneMail:
		r = n.sendMail(ctx, &notice, &news)
	default:
		r = n.sendHook(ctx, &notice, &news)
	}
	switch {
	case ctx.Err() != nil && r.code != "":
		return nil // it is due as before
	case r.done:
		n.cfg.Meter.Notice(Channel(notice.Lane), string(ledger.NoticeSent))
		return nil
	}
	return n.settle(ctx, notice, r)
}

func (n *Notifier) settle(ctx context.Context, notice ledger.Notice, r result) error {
	now := n.now()
	a := ledger.Attempt{State: ledger.NoticeSent, At: now.UnixMilli(), Error: r.code, Delivery: r.post, Disable: r.away}
	switch {
	case r.code == "":
	case r.drop:
		a.State = ledger.NoticeDropped
	case r.final || notice.Attempts >= len(n.waits):
		a.State = ledger.NoticeFailed
	default:
		wait := max(jitter(n.waits[notice.Attempts]), min(r.wait, longestWait))
		a.State, a.NextAt, a.Hold = ledger.NoticeDue, now.Add(wait).UnixMilli(), r.lane
	}
	if r.code != "" && !r.drop {
		n.log.Info().Int64("notice", notice.ID).Str("channel", Channel(notice.Lane)).Str("code", r.code).Str("state", string(a.State)).
			Int("attempts", notice.Attempts+1).Msg("a notice could not be sent")
	}
	// Not ctx: what was sent is settled, also where the relay is just being stopped.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	disabled, err := n.ledger.Settle(settle, notice, a, mostFailures)
	if err == nil {
		n.count(notice, a)
	}
	if disabled {
		n.log.Warn().Str("webhook", notice.Lane).Msg("a webhook was disabled: it fails again and again, or is gone")
	}
	return err
}

func (n *Notifier) count(notice ledger.Notice, a ledger.Attempt) {
	result := string(a.State)
	if a.State == ledger.NoticeDue {
		result = "delayed"
	}
	n.cfg.Meter.Notice(Channel(notice.Lane), result)
	if a.Delivery != nil {
		n.cfg.Meter.Delivery(a.Delivery.Status)
	}
}

// jitter is up to a tenth more, so that what failed together is not tried together.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Int64N(int64(d)/10+1))
}
