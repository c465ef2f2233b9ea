package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// refusalWords says why an envelope was not opened.
func refusalWords(err error) string {
	if errors.Is(err, nip17.ErrNotForUs) {
		return "no key that could open it is held here: --key, or a delegated key, of its recipient is needed"
	}
	return err.Error()
}

func (e *Explanation) step(what, found string) { e.Envelope = append(e.Envelope, Step{what, found}) }

// unwrap opens the envelope, whatever it is.
func (x *Explainer) unwrap(ctx context.Context, e *Explanation, evt *nostr.Event, at int64) (m dialect.Message, err error) {
	m = dialect.Message{Relay: x.Self, ReceivedAt: at}
	switch {
	case evt.Kind == nostr.KindGiftWrap || evt.Kind == nostr.KindEncryptedDirectMessage && evt.Sig != "":
		err = x.open(ctx, e, evt, &m)
	case evt.Sig != "":
		err = x.public(e, evt, &m)
	default:
		err = x.rumor(e, evt, &m)
	}
	if err != nil {
		return m, err
	}
	e.step("author", orders.Npub(m.Rumor.PubKey))
	e.step("written", time.Unix(int64(m.Rumor.CreatedAt), 0).UTC().Format(time.RFC3339))
	return m, nil
}

// open opens a gift wrap or a direct message. What can be told of it without its
// key is told first.
func (x *Explainer) open(ctx context.Context, e *Explanation, evt *nostr.Event, m *dialect.Message) error {
	open, name := nip17.Open, "a gift wrap (kind 1059, NIP-59)"
	if evt.Kind == nostr.KindEncryptedDirectMessage {
		open, name = nip17.OpenDirect, "a direct message (kind 4, NIP-04)"
	}
	e.step("envelope", name)
	x.taken(e, evt)
	for _, to := range recipients(evt) {
		e.step("addressed to", orders.Npub(to))
	}
	e.signature(evt)
	options := []nip17.Option{nip17.Clock(func() time.Time { return time.UnixMilli(m.ReceivedAt) })}
	if x.Local {
		options = append(options, nip17.Local())
	}
	msg, err := open(ctx, evt, x.Keyring, options...)
	if err != nil {
		return err
	}
	e.step("opened with", "the key of "+orders.Npub(msg.Key))
	if msg.Key != msg.Owner {
		e.step("which reads for", orders.Npub(msg.Owner))
	}
	e.step("signed by", orders.Npub(msg.Seal.PubKey))
	for _, flag := range msg.Flags {
		e.step("let pass", string(flag))
	}
	m.Rumor, m.Owner, m.Transport = msg.Rumor, msg.Owner, orders.ByWrap
	return nil
}

func (x *Explainer) public(e *Explanation, evt *nostr.Event, m *dialect.Message) error {
	m.Transport = orders.ByPublic
	if dialect.IsPosted(evt) {
		m.Transport = orders.ByAPI
		e.step("envelope", "none: a signed event, as it is posted to the API; what is private in it its author has sealed")
	} else {
		e.step("envelope", "none: a signed event, as it is published in the open")
		x.taken(e, evt)
	}
	if !e.signature(evt) {
		return nip17.ErrWrapSignature
	}
	m.Rumor = *evt
	return nil
}

// taken tells where this relay takes no message of that kind.
func (x *Explainer) taken(e *Explanation, evt *nostr.Event) {
	switch {
	case evt.Kind == nostr.KindGiftWrap:
	case evt.Kind == nostr.KindEncryptedDirectMessage:
		if !x.DirectMessages {
			e.step("taken here", "no: dialects.nip04 is off")
		}
	case slices.Contains(unsealedKinds, evt.Kind):
		e.step("taken here", "no: its kind is private, and belongs into a gift wrap (NIP-59)")
	case !x.PublicOrders:
		e.step("taken here", "no: dialects.public_orders is off")
	}
}

func (x *Explainer) rumor(e *Explanation, evt *nostr.Event, m *dialect.Message) error {
	e.step("envelope", "none: a rumor. Nobody has signed it; its author is believed here, and would not be by the relay")
	m.Rumor, m.Transport, m.Owner = *evt, orders.ByWrap, evt.PubKey
	switch {
	case m.Rumor.ID == "":
		m.Rumor.ID = m.Rumor.GetID()
		e.step("let pass", string(nip17.FlagNoRumorID))
	case !m.Rumor.CheckID():
		return nip17.ErrRumorID
	}
	if to := recipients(evt); len(to) > 0 {
		m.Owner = to[0]
	}
	if m.Owner != "" {
		e.step("taken to land with", orders.Npub(m.Owner))
	}
	return nil
}

// signature tells, and reports, whether the event is its author's.
func (e *Explanation) signature(evt *nostr.Event) bool {
	found := "not good"
	sound, err := evt.CheckSignature()
	if sound = sound && err == nil && evt.CheckID(); sound {
		found = "good"
	}
	e.step("id and signature", found)
	return sound
}
