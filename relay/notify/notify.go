// Package notify tells the parties of an order what the other one did: by a direct
// message of the relay's own (NIP-17), by e-mail, and by webhooks.
//
// A notice goes through the same stages on every way: what is news (decide), who
// wants it and how (audience), a line in the ledger that is there once however often
// it is decided (ledger.Tell), the try to send it, again and again where that fails,
// and what became of it (lanes). Deciding waits for nobody: a slow mail server delays
// its own mails, and one webhook its own posts.
//
// It tells of what is new and of nothing else. How far the ledger was gone through
// stands in the ledger, in the transaction that holds the notices: a rebuild of the
// indexes, a restart or a Redis that was set back tells nobody anything twice. What
// is older than two days, and what was opened because its key came late, is old news.
//
// Relays never talk to each other through it. Notices follow from facts, and what a
// relay writes is never a fact: its rumors have enrol.NoticeTag, at which every
// Waybill relay stops reading. They go to the two parties of an order, never to the
// relay itself, and no sentence begins with a word that is a command.
//
// No text here holds a private part of an order, no error what somebody wrote, and no
// log line an address, a URL or a key.
package notify

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Config is what the operator decides, and what is around.
type Config struct {
	Self   nip17.Signer // the relay's own identity
	Name   string       // of the relay, for people
	Master nip17.Master // seals addresses, URLs and secrets at rest

	DM       bool   // direct messages, into the inboxes here
	Outgoing bool   // and to the relays that a participant reads elsewhere (kind 10050)
	Private  bool   // what participants name may be on private addresses
	Mail     *Mail  // nil: no e-mail
	Hooks    []Hook // the operator's own webhooks

	// Deliver puts a wrap into its recipient's inbox here, and settles the notice.
	Deliver func(ctx context.Context, wrap *nostr.Event, notice int64) error
	// TakesPart reports whether the key (hex) takes part here.
	TakesPart func(ctx context.Context, pubkey string) (bool, error)
	// IsOurs reports whether a URL is this relay's.
	IsOurs func(url string) bool
	Meter  Meter // nil: nobody counts
}

// A Meter counts what is sent. It is told codes, and no key, id or text. It must not
// wait, and may be called from any goroutine.
type Meter interface {
	// Notice is told of each try to send a notice by a channel (dm, email, webhook), and
	// what became of it: sent, delayed (it is tried again), failed, or dropped.
	Notice(channel, result string)
	// Delivery is told of each post to a webhook: the status of its answer, 0 for none.
	Delivery(status int)
}

type noMeter struct{}

func (noMeter) Notice(string, string) {}
func (noMeter) Delivery(int)          {}

// A Notifier decides what is told, and sends it. Make it with New.
type Notifier struct {
	cfg    Config
	ledger *ledger.Ledger
	log    zerolog.Logger
	now    func() time.Time
	waits  []time.Duration // between one try and the next
	hooks  map[string]Hook // the operator's, by id
	post   *http.Client    // to participants' webhooks
	own    *http.Client    // to the operator's
	pace   *rate.Limiter   // of direct messages

	projected atomic.Int64 // up to which seq the indexes know
	news      chan struct{}
	due       chan struct{}
	codes     codeLimits

	mu     sync.Mutex
	active map[string]bool // lanes that somebody is at work on
}

// The limits that nobody needs to change.
const (
	// freshFor is how old news may be.
	freshFor = 48 * time.Hour
	// keptFor is how long a notice that is settled can be looked at.
	keptFor = 30 * 24 * time.Hour
	// messagesPerSecond bounds the direct messages, each of which costs as much as one
	// that arrives: a flood of orders must not be two.
	messagesPerSecond = 50
)

// New makes a notifier on the ledger.
func New(cfg Config, l *ledger.Ledger, log zerolog.Logger) *Notifier {
	n := &Notifier{
		cfg: cfg, ledger: l, log: log, now: time.Now, waits: waits, hooks: map[string]Hook{},
		post: poster(cfg.Private), own: poster(true), pace: rate.NewLimiter(messagesPerSecond, messagesPerSecond),
		news: make(chan struct{}, 1), due: make(chan struct{}, 1), active: map[string]bool{},
	}
	if n.cfg.Meter == nil {
		n.cfg.Meter = noMeter{}
	}
	for _, h := range cfg.Hooks {
		n.hooks[h.ID()] = h
	}
	return n
}

// Projected says that the order indexes hold every fact up to seq: whoever hears of
// something by a notice finds it there. It never waits.
func (n *Notifier) Projected(seq int64) {
	if seq > n.projected.Load() {
		n.projected.Store(seq)
		knock(n.news)
	}
}

func knock(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // somebody has knocked already
	}
}

// Run decides and sends until ctx ends. What is being sent then is sent again at the
// next start, unless it was settled.
func (n *Notifier) Run(ctx context.Context) error {
	var kept []ledger.Webhook
	for id, h := range n.hooks {
		kept = append(kept, ledger.Webhook{ID: id, Events: h.Events.String()})
	}
	if err := n.ledger.KeepWebhooks(ctx, kept, n.now().UnixMilli()); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { n.follow(ctx); return nil })
	g.Go(func() error { n.dispatch(ctx); return nil })
	g.Go(func() error { n.prune(ctx); return nil })
	return g.Wait()
}

// prune erases what was settled long ago.
func (n *Notifier) prune(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := n.ledger.PruneNotices(ctx, n.now().Add(-keptFor).UnixMilli()); err != nil && ctx.Err() == nil {
			n.log.Error().Err(err).Msg("old notices could not be erased")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
