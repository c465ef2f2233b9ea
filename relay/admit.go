package relay

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip40"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// maxAhead is how far in the future an event may be dated: clocks differ.
const maxAhead = 15 * time.Minute

// rejectEvent judges the outer event, and nothing but the outer event: what it
// says must not depend on what is inside a wrap, nor on which keys are held.
// khatru has checked id and signature.
func (r *Relay) rejectEvent(ctx context.Context, evt *nostr.Event) (reject bool, reason string) {
	// Judging asks the ledger, which is closed once everybody has left.
	if !r.accepting.enter() {
		return true, shuttingDown
	}
	defer r.accepting.leave()
	if !guard(r.log, "reject", func() { reason = r.refusal(ctx, evt, time.Now()) }) {
		reason = "error: this event could not be judged"
	}
	if reason != "" {
		r.cfg.Meter.Event(class(evt.Kind), prefix(reason))
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
	case r.isKeyTransfer(evt):
		if reason := r.keyTransferRefusal(ctx, evt); reason != "" {
			return reason
		}
	case evt.Kind == ledger.KindVanish:
		if !r.concerns(evt) {
			return "blocked: this request to vanish names other relays"
		}
	case slices.Contains(unsealedKinds, evt.Kind):
		return "blocked: kind " + strconv.Itoa(evt.Kind) + " is private: seal and wrap it (NIP-59)"
	case !r.kinds[evt.Kind] && r.cfg.PublicOrders && weight(evt) > nip17.MaxContent:
		return "invalid: the message is too large"
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
	// The size first: the dialects parse the content.
	return r.cfg.PublicOrders && weight(evt) <= nip17.MaxContent && r.decoder.dialect.IsPublicOrder(evt)
}

// concerns reports whether a request to vanish (NIP-62) is meant for this relay.
func (r *Relay) concerns(evt *nostr.Event) bool {
	return slices.ContainsFunc(evt.Tags, func(tag nostr.Tag) bool {
		return len(tag) >= 2 && tag[0] == "relay" && (tag[1] == "ALL_RELAYS" || r.isOurs(tag[1]))
	})
}

// malformed catches what makes khatru panic (["d"]) and what no filter could match.
func malformed(tag nostr.Tag) bool {
	return len(tag) == 0 || len(tag) == 1 && (tag[0] == "d" || tag[0] == "p" || tag[0] == "e" || tag[0] == "a")
}

func expired(evt *nostr.Event, now time.Time) bool {
	at := nip40.GetExpiration(evt.Tags)
	return at != -1 && at.Time().Before(now)
}
