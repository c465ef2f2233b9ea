package client

import (
	"context"
	"encoding/json"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip13"

	"github.com/waybill-relay/waybill/orders"
)

// Announce publishes the caller's list of relays for private messages (NIP-17,
// kind 10050), to each of them. EUNAVAILABLE where one does not take it.
func Announce(ctx context.Context, me orders.Signer, relays []string) error {
	evt := nostr.Event{Kind: nostr.KindDMRelayList, Tags: nostr.Tags{}}
	for _, url := range relays {
		evt.Tags = append(evt.Tags, nostr.Tag{"relay", url})
	}
	return publishOpenly(ctx, me, evt, relays)
}

// Introduce publishes the caller's name for people (NIP-01, kind 0) to each relay.
// EUNAVAILABLE where one does not take it.
func Introduce(ctx context.Context, me orders.Signer, name string, relays []string) error {
	content, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return err
	}
	return publishOpenly(ctx, me, nostr.Event{Kind: nostr.KindProfileMetadata, Tags: nostr.Tags{}, Content: string(content)}, relays)
}

// publishOpenly signs an event that is for everybody, and publishes it to each relay.
func publishOpenly(ctx context.Context, me orders.Signer, evt nostr.Event, relays []string) error {
	evt.CreatedAt = nostr.Now()
	if bits := work(ctx, relays); bits > 0 {
		evt.PubKey = me.PublicKey()
		nonce, err := nip13.DoWork(ctx, evt, bits)
		if err != nil {
			return orders.Errorf(orders.EUNAVAILABLE, "the work that the relay asks for was not done in time: %w", err)
		}
		evt.Tags = append(evt.Tags, nonce)
	}
	if err := me.Sign(ctx, &evt); err != nil {
		return orders.Errorf(orders.EINVALID, "an event of kind %d cannot be signed: %w", evt.Kind, err)
	}
	for _, url := range relays {
		if err := publishTo(ctx, me, url, []nostr.Event{evt}, []bool{false}); err != nil {
			return orders.Errorf(orders.EUNAVAILABLE, "%s did not take an event of kind %d: %w", url, evt.Kind, err)
		}
	}
	return nil
}
