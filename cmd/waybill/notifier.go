package main

import (
	"context"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/relay/notify"
)

// newNotifier makes the notifier before the relay, whose API shows it. It asks the
// relay for nothing before both run.
func (d *daemon) newNotifier() (*notify.Notifier, error) {
	mail, err := d.cfg.Notices.Email.mail()
	if err != nil {
		return nil, err
	}
	hooks, err := d.cfg.webhooks()
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Config{
		Self: d.identity, Name: d.cfg.Relay.Name, Master: d.master, DM: d.cfg.Notices.DM, Outgoing: d.cfg.Notices.Outgoing,
		Private: d.cfg.Notices.Private, Mail: mail, Hooks: hooks,
		Deliver: func(ctx context.Context, wrap *nostr.Event, notice int64) error {
			return d.relay.Deliver(ctx, wrap, notice)
		},
		TakesPart: func(ctx context.Context, pubkey string) (bool, error) { return d.relay.TakesPart(ctx, pubkey) },
		IsOurs:    func(url string) bool { return d.relay.IsOurs(url) },
		Meter:     d.metrics,
	}, d.ledger, d.log), nil
}
