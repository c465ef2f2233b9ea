package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/api"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/live"
	"github.com/waybill-relay/waybill/relay/posting"
	"github.com/waybill-relay/waybill/relay/wire"
)

func (d *daemon) openKeys(context.Context) error {
	master, err := d.cfg.ownMaster()
	if err != nil {
		return err
	}
	d.master = master
	d.closers = append(d.closers, func() error { master.Zero(); return nil })
	identity, created, err := nip17.LoadIdentity(d.cfg.Keys.IdentityFile, master, d.cfg.Keys.IdentityPassphraseFile)
	if err != nil {
		return err
	}
	d.identity = identity
	d.closers = append(d.closers, func() error { identity.Zero(); return nil })
	if created {
		d.log.Info().Str("file", d.cfg.Keys.IdentityFile).Msg("made a key for the relay itself")
	}
	reading, err := identity.ReadingKey()
	if err != nil {
		return err
	}
	if d.keyring, err = nip17.NewKeyring(reading); err != nil {
		return err
	}
	// Whatever was held is wiped at the end, and no remote signer asked any more.
	d.closers = append(d.closers, func() error { d.keyring.Clear(); return nil })
	d.signers = newSigners(d.cfg, master, d.keyring, d.log)
	d.closers = append(d.closers, func() error { d.signers.close(); return nil })
	if _, err := d.delegate(d.cfg.Keys.Delegated); err != nil {
		return err
	}
	d.cfg.Keys.Delegated = nil // d.loaded has them: what a reload takes away is to stay nowhere
	if d.keys, err = nip17.OpenStore(keysFile(d.cfg), master); err != nil {
		return err
	}
	d.keys.Connect(d.signers.connect)
	if err := d.loadKeys(); err != nil {
		return err
	}
	if d.desk, err = newDesk(d.cfg, d.keys, master); err != nil {
		return err
	}
	d.desk.Self, d.desk.Keyring = identity.PublicKey(), d.keyring
	d.desk.Signers, d.desk.SignerState = d.signers, d.signers.state
	d.desk.Max = d.cfg.Participants.Max
	d.sealer = nip17.NewSealer(time.Hour)
	d.closers = append(d.closers, func() error { d.sealer.Close(); return nil })
	return nil
}

// loadKeys brings the keyring in line with the key file. A key that does not open keeps
// nobody else's out.
func (d *daemon) loadKeys() error {
	_, _, err := d.keys.Load(d.keyring)
	if errors.Is(err, nip17.ErrMaster) {
		d.log.Error().Err(err).Msg("not every delegated key can be used")
		return nil
	}
	return err
}

func keysFile(cfg config) string { return filepath.Join(cfg.DataDir, "keys.json") }

func (d *daemon) openLedger(ctx context.Context) (err error) {
	if d.ledger, err = ledger.Open(ctx, d.cfg.Ledger.URL); err != nil {
		return err
	}
	d.closers = append(d.closers, d.ledger.Close)
	d.views = newViews(d.ledger, d.metrics.Viewed, d.log)
	limit := func(c config) error {
		d.ledger.SetLimits(ledger.Limits{IntentsPerAuthor: c.Limits.IntentsPerAuthor, FactsPerOrder: c.Limits.FactsPerOrder})
		return nil
	}
	d.limited = append(d.limited, limit)
	return limit(d.cfg)
}

// registry reads the messages of every client, in the kinds that the operator takes.
func (c dialectConfig) registry() *dialect.Registry {
	opts := []dialect.Option{dialect.WithKinds(c.RumorKinds...)}
	if c.NIP04 {
		opts = append(opts, dialect.WithDirectMessages())
	}
	return dialect.New(opts...)
}

func (d *daemon) openRelay(ctx context.Context) error {
	cfg := &d.cfg.Relay
	last, err := d.ledger.LastArrival(ctx)
	if err != nil {
		return err
	}
	if d.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return fmt.Errorf("relay.listen: %w", err)
	}
	if len(cfg.PublicURLs) == 0 {
		cfg.PublicURLs = localURLs(strconv.Itoa(d.listener.Addr().(*net.TCPAddr).Port))
	}
	d.decoder = relay.NewDecoder(d.keyring, d.cfg.Dialects.registry(), d.sealer,
		d.identity.PublicKey(), d.cfg.Admins, d.log)
	d.backlog = relay.NewBacklog(d.ledger, d.decoder, d.keyring, d.keys, d.cfg.Limits.Backfill, d.log)
	d.decoder.Follow(d.backlog.FollowKeys)
	d.decoder.Measure(d.metrics)
	d.closers = append(d.closers, func() error { d.decoder.Flush(); return nil })
	d.backlog.Told(d.keysChanged)
	d.desk.Ledger, d.desk.Changed = deskLedger{d.ledger}, d.backlog.FollowKeys
	d.signers.late, d.signers.changed, d.signers.asks = d.backlog.Late, d.backlog.KeysChanged, d.signerAsks
	d.reader, d.names = orders.NewReader(d.store, d.cfg.isAdmin), &relay.Names{Ledger: d.ledger}
	d.live = &live.Hub{Ledger: d.ledger, Orders: d.reader, Admin: d.cfg.isAdmin, Progress: &d.progress, Log: d.log}
	office := &posting.Office{Ledger: d.ledger, Admin: d.cfg.isAdmin, Tracked: d.progress.Wait}
	orderEvents := &relay.OrderEvents{Index: d.store, IntentID: relay.IntentIDs(d.ledger), Self: d.identity, Log: d.log, Viewed: d.views.Viewed}
	if d.notifier, err = d.newNotifier(); err != nil {
		return err
	}
	changes := api.NewChanges(wire.ClientIP, time.Now)
	pages, err := d.pages(changes)
	if err != nil {
		return err
	}
	d.relay = relay.New(relay.Config{
		HTTP: d.api(office, changes), Pages: pages, Orders: orderEvents,
		Name: cfg.Name, Description: cfg.Description, Contact: cfg.Contact, Operator: cfg.Operator,
		Version: versionText(), Self: d.identity.PublicKey(), PublicURLs: cfg.PublicURLs,
		Anyone: cfg.Accept == "anyone", InboxQuota: cfg.InboxQuota, Kinds: cfg.Kinds, MaxLimit: cfg.MaxLimit,
		PublicOrders: d.cfg.Dialects.PublicOrders, DirectMessages: d.cfg.Dialects.NIP04,
		Limits: relayLimits(d.cfg), Meter: d.metrics, LastArrival: last, Late: d.backlog.Late, Vanished: d.forgetKeys,
		Request: d.request, KeyTransfer: d.keyTransfer, Announced: d.announced,
	}, d.ledger, d.keyring, d.decoder, d.log)
	office.Relay = d.relay
	d.limited = append(d.limited, func(c config) error {
		d.relay.SetLimits(relayLimits(c))
		d.backlog.SetRate(c.Limits.Backfill)
		return nil
	})
	d.tracker = &relay.Tracker{Ledger: d.ledger, Store: d.store, Log: d.log, Meter: d.metrics, Changed: orderEvents.Changed,
		Projected: func(seq int64) {
			d.progress.Set(seq)
			d.notifier.Projected(seq)
		}}
	d.tracker.Counted, err = d.ledger.LastSeq(ctx)
	return err
}
