package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

// newDesk is the desk at which keys are handed over, for the daemon and for the
// commands beside it.
func newDesk(cfg config, store *nip17.Store, master nip17.Master) (*enrol.Desk, error) {
	key, err := master.Derive("invitations")
	if err != nil {
		return nil, err
	}
	return &enrol.Desk{
		Store: store, Audit: enrol.NewAudit(keysLog(cfg)),
		Policy: enrol.Policy{Mode: enrol.Mode(cfg.Participants.Policy), List: cfg.Participants.List, Codes: enrol.NewCodes(key)},
	}, nil
}

func keysLog(cfg config) string { return filepath.Join(cfg.DataDir, "keys.log") }

// deskLedger is what the desk knows of what was published (enrol.Ledger).
type deskLedger struct{ *ledger.Ledger }

func (l deskLedger) Announced(ctx context.Context, owner string) (newest *nostr.Event, err error) {
	filter := nostr.Filter{Kinds: []int{enrol.KindEncryptionKey}, Authors: []string{owner}, Limit: 1}
	for evt, err := range l.Query(ctx, filter, "", 1) {
		return evt, err
	}
	return nil, nil
}

func (l deskLedger) Announce(ctx context.Context, evt *nostr.Event) error {
	_, err := l.Publish(ctx, evt, time.Now().UnixMilli())
	return err
}

// mostWaiting is up to how many messages are counted that wait for a key.
const mostWaiting = 1_000_000

func (l deskLedger) Waiting(ctx context.Context, inboxes []string) (int, error) {
	return l.CountUnopened(ctx, inboxes, mostWaiting)
}

// answerWithin bounds what somebody asks of the relay in a message.
const answerWithin = 2 * time.Minute

// request answers what somebody asks of the relay in a message (relay.Config).
func (d *daemon) request(r relay.Request) {
	answers := d.desk.Answers(r.From)
	if !answers && r.Command.Verb != enrol.VerbRevoke { // a key is given back however often he has written
		r.Command.Zero()
		return
	}
	d.answering.Go(func() {
		defer r.Command.Zero()
		ctx, cancel := context.WithTimeout(d.answerUntil, answerWithin)
		defer cancel()
		text := outdated
		if time.Since(r.At) <= oldestRequest {
			text = d.answer(ctx, enrol.Caller{Pubkey: r.From, Door: enrol.DoorMessage}, r.Command)
		}
		if text != "" && answers {
			d.notify(ctx, r.From, text)
		}
	})
}

// oldestRequest is how long ago a message that asks for something may have been written.
// A wrap can be held back, or come again to a ledger that was put back from before it:
// a key must not be taken because its owner wanted that once.
const oldestRequest = 24 * time.Hour

const outdated = "Not done: your message says that it was written more than a day ago. If you still want this, write it again."

// answer does what is asked, and returns what is to be said about it; "" where that
// is said to the owner anyway, as soon as the keys have changed.
func (d *daemon) answer(ctx context.Context, who enrol.Caller, c enrol.Command) string {
	text, err := "", c.Err
	if err == nil {
		switch c.Verb {
		case enrol.VerbHelp:
			text = enrol.Usage
		case enrol.VerbKeys:
			var list []enrol.Delegation
			list, err = d.desk.List(ctx, who)
			text = keysInWords(list)
		case enrol.VerbEnrol:
			_, err = d.desk.Enrol(ctx, who, c.Offer)
		case enrol.VerbConnect:
			text, err = d.desk.Connect(ctx, who, c.Offer)
		case enrol.VerbRevoke:
			err = d.revoke(ctx, who, c.Pubkey)
		case enrol.VerbNotices, enrol.VerbWebhook:
			if err = d.desk.Visit(who); err == nil {
				text, err = notify.Answer(ctx, d.notifier, who.Pubkey, c)
			}
		}
	}
	if err != nil {
		return "Not done: " + plainly(err)
	}
	return text
}

// revoke gives back one key, or all of the caller's where pubkey is "".
func (d *daemon) revoke(ctx context.Context, who enrol.Caller, pubkey string) error {
	if pubkey != "" {
		return d.desk.Revoke(ctx, who, pubkey)
	}
	d.signers.forget(who.Pubkey, time.Now())
	list, err := d.desk.List(ctx, who)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return orders.Errorf(orders.ENOTFOUND, "no key of yours is here")
	}
	for _, g := range list {
		err = errors.Join(err, d.desk.Revoke(ctx, who, g.Pubkey)) // one that cannot be given back keeps no other
	}
	return err
}

