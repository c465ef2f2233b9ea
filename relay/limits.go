package relay

import (
	"context"
	"strconv"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip13"

	"github.com/waybill-relay/waybill/relay/wire"
)

// Limits is what one client may cost the others. They may change while the relay
// runs (SetLimits).
type Limits struct {
	Wire              wire.Limits // of connections and messages; what is 0 is as wire.Defaults has it
	WrapsPerRecipient int         // gift wraps for one recipient in an hour; 0: no limit
	AuthToWrite       bool        // events are taken from authenticated clients only (NIP-42)
	MinPoW            int         // leading zero bits that the id of an event needs (NIP-13)
}

// SetLimits changes the limits. What is open stays open.
func (r *Relay) SetLimits(l Limits) {
	l.Wire = l.Wire.Filled()
	r.limits.Store(&l)
	r.wraps.setPerHour(l.WrapsPerRecipient)
	if listener := r.listener.Load(); listener != nil {
		listener.SetLimits(l.Wire)
	}
}

// unwelcome is why no event is taken from this client, whatever it is, or none
// with so little work in it; "" where it may come in.
func (r *Relay) unwelcome(ctx context.Context, evt *nostr.Event) string {
	limits := r.limits.Load()
	switch {
	case limits.AuthToWrite && r.reader(ctx) == "":
		return "auth-required: this relay takes events from authenticated clients only"
	case limits.MinPoW > 0 && !enoughWork(evt, limits.MinPoW):
		return "pow: this relay asks for " + strconv.Itoa(limits.MinPoW) + " bits of work (NIP-13)"
	}
	return ""
}

// enoughWork goes by the work that its author meant to do: an id may begin with zeros
// by luck.
func enoughWork(evt *nostr.Event, bits int) bool { return nip13.CommittedDifficulty(evt) >= bits }

// crowded is why a gift wrap for these recipients is not taken now, or "". It is
// the last question about an event: what it counts is on its way to the disk.
func (r *Relay) crowded(to []string, now time.Time) string {
	for _, recipient := range to {
		if !r.wraps.admit(recipient, now) {
			return "rate-limited: too many messages for this recipient, try again later"
		}
	}
	return ""
}
