package client

import (
	"context"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip13"

	"github.com/waybill-relay/waybill/orders"
)

// Announce publishes the caller's list of relays for private messages (NIP-17,
// kind 10050), to each of them. EUNAVAILABLE where one does not take it.
func Announce(ctx context.Context, me orders.Signer, relays []string) error {
	evt := nostr.Event{Kind: nostr.KindDMRelayList, CreatedAt: nostr.Now(), Tags: nostr.Tags{}}
	for _, url := range relays {
		evt.Tags = append(evt.Tags, nostr.Tag{"relay", url})
	}
	if bits := work(ctx, relays); bits > 0 {
		evt.PubKey = me.PublicKey()
		nonce, err := nip13.DoWork(ctx, evt, bits)
		if err != nil {
			return orders.Errorf(orders.EUNAVAILABLE, "the work that the relay asks for was not done in time: %w", err)
		}
		evt.Tags = append(evt.Tags, nonce)
	}
	if err := me.Sign(ctx, &evt); err != nil {
		return orders.Errorf(orders.EINVALID, "the list of relays cannot be signed: %w", err)
	}
	for _, url := range relays {
		if err := publishTo(ctx, me, url, []nostr.Event{evt}, []bool{false}); err != nil {
			return orders.Errorf(orders.EUNAVAILABLE, "%s did not take the list of relays: %w", url, err)
		}
	}
	return nil
}
