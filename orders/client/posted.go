package client

import (
	"context"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// Posted makes of a draft the event that its author posts to a relay's HTTP API,
// signed, and with what is private sealed to both parties and to whoever is named
// besides (hex): the admins, of what is said in a dispute. self is the relay's own
// public key. EINVALID: the draft has no such form, or cannot be signed.
func Posted(ctx context.Context, me orders.Signer, d orders.Draft, self string, besides ...string) (nostr.Event, error) {
	evt, err := dialect.ComposePosted(me.PublicKey(), d, self)
	if err != nil {
		return evt, err
	}
	if evt.CreatedAt == 0 {
		evt.CreatedAt = nostr.Now()
	}
	payloads := map[string]string{}
	if len(d.Private.Carries()) > 0 {
		for _, reader := range append([]string{me.PublicKey(), d.To, d.Buyer, d.Seller}, besides...) {
			if reader == "" || payloads[reader] != "" {
				continue
			}
			if payloads[reader], err = me.Encrypt(ctx, reader, string(d.Private.JSON())); err != nil {
				return evt, orders.Errorf(orders.EINVALID, "the message cannot be sealed: %w", err)
			}
		}
	}
	dialect.Seal(&evt, d.Private, payloads)
	if err := me.Sign(ctx, &evt); err != nil {
		return evt, orders.Errorf(orders.EINVALID, "the message cannot be signed: %w", err)
	}
	return evt, nil
}
