package relay

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Backlog opens what could not be opened when it arrived: what a crash left,
// and what waited for a key. It uses the same Decoder in the same order of
// arrival as the live path does.
type Backlog struct {
	Ledger  *ledger.Ledger
	Decoder *Decoder
	Keyring *nip17.Keyring
	Store   *nip17.Store // delegated keys; its file may change at any time, by another process
	Log     zerolog.Logger

	late atomic.Bool
}

// Late says that something waits though its key is held (Config.Late).
func (b *Backlog) Late() { b.late.Store(true) }

const (
	// keysEvery is how soon a key that was added or removed elsewhere takes effect.
	keysEvery    = time.Second
	backlogBatch = 200
)

// Run follows the key file until ctx ends: a removed key opens nothing more at
// once, an added one opens what waits. What fails is tried again.
func (b *Backlog) Run(ctx context.Context) error {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	for waiting := true; ; {
		changed, err := b.followKeys()
		if waiting = b.late.Swap(false) || waiting || changed; waiting && err == nil {
			if err = b.openWaiting(ctx); err == nil {
				waiting = false
			}
		}
		if err != nil && ctx.Err() == nil {
			b.Log.Error().Err(err).Msg("what waits for its key could not be opened; trying again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// followKeys brings the keyring in line with the key file; added tells that a key
// has come.
func (b *Backlog) followKeys() (added bool, err error) {
	came, went, err := b.Store.Load(b.Keyring)
	if len(came)+len(went) > 0 {
		b.Log.Info().Int("added", len(came)).Int("removed", len(went)).Msg("the delegated keys have changed")
	}
	return len(came) > 0, err
}

// openWaiting goes through every inbox for which a key is held.
func (b *Backlog) openWaiting(ctx context.Context) error {
	since, err := b.since()
	if err != nil {
		return err
	}
	recipients, err := b.Ledger.UnopenedRecipients(ctx)
	if err != nil {
		return err
	}
	for _, recipient := range recipients {
		if b.Keyring.Holds(recipient) {
			if err := b.openAll(ctx, recipient, since[recipient], b.Ledger.Unopened); err != nil {
				return err
			}
		}
	}
	for _, owner := range b.Keyring.Owners() {
		if err := b.openAll(ctx, owner, since[owner], b.Ledger.UnopenedFrom); err != nil {
			return err
		}
	}
	return nil
}

// since tells from which time of arrival on (ms) an inbox may be opened: the
// earliest of its keys' dates, and always where one of them has none.
func (b *Backlog) since() (map[string]int64, error) {
	entries, err := b.Store.List()
	since := map[string]int64{}
	for _, e := range entries {
		from := int64(0)
		if !e.Since.IsZero() {
			from = e.Since.UnixMilli()
		}
		for _, inbox := range []string{e.Owner, e.Pubkey} {
			if was, ok := since[inbox]; !ok || from < was {
				since[inbox] = from
			}
		}
	}
	return since, err
}

// openAll opens what unopened finds of the key's.
func (b *Backlog) openAll(ctx context.Context, key string, since int64, unopened func(context.Context, string, int64, int) ([]ledger.Row, error)) error {
	for after := int64(0); ; {
		rows, err := unopened(ctx, key, after, backlogBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			after = row.Seq
			if row.ReceivedAt < since {
				continue
			}
			if err := b.open(ctx, row); err != nil {
				return err
			}
		}
	}
}

func (b *Backlog) open(ctx context.Context, row ledger.Row) error {
	a := b.Decoder.Decode(ctx, row.Event, row.ReceivedAt)
	if a.State == ledger.Waiting && row.State == ledger.Waiting {
		return ctx.Err() // nothing has changed
	}
	err := b.Ledger.Resolve(ctx, row.Seq, ledger.Decoded{State: a.State, Reason: a.Reason, Seal: a.Seal, Facts: a.Facts})
	if errors.Is(err, ledger.ErrSettled) || errors.Is(err, ledger.ErrNoRow) {
		return nil // its recipient deleted it meanwhile
	}
	if err == nil {
		b.Decoder.report(&a)
	}
	return err
}
