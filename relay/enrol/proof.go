package enrol

import (
	"context"
	"errors"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// KindEncryptionKey is the event by which a person announces the key to which to
// encrypt messages for them: tag n (NIP-4e, and the page to be of NIP-17).
const KindEncryptionKey = 10044

// prove finds the signed word of the caller that key (hex) is theirs to read with:
// the announcement that came with it, or the one in the ledger. It returns the
// newest, which may name another key: then this one is retired. The operator at the
// shell vouches for what he adds.
func (d *Desk) prove(ctx context.Context, who Caller, key string, given *nostr.Event) (newest *nostr.Event, err error) {
	if given != nil {
		if err := announces(given, who.Pubkey); err != nil {
			return nil, err
		}
	}
	if d.Ledger != nil {
		if newest, err = d.Ledger.Announced(ctx, who.Pubkey); err != nil {
			return nil, err
		}
	}
	proven := given != nil && encryptionKey(given) == key || newest != nil && encryptionKey(newest) == key || who.Door == DoorShell
	if !proven {
		return nil, orders.Errorf(orders.EFORBIDDEN,
			"nothing shows that this key is yours: hand over your identity's own, or announce this one first (a kind %d event of yours with the tag n)", KindEncryptionKey)
	}
	if given != nil && (newest == nil || given.CreatedAt > newest.CreatedAt) {
		newest = given
		if d.Ledger != nil {
			err = d.Ledger.Announce(ctx, given)
		}
	}
	return newest, err
}

// announces checks that evt is owner's signed announcement of an encryption key.
func announces(evt *nostr.Event, owner string) error {
	if evt.Kind != KindEncryptionKey || evt.PubKey != owner || encryptionKey(evt) == "" {
		return orders.Errorf(orders.EINVALID, "the announcement must be a kind %d event of yours that names the key in a tag n", KindEncryptionKey)
	}
	if !nostr.IsValid32ByteHex(evt.ID) || !evt.CheckID() {
		return orders.Errorf(orders.EINVALID, "the announcement's id is not its hash")
	}
	if ok, err := evt.CheckSignature(); err != nil || !ok {
		return orders.Errorf(orders.EINVALID, "the announcement's signature does not verify")
	}
	return nil
}

// encryptionKey is the key (hex) that a kind 10044 names, "" for none.
func encryptionKey(evt *nostr.Event) string {
	if n := evt.Tags.Find("n"); n != nil && nip17.ValidPublicKey(n[1]) {
		return n[1]
	}
	return ""
}

// Announced follows a kind 10044 that was published: another key of its author that
// is kept here is retired from then on.
// Who changes his mind all the time is followed now and then: of his keys any is tried.
func (d *Desk) Announced(evt *nostr.Event) error {
	if !d.keeps(evt.PubKey) || !d.announced.admit(evt.PubKey, true, 1, time.Now()) {
		return nil
	}
	changed, err := d.Store.Announced(evt.PubKey, encryptionKey(evt), evt.CreatedAt.Time())
	if err != nil || !changed {
		return err
	}
	r := Record{At: time.Now().UTC(), Door: DoorSocket, Caller: evt.PubKey, Action: "announce", Outcome: Done, Key: encryptionKey(evt), Way: nip17.WayEncryption}
	return errors.Join(d.Audit.write(r), d.changed())
}
