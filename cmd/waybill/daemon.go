package main

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/api"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/live"
	"github.com/waybill-relay/waybill/relay/metrics"
	"github.com/waybill-relay/waybill/relay/notify"
)

// A daemon is one running relay with everything behind it. open makes it, run
// runs it until its context ends, close gives everything back.
type daemon struct {
	cfg      config
	log      zerolog.Logger
	identity *nip17.SecretSigner
	master   nip17.Master
	keyring  *nip17.Keyring
	keys     *nip17.Store
	signers  *signers
	desk     *enrol.Desk
	sealer   *nip17.Sealer
	ledger   *ledger.Ledger
	store    *redisstore.Store
	reader   orders.Reader // who sees what of the store's orders
	names    *relay.Names
	relay    *relay.Relay
	decoder  *relay.Decoder
	backlog  *relay.Backlog
	tracker  *relay.Tracker
	metrics  *metrics.Metrics
	views    *views
	notifier *notify.Notifier
	progress live.Progress // of the tracker
	live     *live.Hub
	listener net.Listener
	admin    *sideDoor // nil: none
	scraped  *sideDoor // for metrics; nil: none of their own
	sides    []*sideDoor
	closers  []func() error

	maxLag   atomic.Int64 // of the tracker, as a time.Duration
	stopping atomic.Bool

	// What a reload needs. Without load nothing is ever reloaded.
	load      func() (config, error)
	signals   <-chan os.Signal           // each asks for a reload
	loaded    config                     // what runs, as the file said it
	delegated map[string]*nip17.LocalKey // the config's keys, by public key
	limited   []func(config) error       // who keeps a limit

	closeStore func() error // may be called again

	answering   sync.WaitGroup // messages to the relay itself
	answerUntil context.Context
}

// openDaemon opens everything, in the order in which each needs the one before.
func openDaemon(ctx context.Context, cfg config, log zerolog.Logger) (d *daemon, err error) {
	d = &daemon{cfg: cfg, loaded: cfg, log: log, metrics: metrics.New(versionText())}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	for _, open := range []func(context.Context) error{d.openFolder, d.openKeys, d.openLedger, d.openRedis, d.openRelay, d.openAdmin, d.openMetrics} {
		if err := open(ctx); err != nil {
			return d, err
		}
	}
	return d, nil
}

// run serves until ctx ends; to be stopped is no error.
func (d *daemon) run(ctx context.Context) (err error) {
	stopSides := d.serveSides()
	defer func() { err = errors.Join(err, stopSides()) }()
	if err := d.introduce(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	d.log.Info().Str("listen", d.listener.Addr().String()).Strs("public_urls", d.cfg.Relay.PublicURLs).Msg("the relay is open")
	g, ctx := errgroup.WithContext(ctx)
	d.answerUntil = ctx
	if err := d.recallAnnouncements(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	defer d.answering.Wait()
	// go-redis waits for a reply until its time is over, also where ctx ends: a
	// Redis that has fallen silent must not hold up the end.
	defer context.AfterFunc(ctx, func() { _ = d.closeStore() })() // close says what it returned
	defer context.AfterFunc(ctx, d.signers.stop)()                // nobody waits for a signer that is silent
	g.Go(func() error { return d.relay.Serve(ctx, d.listener) })
	g.Go(func() error { return d.tracker.Run(ctx) })
	g.Go(func() error { return d.live.Run(ctx) })
	g.Go(func() error { return d.backlog.Run(ctx) })
	g.Go(func() error { return d.notifier.Run(ctx) })
	g.Go(func() error { return d.expire(ctx) })
	g.Go(func() error { return d.views.run(ctx) })
	retention := &relay.Retention{Ledger: d.ledger, After: time.Duration(d.cfg.Retention.Completed), Log: d.log}
	g.Go(func() error { return retention.Run(ctx) })
	g.Go(func() error { return d.tellStopping(ctx) })
	g.Go(func() error { return d.watch(ctx) })
	if d.load != nil {
		g.Go(func() error { return d.follow(ctx, d.signals) })
	}
	d.tellReady()
	err = g.Wait()
	d.log.Info().Msg("the relay is closed")
	return err
}

// expire drops events (NIP-40) and sessions whose time is over.
func (d *daemon) expire(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if _, err := d.ledger.Expire(ctx, now); err != nil && ctx.Err() == nil {
				d.log.Error().Err(err).Msg("expired events could not be dropped")
			}
			if _, err := d.ledger.SweepSessions(ctx, now.UnixMilli(), now.Add(-api.SessionIdle).UnixMilli()); err != nil && ctx.Err() == nil {
				d.log.Error().Err(err).Msg("sessions that are over could not be dropped")
			}
		}
	}
}

// close gives everything back, the last opened first.
func (d *daemon) close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	d.closers = nil
	return errors.Join(errs...)
}
