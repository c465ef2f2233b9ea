package relay

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip40"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

const (
	// maxAhead is how far in the future an event may be dated: clocks differ.
	maxAhead = 15 * time.Minute
	// maxWrapTags bounds what stands around a wrap's content, in bytes: a p tag, a
	// relay hint, an expiration.
	maxWrapTags = 4 << 10
)

// rejectEvent judges the outer event, and nothing but the outer event: what it
// says must not depend on what is inside a wrap, nor on which keys are held.
// khatru has checked id and signature.
func (r *Relay) rejectEvent(ctx context.Context, evt *nostr.Event) (reject bool, reason string) {
	if !guard(r.log, "reject", func() { reason = r.refusal(ctx, evt, time.Now()) }) {
		return true, "error: this event could not be judged"
	}
	return reason != "", reason
}

// refusal is why an event is not taken, with a NIP-01 prefix; "" takes it.
func (r *Relay) refusal(ctx context.Context, evt *nostr.Event, now time.Time) string {
	if reason := r.unwelcome(ctx, evt); reason != "" {
		return reason
	}
	message := r.isMessage(evt)
	switch {
	case message:
	case evt.Kind == ledger.KindVanish:
		if !r.concerns(evt) {
			return "blocked: this request to vanish names other relays"
		}
	case slices.Contains(unsealedKinds, evt.Kind):
		return "blocked: kind " + strconv.Itoa(evt.Kind) + " is private: seal and wrap it (NIP-59)"
	case !r.kinds[evt.Kind]:
		return "blocked: this relay does not take kind " + strconv.Itoa(evt.Kind)
	}
	switch {
	case !nostr.IsValid32ByteHex(evt.PubKey) || !nostr.IsValid32ByteHex(evt.ID):
		return "invalid: id and pubkey must be lower-case hex"
	case slices.ContainsFunc(evt.Tags, malformed):
		return "invalid: a tag is empty or lacks its value"
	// By the clock of arrivals: where the system's is behind, the sender's may be right.
	case evt.CreatedAt < 0 || evt.CreatedAt.Time().After(r.clock.now().Add(maxAhead)):
		return "invalid: created_at is in the future, or before 1970"
	case expired(evt, now):
		return "invalid: the event has expired"
	}
	if message {
		return r.messageRefusal(ctx, evt, now)
	}
	return ""
}

// unsealedKinds belong inside a gift wrap.
var unsealedKinds = []int{nostr.KindEncryptedDirectMessage, nostr.KindSeal, nostr.KindDirectMessage, kindFileMessage}

// isMessage reports whether the event goes through the inbox: a gift wrap, and
// where the operator takes them, a NIP-04 message and a public order message.
func (r *Relay) isMessage(evt *nostr.Event) bool {
	switch evt.Kind {
	case nostr.KindGiftWrap:
		return true
	case nostr.KindEncryptedDirectMessage:
		return r.cfg.DirectMessages
	}
	return r.cfg.PublicOrders && r.decoder.dialect.IsPublicOrder(evt)
}

// messageRefusal is why a message is not taken, or "": it is for a participant, or
// by one where that shows, and not too large.
func (r *Relay) messageRefusal(ctx context.Context, evt *nostr.Event, now time.Time) string {
	switch evt.Kind {
	case nostr.KindGiftWrap:
		return r.wrapRefusal(ctx, evt, now)
	case nostr.KindEncryptedDirectMessage:
		if len(recipients(evt)) != 1 {
			return "invalid: a direct message has one recipient"
		}
	}
	to := recipients(evt)
	if weight(evt) > nip17.MaxContent || len(to) > maxPublicRecipients {
		return "invalid: the message is too large"
	}
	if slices.ContainsFunc(to, func(p string) bool { return !nostr.IsValid32ByteHex(p) }) {
		return "invalid: the recipient must be lower-case hex"
	}
	takes, err := r.takesFor(ctx, append([]string{evt.PubKey}, to...))
	if err == nil && !takes {
		takes, err = r.continues(ctx, evt)
	}
	switch {
	case err != nil:
		r.log.Error().Err(err).Msg("the ledger does not answer")
		return "error: try again later"
	case !takes && !r.cfg.Anyone:
		return "restricted: this relay takes messages of its participants only"
	case !takes && evt.Kind == nostr.KindEncryptedDirectMessage:
		if reason := r.overQuota(ctx, to); reason != "" {
			return reason
		}
	}
	return r.crowded(to, now)
}

// continues reports whether a public message goes on with an order of its author's
// that is known here: a part of its price may be paid to somebody who takes no part.
func (r *Relay) continues(ctx context.Context, evt *nostr.Event) (bool, error) {
	id := evt.Tags.Find("order")
	if evt.Kind == nostr.KindEncryptedDirectMessage || len(id) < 2 || id[1] == "" {
		return false, nil
	}
	known, err := r.ledger.Sharing(ctx, evt.PubKey, orders.EscapeID(id[1]))
	return len(known) > 0, err
}

// maxPublicRecipients bounds how many are asked about; an order message names one.
const maxPublicRecipients = 4

// concerns reports whether a request to vanish (NIP-62) is meant for this relay.
func (r *Relay) concerns(evt *nostr.Event) bool {
	return slices.ContainsFunc(evt.Tags, func(tag nostr.Tag) bool {
		return len(tag) >= 2 && tag[0] == "relay" && (tag[1] == "ALL_RELAYS" || r.isOurs(tag[1]))
	})
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

// malformed catches what makes khatru panic (["d"]) and what no filter could match.
func malformed(tag nostr.Tag) bool {
	return len(tag) == 0 || len(tag) == 1 && (tag[0] == "d" || tag[0] == "p" || tag[0] == "e" || tag[0] == "a")
}

func expired(evt *nostr.Event, now time.Time) bool {
	at := nip40.GetExpiration(evt.Tags)
	return at != -1 && at.Time().Before(now)
}

func (r *Relay) wrapRefusal(ctx context.Context, evt *nostr.Event, now time.Time) string {
	if len(evt.Content) > nip17.MaxContent || weight(evt)-len(evt.Content) > maxWrapTags {
		return "invalid: the gift wrap is too large"
	}
	to := recipients(evt)
	if len(to) == 0 || len(to) > 2 {
		return "invalid: a gift wrap has one recipient"
	}
	if slices.ContainsFunc(to, func(p string) bool { return !nostr.IsValid32ByteHex(p) }) {
		return "invalid: the recipient must be lower-case hex"
	}
	takes, err := r.takesFor(ctx, to)
	switch {
	case err != nil:
		r.log.Error().Err(err).Msg("the ledger does not answer")
		return "error: try again later"
	case !takes && !r.cfg.Anyone:
		return "restricted: this relay takes gift wraps for its participants only"
	case !takes:
		if reason := r.overQuota(ctx, to); reason != "" {
			return reason
		}
	}
	return r.crowded(to, now)
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

// isOurs reports whether the URL is one of the relay's public ones.
func (r *Relay) isOurs(relay string) bool {
	return slices.Contains(r.urls, strings.ToLower(nostr.NormalizeURL(relay)))
}

// overQuota looks into every inbox that the wrap would lie in: else a key that is
// nobody's, named first, would open all others.
func (r *Relay) overQuota(ctx context.Context, to []string) string {
	for _, recipient := range to {
		n, err := r.ledger.InboxCount(ctx, recipient, r.cfg.InboxQuota)
		switch {
		case err != nil:
			r.log.Error().Err(err).Msg("the ledger does not answer")
			return "error: try again later"
		case n >= r.cfg.InboxQuota:
			return "restricted: this recipient's inbox is full"
		}
	}
	return ""
}
