package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fiatjaf/eventstore"
	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

const shuttingDown = "error: the relay is shutting down, try again later"

// storeEvent takes an accepted event whole: it is on disk when this returns, and
// on its way to the live subscriptions. The answer "duplicate" makes khatru say
// OK true and do nothing more.
func (r *Relay) storeEvent(_ context.Context, evt *nostr.Event) (err error) {
	if !r.accepting.enter() {
		return errors.New(shuttingDown)
	}
	defer r.accepting.leave()
	// Not the socket's context: what was accepted is finished, also when its
	// sender has gone.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = errors.New("error: this event could not be stored")
	guard(r.log, "store", func() { err = r.store(ctx, evt, r.clock.now().UnixMilli()) })
	return err
}

func (r *Relay) store(ctx context.Context, evt *nostr.Event, now int64) error {
	var outcome ledger.Outcome
	var err error
	switch {
	case r.isMessage(evt):
		outcome, err = r.storeMessage(ctx, evt, now)
	case r.isKeyTransfer(evt):
		// It may wait for a signer, but not beyond the relay's own life.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(r.life, cancel)()
		if err := r.cfg.KeyTransfer(ctx, evt); err != nil {
			reason := okReason(err)
			r.cfg.Meter.Event(class(evt.Kind), prefix(reason))
			return errors.New(reason)
		}
		r.cfg.Meter.Event(class(evt.Kind), string(ledger.Stored))
		return eventstore.ErrDupEvent
	case evt.Kind == ledger.KindVanish:
		outcome, err = r.vanish(ctx, evt, now)
	default:
		outcome, err = r.ledger.Publish(ctx, evt, now)
	}
	if err == nil {
		r.cfg.Meter.Event(class(evt.Kind), string(outcome))
	}
	switch {
	case err != nil:
		r.cfg.Meter.Event(class(evt.Kind), "error")
		r.log.Error().Err(err).Int("kind", evt.Kind).Msg("an event could not be stored")
		return errors.New("error: the event could not be stored, try again later")
	case outcome == ledger.Deleted:
		return errors.New("blocked: this event was deleted")
	case outcome == ledger.Stored:
		r.announce(ctx, evt)
		if evt.Kind == enrol.KindEncryptionKey && r.cfg.Announced != nil {
			r.cfg.Announced(evt)
		}
	}
	return eventstore.ErrDupEvent
}

// Deliver stores a gift wrap of the relay's own for its recipient, whoever he is,
// and hands it to his live subscriptions. It waits for no key: there is nothing in it
// for the relay. notice is the ledger's notice that this is, which is settled in the
// same transaction: where it is not due any more, nothing is stored. 0: it is none.
func (r *Relay) Deliver(ctx context.Context, wrap *nostr.Event, notice int64) error {
	if !r.accepting.enter() {
		return errors.New(shuttingDown)
	}
	defer r.accepting.leave()
	a := ledger.Arrival{Event: wrap, ReceivedAt: r.clock.now().UnixMilli(), State: ledger.Opened, Reason: ledger.ReasonNotice, Notice: notice}
	if to := recipients(wrap); len(to) > 0 {
		a.Recipient = to[0]
	}
	outcome, err := r.ledger.Arrive(ctx, a)
	if err == nil && outcome == ledger.Stored {
		r.announce(ctx, wrap)
	}
	return err
}

// TakesPart reports whether the key (hex) takes part here: it has handed over a key,
// or its kind 10050 names this relay.
func (r *Relay) TakesPart(ctx context.Context, pubkey string) (bool, error) {
	return r.takesFor(ctx, []string{pubkey})
}

// IsOurs reports whether the URL is one by which this relay is known.
func (r *Relay) IsOurs(url string) bool { return r.isOurs(url) }

func (r *Relay) storeMessage(ctx context.Context, evt *nostr.Event, now int64) (ledger.Outcome, error) {
	// A message that is here already must not cost its decryption again.
	if known, err := r.ledger.Has(ctx, evt.ID); err != nil || known {
		return ledger.Duplicate, err
	}
	return r.arrive(ctx, r.decoder.decode(ctx, evt, now, nip17.Local()))
}

func (r *Relay) arrive(ctx context.Context, a reading) (ledger.Outcome, error) {
	seq, outcome, err := r.ledger.Take(ctx, a.Arrival)
	if outcome != ledger.Stored {
		if a.request != nil {
			a.request.Command.Zero()
		}
		return outcome, err
	}
	r.decoder.told(seq, &a.Arrival)
	if a.State == ledger.Waiting && r.cfg.Late != nil && r.keyring.Holds(a.Recipient) {
		// Only a remote signer opens it; or its key was handed over after it was looked
		// for, and the backlog went through the inbox before it was there.
		r.cfg.Late(a.Recipient)
	}
	if a.request != nil && r.cfg.Request != nil {
		r.cfg.Request(*a.request)
	}
	return outcome, err
}

// vanishWithin is for somebody who has left much behind.
const vanishWithin = 10 * time.Minute

// vanish forgets the author of a request to vanish (NIP-62), and tells of it, for
// a key of his must not open what comes after.
func (r *Relay) vanish(ctx context.Context, evt *nostr.Event, now int64) (ledger.Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), vanishWithin)
	defer cancel()
	outcome, err := r.ledger.Vanish(ctx, evt, now)
	if err == nil && r.cfg.Vanished != nil {
		r.cfg.Vanished(evt.PubKey, time.UnixMilli(ledger.VanishUntil(evt, now)))
	}
	return outcome, err
}

// announce hands a stored event to the live subscriptions.
func (r *Relay) announce(ctx context.Context, evt *nostr.Event) {
	switch evt.Kind {
	case nostr.KindGiftWrap:
		to := recipients(evt)
		r.fanout.publish(evt, func(reader string) bool { return reader != "" && slices.Contains(to, reader) })
	case nostr.KindEncryptedDirectMessage:
		of := append(recipients(evt), evt.PubKey)
		r.fanout.publish(evt, func(reader string) bool { return reader != "" && slices.Contains(of, reader) })
	case nostr.KindDeletion:
		// Whether a deletion is public is the ledger's to say: it knows the targets.
		public := false
		for range r.ledger.Query(ctx, nostr.Filter{IDs: []string{evt.ID}}, "", 1) {
			public = true
		}
		r.fanout.publish(evt, func(reader string) bool { return public || reader == evt.PubKey })
	case ledger.KindVanish:
		r.fanout.publish(evt, func(reader string) bool { return reader == evt.PubKey })
	default:
		r.fanout.publish(evt, func(string) bool { return true })
	}
}
