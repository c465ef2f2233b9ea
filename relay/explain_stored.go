package relay

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// ExplainStored is Explain for a message of the inbox. Where it cannot be opened (any
// more), or is not here, it is explained from what was read in it.
func (x *Explainer) ExplainStored(ctx context.Context, m ledger.Message) (*Explanation, error) {
	e := &Explanation{}
	if m.Event != nil {
		var err error
		if e, err = x.explainEvent(ctx, m.Event, m.ReceivedAt); err != nil {
			return nil, err
		}
	}
	steps := e.Envelope
	e.Envelope = nil
	e.step("message", MessageID(m.Seq))
	e.step("arrived", time.UnixMilli(m.ReceivedAt).UTC().Format(time.RFC3339))
	e.step("in the inbox of", orders.Npub(m.Recipient))
	state := string(m.State)
	if m.Reason != "" {
		state += " (" + m.Reason + ")"
	}
	e.step("state", state)
	if m.Event == nil {
		e.step("its event", "is not here: "+m.Gone)
	}
	e.Envelope = append(e.Envelope, steps...)
	switch {
	case m.Event != nil && !e.Unread:
		return e, nil
	case len(m.Facts) == 0:
		if m.Event == nil {
			e.Unread, e.Refused, e.Why = true, m.Gone, goneWords(m)
		}
		return e, nil
	}
	if e.Unread {
		e.step("not opened", e.Why)
		e.step("read", "when it was opened, before: what follows was written down then")
	}
	e.Unread, e.Refused, e.Why = false, "", ""
	e.Facts = m.Facts
	return e, x.fold(ctx, e)
}

func goneWords(m ledger.Message) string {
	if m.State == ledger.Opened {
		return "it said nothing about an order, and is not kept"
	}
	return "it is not kept, and nothing was read in it"
}

// explainEvent is Explain for an event that is kept, which arrived at (ms).
func (x *Explainer) explainEvent(ctx context.Context, evt *nostr.Event, at int64) (*Explanation, error) {
	raw, err := json.Marshal(evt)
	if err != nil {
		return nil, err
	}
	return x.Explain(ctx, raw, at)
}
