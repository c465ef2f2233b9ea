// Package client is a participant's side of Waybill: it composes order messages,
// wraps them with the participant's own signer (NIP-59) and publishes them, as
// any NIP-17 client would. The daemon does not use it.
package client

import (
	"context"
	"errors"
	"slices"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// Client publishes order messages to relays. It implements orders.Sender.
type Client struct {
	Relays []string // ws:// or wss:// URLs; a message is sent once one of them took it
	Self   string   // the Waybill relay's own public key (hex), for rulings and copies
	Copy   bool     // copy the relay in: one more wrap, to Self
}

var _ orders.Sender = (*Client)(nil)

// Send composes, wraps and publishes one message. EINVALID: the draft has no
// form on the wire. EUNAVAILABLE: no relay took any of the wraps.
func (c *Client) Send(ctx context.Context, from orders.Signer, d orders.Draft) (orders.Sent, error) {
	rumor, err := dialect.Compose(from.PublicKey(), d, c.Self)
	if err != nil {
		return orders.Sent{}, orders.Errorf(orders.EINVALID, "this message cannot be written: %w", err)
	}
	if rumor.CreatedAt == 0 {
		rumor.CreatedAt = nostr.Now()
	}
	return c.Publish(ctx, from, rumor, orders.EscapeID(d.OrderID))
}

// Publish wraps a rumor for everybody in its p tags, for its author and, with
// Copy, for the relay, and publishes the wraps. intentID goes into the answer.
func (c *Client) Publish(ctx context.Context, from orders.Signer, rumor nostr.Event, intentID string) (orders.Sent, error) {
	var readers []string
	for _, tag := range rumor.Tags {
		if len(tag) >= 2 && tag[0] == "p" {
			readers = append(readers, tag[1])
		}
	}
	if c.Copy && c.Self != "" && !slices.Contains(readers, c.Self) {
		readers = append(readers, c.Self)
	}
	wraps, err := nip17.Wrap(ctx, from, rumor, readers, nip17.Work(work(ctx, c.Relays)))
	if err != nil {
		return orders.Sent{}, orders.Errorf(orders.EINVALID, "this message cannot be wrapped: %w", err)
	}
	rumor.PubKey = from.PublicKey()
	sent := orders.Sent{IntentID: intentID, RumorID: rumor.GetID()}
	for _, w := range wraps {
		sent.Wraps = append(sent.Wraps, w.ID)
	}
	return c.publishAll(ctx, from, sent, wraps)
}

// publishAll gives every wrap to every relay. It fails where none was taken: a
// relay may well refuse the wrap for somebody who is no participant of its own
// and take the sender's own copy, which is what it tracks the order by.
func (c *Client) publishAll(ctx context.Context, from orders.Signer, sent orders.Sent, wraps []nostr.Event) (orders.Sent, error) {
	taken := make([]bool, len(wraps))
	var failed []error
	for _, url := range c.Relays {
		if err := publishTo(ctx, from, url, wraps, taken); err != nil {
			failed = append(failed, err)
		}
	}
	if !slices.Contains(taken, true) {
		return sent, orders.Errorf(orders.EUNAVAILABLE, "no relay took the message: %w", errors.Join(failed...))
	}
	for i, ok := range taken {
		if !ok {
			sent.Missed = append(sent.Missed, wraps[i].Tags[0][1])
		}
	}
	return sent, nil
}
