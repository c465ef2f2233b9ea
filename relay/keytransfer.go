package relay

import (
	"context"
	"errors"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// kindKeyTransfer is the event by which a device hands an encryption key to another
// (NIP-4e): here to the relay, whose key stands in its p tag.
const kindKeyTransfer = 4455

const (
	// maxKeyTransfer is more than a key or a bunker:// URL needs, encrypted.
	maxKeyTransfer = 16 << 10
	// keyTransferAge is how far its date may be off: it is meant for now.
	keyTransferAge = 10 * time.Minute
)

// isKeyTransfer reports whether the event hands the relay a key. It goes to the desk
// and nowhere else: it is neither stored nor shown to anybody.
func (r *Relay) isKeyTransfer(evt *nostr.Event) bool {
	if evt.Kind != kindKeyTransfer || r.cfg.KeyTransfer == nil {
		return false
	}
	to := recipients(evt)
	return len(to) == 1 && to[0] == r.cfg.Self
}

// keyTransferRefusal is why it is not taken, or "". A signature alone is not enough:
// whoever gets hold of the event could hand it in.
func (r *Relay) keyTransferRefusal(ctx context.Context, evt *nostr.Event) string {
	if r.reader(ctx) != evt.PubKey {
		return "auth-required: authenticate (NIP-42) as the author of this event"
	}
	if weight(evt) > maxKeyTransfer {
		return "invalid: the event is too large"
	}
	if age := r.clock.now().Sub(evt.CreatedAt.Time()); age.Abs() > keyTransferAge {
		return "invalid: created_at is not now"
	}
	return ""
}

// okReason is an error's sentence with the prefix of NIP-01 that its code has.
func okReason(err error) string {
	var e *orders.Error
	if !errors.As(err, &e) {
		return "error: this could not be done, try again later"
	}
	prefix := map[orders.Code]string{
		orders.EINVALID: "invalid: ", orders.ENOTFOUND: "blocked: ", orders.EFORBIDDEN: "restricted: ", orders.ECONFLICT: "blocked: ",
	}[e.Code]
	if prefix == "" {
		prefix = "error: "
	}
	return prefix + e.Message
}
