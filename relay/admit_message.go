package relay

import (
	"context"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

const (
	// maxWrapTags bounds what stands around a wrap's content, in bytes: a p tag, a
	// relay hint, an expiration.
	maxWrapTags = 4 << 10
	// maxPublicRecipients bounds how many are asked about; an order message names one.
	maxPublicRecipients = 4
)

// messageRefusal is why a message is not taken, or "": it has the form of its
// kind, and is for a participant, or by one where that shows.
func (r *Relay) messageRefusal(ctx context.Context, evt *nostr.Event, now time.Time) string {
	to := recipients(evt)
	if reason := r.misshapen(evt, to); reason != "" {
		return reason
	}
	if slices.ContainsFunc(to, func(p string) bool { return !nostr.IsValid32ByteHex(p) }) {
		return "invalid: the recipient must be lower-case hex"
	}
	takes, err := r.takes(ctx, evt, to)
	switch {
	case err != nil:
		return r.unanswered(ctx, err)
	case takes:
	case !r.cfg.Anyone && evt.Kind == nostr.KindGiftWrap:
		return "restricted: this relay takes gift wraps for its participants only"
	case !r.cfg.Anyone:
		return "restricted: this relay takes messages of its participants only"
	// What is public lies in nobody's inbox.
	case evt.Kind == nostr.KindGiftWrap || evt.Kind == nostr.KindEncryptedDirectMessage:
		if reason := r.overQuota(ctx, to); reason != "" {
			return reason
		}
	}
	return r.crowded(to, now)
}

// misshapen is why a message with these recipients is none of its kind, or too
// large, or "".
func (r *Relay) misshapen(evt *nostr.Event, to []string) string {
	switch {
	case evt.Kind == nostr.KindGiftWrap:
		if len(evt.Content) > nip17.MaxContent || weight(evt)-len(evt.Content) > maxWrapTags {
			return "invalid: the gift wrap is too large"
		}
		if len(to) == 0 || len(to) > 2 {
			return "invalid: a gift wrap has one recipient"
		}
		// What only the relay's own key opens would be kept, in somebody else's inbox.
		if len(to) == 2 && slices.Contains(to, r.cfg.Self) {
			return "invalid: a copy for the relay is a gift wrap of its own"
		}
	case weight(evt) > nip17.MaxContent || len(to) > maxPublicRecipients:
		return "invalid: the message is too large"
	case evt.Kind == nostr.KindEncryptedDirectMessage:
		if len(to) != 1 {
			return "invalid: a direct message has one recipient"
		}
		// It would be kept as it came, and the key that opens it is this process's own.
		if to[0] == r.cfg.Self {
			return "blocked: write to the relay by gift wrap (NIP-17)"
		}
	}
	return ""
}

// takes reports whether a message is one of the participants'. A private one is for
// its recipient to take: anybody can publish a kind 10050, and with one of his own
// would write into every inbox. But a direct message opens with its author's key,
// too, where that was handed over here.
func (r *Relay) takes(ctx context.Context, evt *nostr.Event, to []string) (bool, error) {
	switch evt.Kind {
	case nostr.KindGiftWrap:
		return r.takesFor(ctx, to)
	case nostr.KindEncryptedDirectMessage:
		takes, err := r.takesFor(ctx, to)
		return takes || r.keyring.Holds(evt.PubKey), err
	}
	takes, err := r.takesFor(ctx, append([]string{evt.PubKey}, to...))
	if err != nil || takes {
		return takes, err
	}
	return r.continues(ctx, evt)
}

// continues reports whether a public message goes on with an order of which its
// author has spoken here in the open: a part of its price may be paid to somebody
// who takes no part. What is known from wraps must not count: the answer would tell
// whose can be opened.
func (r *Relay) continues(ctx context.Context, evt *nostr.Event) (bool, error) {
	id := evt.Tags.Find("order")
	if len(id) < 2 || id[1] == "" {
		return false, nil
	}
	return r.ledger.SaidInPublic(ctx, evt.PubKey, orders.EscapeID(id[1]))
}

// weight is about how many bytes the event is.
func weight(evt *nostr.Event) int {
	n := len(evt.Content)
	for _, tag := range evt.Tags {
		for _, v := range tag {
			n += len(v) + 3
		}
	}
	return n
}

// recipients are the keys in the p tags.
func recipients(evt *nostr.Event) (keys []string) {
	for _, tag := range evt.Tags {
		if len(tag) >= 2 && tag[0] == "p" {
			keys = append(keys, tag[1])
		}
	}
	return keys
}

// takesFor reports whether one of the keys takes part here: enrolled, the relay
// itself, or with this relay in its kind 10050.
func (r *Relay) takesFor(ctx context.Context, keys []string) (bool, error) {
	r.decoder.followKeys() // by a command beside the relay a key may just have come
	for _, key := range keys {
		if key == r.cfg.Self || r.keyring.Holds(key) {
			return true, nil
		}
	}
	for _, key := range keys {
		relays, err := r.ledger.RelaysOf(ctx, key)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(relays, r.isOurs) {
			return true, nil
		}
	}
	return false, nil
}

// overQuota looks into every inbox that the wrap would lie in: else a key that is
// nobody's, named first, would open all others.
func (r *Relay) overQuota(ctx context.Context, to []string) string {
	for _, recipient := range to {
		n, err := r.ledger.InboxCount(ctx, recipient, r.cfg.InboxQuota)
		switch {
		case err != nil:
			return r.unanswered(ctx, err)
		case n >= r.cfg.InboxQuota:
			return "restricted: this recipient's inbox is full"
		}
	}
	return ""
}

// unanswered is why an event is not taken where the ledger could not be asked; that
// its client has gone meanwhile is no fault of the ledger's.
func (r *Relay) unanswered(ctx context.Context, err error) string {
	if ctx.Err() == nil {
		r.log.Error().Err(err).Msg("the ledger does not answer")
	}
	return "error: try again later"
}
