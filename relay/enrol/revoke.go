package enrol

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// Revoke gives a key (hex) back: when it returns, it opens nothing more. Only its
// owner can, and the operator at the shell. Errors: ENOTFOUND, also for keys of
// others; EFORBIDDEN for one that stands in the configuration.
func (d *Desk) Revoke(ctx context.Context, who Caller, pubkey string) error {
	r, err := d.asked(who, "revoke", "", Record{Key: pubkey})
	if err != nil {
		return err
	}
	if err := d.settled(r, d.revoke(who, pubkey)); err != nil {
		return err
	}
	return d.changed()
}

func (d *Desk) revoke(who Caller, pubkey string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := d.Store.List()
	if err != nil {
		return err
	}
	mine := func(e nip17.Entry) bool {
		return e.Pubkey == pubkey && (e.Owner == who.Pubkey || who.Door == DoorShell)
	}
	stored := slices.ContainsFunc(entries, mine)
	if stored {
		if _, err := d.Store.Remove(pubkey); err != nil {
			return err
		}
	}
	if owner, held := d.holder(pubkey); held && (owner == who.Pubkey || who.Door == DoorShell) && d.configured(pubkey) {
		return orders.Errorf(orders.EFORBIDDEN, "this key stands in the relay's configuration: its operator has to take it out")
	}
	if !stored {
		return orders.Errorf(orders.ENOTFOUND, "no such key of yours is here")
	}
	return nil
}

// Forget takes out the keys of somebody who asked to be forgotten (NIP-62), as far
// as they had come by then. The caller brings the keyring up to date.
func (d *Desk) Forget(owner string, until time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Whoever is proving a key just now must not store it afterwards. What began longer
	// ago than a proof may take is over.
	for other, until := range d.forgotten {
		if time.Since(until) > longestProof {
			delete(d.forgotten, other)
		}
	}
	if d.forgotten == nil {
		d.forgotten = map[string]time.Time{}
	}
	d.forgotten[owner] = until
	entries, err := d.Store.List()
	for _, e := range entries {
		if e.Owner != owner || e.AddedAt.After(until) {
			continue
		}
		r := Record{At: time.Now().UTC(), Door: DoorVanish, Caller: owner, Action: "revoke", Outcome: Done, Key: e.Pubkey, Way: e.Way}
		// It goes all the same where that cannot be written.
		_, gone := d.Store.Remove(e.Pubkey)
		err = errors.Join(err, d.Audit.write(r), gone)
	}
	return err
}

// longestProof is more than a signer may take to come and to show that it is its
// owner's.
const longestProof = 30 * time.Minute

func (d *Desk) holder(pubkey string) (owner string, held bool) {
	if d.Keyring == nil {
		return "", false
	}
	k, held := d.Keyring.Lookup(pubkey)
	if !held {
		return "", false
	}
	return k.Owner(), true
}

// List returns the caller's own keys, those in the configuration included; with
// DoorShell and no Pubkey, everybody's.
func (d *Desk) List(ctx context.Context, who Caller) ([]Delegation, error) {
	entries, err := d.Store.List()
	if err != nil {
		return nil, err
	}
	locked, err := d.Store.Locked(who.Pubkey)
	if err != nil {
		return nil, err
	}
	list := []Delegation{}
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.Pubkey] = true
		if e.Owner == who.Pubkey || who.Door == DoorShell && who.Pubkey == "" {
			g := d.delegation(ctx, e)
			if locked[e.Pubkey] && !d.configured(e.Pubkey) {
				g.State = StateLocked
			}
			list = append(list, g)
		}
	}
	if d.Keyring != nil && who.Pubkey != "" && who.Pubkey != d.Self {
		for _, k := range d.Keyring.Of(who.Pubkey) {
			if !seen[k.PublicKey()] {
				list = append(list, d.delegation(ctx, ConfiguredEntry(k)))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Delegation) int { return cmp.Compare(a.Owner, b.Owner) })
	return list, nil
}

// ConfiguredEntry describes a key of the configuration, of which no date is known.
func ConfiguredEntry(k nip17.Key) nip17.Entry {
	e := nip17.Entry{Pubkey: k.PublicKey(), Owner: k.Owner(), Way: nip17.WayEncryption}
	if e.Pubkey == e.Owner {
		e.Way = nip17.WayIdentity
	}
	if _, remote := k.(nip17.RemoteKey); remote {
		e.Way = nip17.WayBunker
	}
	return e
}

// StateLocked is the state of a key that the relay's master key does not open: it is here and
// of no use. Its owner hands it over again, or the operator brings back the master key.
const StateLocked = "locked"

func (d *Desk) delegation(ctx context.Context, e nip17.Entry) Delegation {
	g := Delegation{
		Pubkey: e.Pubkey, Owner: e.Owner, Way: e.Way, State: "open",
		Since: e.Since, AddedAt: e.AddedAt, RetiredAt: e.RetiredAt,
	}
	switch {
	case e.Way == nip17.WayBunker && d.SignerState != nil:
		g.State = d.SignerState(e.Owner)
	case !e.RetiredAt.IsZero():
		g.State = "retired"
	}
	if d.Ledger != nil {
		// How much waits is said where it is known: the list is right without it.
		g.Waiting, _ = d.Ledger.Waiting(ctx, slices.Compact([]string{e.Owner, e.Pubkey}))
	}
	return g
}

// Connect returns a nostrconnect:// URL (NIP-46), by which the caller's remote
// signer finds the relay; once it has, and has shown that it holds the caller's key,
// the key is taken. The errors are those of Enrol.
func (d *Desk) Connect(ctx context.Context, who Caller, o Offer) (uri string, err error) {
	r, err := d.asked(who, "connect", o.Invite, Record{Way: nip17.WayBunker})
	if err != nil {
		return "", err
	}
	err = d.admit(who, o.Invite, &r)
	if err == nil {
		uri, err = d.Signers.Await(who.Pubkey, func(connection []byte) error {
			r.Key = who.Pubkey
			_, err := d.addRemote(who, connection, o.Since, &r)
			if err = d.settled(r, err); err != nil {
				return err
			}
			return d.changed()
		}, func(refused error) { _ = d.settled(r, refused) })
	}
	if err != nil {
		return "", d.settled(r, err)
	}
	return uri, nil
}