// plainly is an error for a participant: the sentence of one that is meant for them.
func plainly(err error) string {
	if orders.ErrorCode(err) == orders.EINTERNAL {
		return "this could not be done, try again later."
	}
	return err.Error() + "."
}

// keyTransfer takes what an authenticated author hands over (relay.Config): an
// encryption key's secret as NIP-4e sends it to another device, or the words of a
// message to the relay.
func (d *daemon) keyTransfer(ctx context.Context, evt *nostr.Event) error {
	device := evt.PubKey
	if p := evt.Tags.Find("P"); p != nil {
		device = p[1]
	}
	text, err := d.identity.Decrypt(ctx, device, evt.Content)
	if err != nil {
		return orders.Errorf(orders.EINVALID, "the content is not encrypted to the relay by the key in the P tag, or by the author's")
	}
	who := enrol.Caller{Pubkey: evt.PubKey, Door: enrol.DoorSocket}
	c, ok := enrol.ParseCommand(text)
	if !ok {
		c = enrol.Command{Verb: enrol.VerbEnrol}
		c.Offer, c.Err = enrol.ParseKey(text, "")
	}
	defer c.Zero()
	if c.Err != nil {
		return c.Err
	}
	switch c.Verb {
	case enrol.VerbEnrol:
		_, err = d.desk.Enrol(ctx, who, c.Offer)
	case enrol.VerbRevoke:
		err = d.revoke(ctx, who, c.Pubkey)
	default:
		err = orders.Errorf(orders.EINVALID, "a key, or a command to take or to revoke one, is needed here")
	}
	return err
}

// noticeFor is how long a message of the relay's own is kept for its recipient.
const noticeFor = 90 * 24 * time.Hour

// notify sends somebody a message of the relay's own (NIP-17), into their inbox here.
func (d *daemon) notify(ctx context.Context, to, text string) {
	rumor := nostr.Event{Kind: nostr.KindDirectMessage, CreatedAt: nostr.Now(), Content: text, Tags: nostr.Tags{{"p", to}, enrol.NoticeTag}}
	wraps, err := nip17.Wrap(ctx, d.identity, rumor, []string{to}, nip17.NoCopy(), nip17.Expires(time.Now().Add(noticeFor)))
	if err == nil {
		err = d.relay.Deliver(ctx, &wraps[0], 0)
	}
	if err != nil {
		d.log.Warn().Err(err).Msg("a participant could not be told what became of a key")
	}
}

// announced follows a kind 10044 that was published (relay.Config).
func (d *daemon) announced(evt *nostr.Event) {
	if err := d.desk.Announced(evt); err != nil {
		d.log.Error().Err(err).Msg("somebody announced another encryption key, and the former could not be marked as retired")
	}
}

// keysChanged tells the owners of keys that came and went, by whichever door, and
// looks what they have announced. It is called while a message is being read, and
// must not wait.
func (d *daemon) keysChanged(came, went []nip17.Entry) {
	d.answering.Go(func() {
		ctx, cancel := context.WithTimeout(d.answerUntil, answerWithin)
		defer cancel()
		for _, e := range came {
			_ = d.recall(ctx, e) // the next start looks again
			d.notify(ctx, e.Owner, keyCame(e))
		}
		for _, e := range went {
			d.notify(ctx, e.Owner, keyWent(e))
		}
	})
}

// recall marks an encryption key as retired that was replaced before it came here.
func (d *daemon) recall(ctx context.Context, e nip17.Entry) error {
	if e.Way != nip17.WayEncryption {
		return nil
	}
	evt, err := d.desk.Ledger.Announced(ctx, e.Owner)
	if err == nil && evt != nil {
		d.announced(evt)
	}
	return err
}

// recallAnnouncements does so for every stored key.
func (d *daemon) recallAnnouncements(ctx context.Context) error {
	entries, err := d.keys.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := d.recall(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// forgetKeys removes the keys that somebody who asked to be forgotten (NIP-62) has
// delegated by then. Those of the configuration are the operator's to remove.
func (d *daemon) forgetKeys(pubkey string, until time.Time) {
	d.signers.forget(pubkey, until)
	err := d.desk.Forget(pubkey, until)
	if err == nil {
		err = d.loadKeys() // he is told nothing any more
	}
	switch {
	case err != nil:
		d.log.Error().Err(err).Msg("somebody asked to be forgotten (NIP-62), and their delegated key could not be removed")
	case d.keyring.Holds(pubkey):
		d.log.Warn().Msg("somebody asked to be forgotten (NIP-62) whose key is in keys.delegated: remove it there")
	}
}
