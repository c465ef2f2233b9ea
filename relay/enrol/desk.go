package enrol

import (
	"context"
	"sync"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// Ledger is what the desk needs to know of what was published.
type Ledger interface {
	// Announced returns the newest kind 10044 of owner (hex), nil for none.
	Announced(ctx context.Context, owner string) (*nostr.Event, error)
	// Announce publishes one.
	Announce(ctx context.Context, evt *nostr.Event) error
	// Waiting counts the messages in the inboxes (hex) that are not opened yet.
	Waiting(ctx context.Context, inboxes []string) (int, error)
}

// Signers finds remote signers (NIP-46), and what they can open.
type Signers interface {
	// Prove connects to the signer of a bunker:// URL and has it open something that
	// only owner (hex) can: the connection that it returns is to be stored. trusted:
	// the operator vouches for the URL, which may then lead anywhere.
	Prove(ctx context.Context, bunkerURL, owner string, trusted bool) (connection []byte, err error)
	// Await returns a nostrconnect:// URL at once, and calls proven with the connection
	// when owner's signer has come by it and has shown what Prove asks for.
	// Where a signer came and was not taken, it calls refused with why.
	Await(owner string, proven func(connection []byte) error, refused func(error)) (uri string, err error)
}

// A Desk takes keys and gives them back. Its fields are set before its first use;
// it is then safe for concurrent use.
type Desk struct {
	Store   *nip17.Store
	Audit   *Audit
	Policy  Policy
	Max     int            // whose keys are kept at most, those of the operator's doing aside; 0: no limit
	Self    string         // the relay's own public key (hex)
	Keyring *nip17.Keyring // tells which keys stand in the configuration; nil: none do
	Ledger  Ledger
	Signers Signers // of those who enrol and connect
	// SignerState is how the remote signer of owner (hex) is. nil: "open", as every key.
	SignerState func(owner string) string
	// Changed is called when the store's file has changed. nil: nobody is told.
	Changed func() error

	mu        sync.Mutex           // one change at a time: what was checked holds until it is stored
	forgotten map[string]time.Time // who asked to be forgotten (NIP-62) a moment ago, and until when

	attempts, dialled, answers, announced visits
}

// maxKeys is how many keys of one owner are kept, retired ones included.
const maxKeys = 16

// Enrol takes a key of the caller's. Errors: EINVALID for an offer that is none,
// EFORBIDDEN where the policy does not let the caller or the key is not shown to be
// his, ECONFLICT where it cannot be taken as things are, EUNAVAILABLE where a signer
// does not answer or there were too many attempts.
func (d *Desk) Enrol(ctx context.Context, who Caller, o Offer) (Delegation, error) {
	r, err := d.asked(who, "enrol", o.Invite, offered(o))
	if err != nil {
		return Delegation{}, err
	}
	e, err := d.enrol(ctx, who, o, &r)
	if err = d.settled(r, err); err != nil {
		return Delegation{}, err
	}
	return d.delegation(ctx, e), d.changed()
}

// offered is the record of an offer.
func offered(o Offer) Record {
	if o.Bunker != "" {
		return Record{Way: nip17.WayBunker}
	}
	return Record{Key: o.Secret.PublicKey()}
}

func (d *Desk) enrol(ctx context.Context, who Caller, o Offer, r *Record) (nip17.Entry, error) {
	if o.Since.After(time.Now()) {
		return nip17.Entry{}, orders.Errorf(orders.EINVALID, "since: a date in the future opens nothing")
	}
	if err := d.admit(who, o.Invite, r); err != nil {
		return nip17.Entry{}, err
	}
	if o.Bunker != "" {
		// Outside the lock: the signer may take its time.
		connection, err := d.Signers.Prove(ctx, o.Bunker, who.Pubkey, who.Door == DoorShell)
		if err != nil {
			return nip17.Entry{}, err
		}
		defer clear(connection)
		r.Key = who.Pubkey
		return d.addRemote(who, connection, o.Since, r)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := o.Secret.PublicKey()
	if key == "" {
		return nip17.Entry{}, orders.Errorf(orders.EINVALID, "a secret key or a bunker:// URL is needed")
	}
	r.Way = nip17.WayIdentity
	var announced *nostr.Event
	if key != who.Pubkey {
		r.Way = nip17.WayEncryption
		var err error
		if announced, err = d.prove(ctx, who, key, o.Announcement); err != nil {
			return nip17.Entry{}, err
		}
	}
	if err := d.free(key, who); err != nil {
		return nip17.Entry{}, err
	}
	if err := d.spend(r); err != nil {
		return nip17.Entry{}, err
	}
	e, err := d.Store.Add(o.Secret, who.Pubkey, o.Since)
	if err == nil && announced != nil {
		_, err = d.Store.Announced(who.Pubkey, encryptionKey(announced), announced.CreatedAt.Time())
	}
	return e, err
}

func (d *Desk) addRemote(who Caller, connection []byte, since time.Time, r *Record) (nip17.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if until, ok := d.forgotten[who.Pubkey]; ok && !r.At.After(until) {
		return nip17.Entry{}, orders.Errorf(orders.EFORBIDDEN, "its owner has asked to be forgotten meanwhile")
	}
	if err := d.free(who.Pubkey, who); err != nil {
		return nip17.Entry{}, err
	}
	if err := d.spend(r); err != nil {
		return nip17.Entry{}, err
	}
	return d.Store.AddRemote(who.Pubkey, connection, since)
}

// free reports, as an error, that key cannot be stored for who. The caller holds mu.
func (d *Desk) free(key string, who Caller) error {
	owner := who.Pubkey
	if key == d.Self {
		return orders.Errorf(orders.ECONFLICT, "this is the relay's own key")
	}
	if d.configured(key) {
		return orders.Errorf(orders.ECONFLICT, "this key stands in the relay's configuration, where only its operator changes it")
	}
	entries, err := d.Store.List()
	if err != nil {
		return err
	}
	others, owners := 0, map[string]bool{}
	for _, e := range entries {
		owners[e.Owner] = true
		switch {
		case e.Pubkey == key && e.Owner != owner:
			return orders.Errorf(orders.ECONFLICT, "this key reads for somebody else already")
		case e.Owner == owner && e.Pubkey != key:
			others++
		}
	}
	if others >= maxKeys {
		return orders.Errorf(orders.ECONFLICT, "%d keys of yours are here already: revoke one first", maxKeys)
	}
	if who.Door != DoorShell && d.Max > 0 && !owners[owner] && len(owners) >= d.Max {
		return orders.Errorf(orders.ECONFLICT, "this relay keeps keys of %d participants and takes no more: ask its operator", d.Max)
	}
	return nil
}

// configured reports whether a key is held that is not the store's.
func (d *Desk) configured(key string) bool {
	if d.Keyring == nil {
		return false
	}
	_, held := d.Keyring.Lookup(key)
	return held && !d.Store.Held(d.Keyring, key)
}

func (d *Desk) changed() error {
	if d.Changed == nil {
		return nil
	}
	return d.Changed()
}
