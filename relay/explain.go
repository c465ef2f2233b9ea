package relay

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// An Explainer tells how a message is read: by the code that reads it, and
// without keeping anything.
type Explainer struct {
	Keyring  *nip17.Keyring
	Dialects *dialect.Registry
	Self     string        // the relay's own public key (hex); "" for none
	Admins   []string      // hex
	Orders   orders.Source // what the message is held against; nil: nothing was said before

	Local          bool // no remote signer is asked, whose owner would see that
	PublicOrders   bool // as in Config: what the relay would not take is still explained
	DirectMessages bool
}

// An Explanation is what became of one message, step by step. It names private
// fields and shows none.
type Explanation struct {
	Envelope []Step           `json:"envelope"`          // what the message came in
	Unread   bool             `json:"unread,omitempty"`  // Refused is about the envelope: what is in it is not known
	Refused  string           `json:"refused,omitempty"` // a code: why it says nothing
	Why      string           `json:"why,omitempty"`     // the same in words
	Looks    []dialect.Look   `json:"looks,omitempty"`   // the rows of the table of dialects
	Facts    []orders.Fact    `json:"facts,omitempty"`   // what it says, without boxes
	Outcomes []ExplainOutcome `json:"outcomes,omitempty"`
}

// A Step is one thing that was found out about the envelope.
type Step struct {
	What  string `json:"what"`
	Found string `json:"found"`
}

// An ExplainOutcome is what the fold makes of the facts that belong to one order.
type ExplainOutcome struct {
	OrderID string                 `json:"orderId"`          // the client's own; "" where the facts belong to no order
	Before  *orders.Order          `json:"before,omitempty"` // nil: the message begins the order
	After   *orders.Order          `json:"after,omitempty"`  // nil: there is no such order
	Lines   []orders.TimelineEntry `json:"lines,omitempty"`  // of the message, in the order's history
}

// ErrNoEvent: what was handed in is no Nostr event.
var ErrNoEvent = orders.Errorf(orders.EINVALID, "this is no Nostr event in JSON: a gift wrap, a signed event, or a rumor is needed")

// Explain reads raw, the JSON of a gift wrap (kind 1059), of a NIP-04 message (kind
// 4), of a signed order message, or of a rumor, which nobody has signed and whose
// author is believed here. at (ms) is when it is taken to arrive. The error is
// ErrNoEvent, or the source's.
func (x *Explainer) Explain(ctx context.Context, raw []byte, at int64) (*Explanation, error) {
	var evt nostr.Event
	if err := json.Unmarshal(raw, &evt); err != nil || evt.Kind == 0 && evt.PubKey == "" {
		return nil, ErrNoEvent
	}
	e := &Explanation{}
	msg, err := x.unwrap(ctx, e, &evt, at)
	if err != nil {
		e.Unread, e.Refused, e.Why = true, nip17.Reason(err), refusalWords(err)
		return e, nil
	}
	looks, statements, err := x.Dialects.Explain(msg)
	e.Looks = looks
	if err != nil {
		e.Refused, e.Why = dialect.Reason(err), dialect.Words(err)
		return e, nil
	}
	for _, s := range statements {
		f := s.Fact
		f.ByAdmin = slices.Contains(x.Admins, f.Sender)
		e.Facts = append(e.Facts, f)
	}
	return e, x.fold(ctx, e)
}

// fold holds the facts against the orders they belong to.
func (x *Explainer) fold(ctx context.Context, e *Explanation) error {
	byOrder := map[orders.Key][]orders.Fact{}
	var keys []orders.Key
	for _, f := range e.Facts {
		k, ok, err := x.home(ctx, &f)
		if err != nil {
			return err
		}
		if !ok {
			k = orders.Key{}
		}
		if byOrder[k] == nil {
			keys = append(keys, k)
		}
		byOrder[k] = append(byOrder[k], f)
	}
	for _, k := range keys {
		out, err := x.outcome(ctx, k, byOrder[k])
		if err != nil {
			return err
		}
		e.Outcomes = append(e.Outcomes, out)
	}
	return nil
}

func (x *Explainer) home(ctx context.Context, f *orders.Fact) (orders.Key, bool, error) {
	if x.Orders != nil {
		return orders.Home(ctx, x.Orders, f)
	}
	p, both := f.Pair()
	return orders.Key{Pair: p, OrderID: f.OrderID}, both && f.OrderID != "", nil
}

func (x *Explainer) outcome(ctx context.Context, k orders.Key, said []orders.Fact) (out ExplainOutcome, err error) {
	out.OrderID = k.OrderID
	if k == (orders.Key{}) {
		return out, nil
	}
	begins := func(facts []orders.Fact) bool {
		return slices.ContainsFunc(facts, func(f orders.Fact) bool { return f.Begins() })
	}
	var known []orders.Fact
	if x.Orders != nil {
		_, known, err = orders.AssembleFrom(ctx, x.Orders, k)
		if err != nil {
			return out, err
		}
		// The message may be here already: before is without it.
		known = slices.DeleteFunc(known, func(f orders.Fact) bool {
			return slices.ContainsFunc(said, func(s orders.Fact) bool { return s.ID == f.ID })
		})
		if begins(known) {
			out.Before = orders.Fold(k.Pair, known)
			out.Before.OrderID = k.OrderID
		}
	}
	if out.Before == nil && !begins(said) {
		return out, nil
	}
	out.After = orders.Fold(k.Pair, append(known, said...))
	out.After.OrderID = k.OrderID
	for _, line := range out.After.Timeline {
		if slices.ContainsFunc(said, func(f orders.Fact) bool { return orders.FactRef(f.ID, f.N) == line.Fact }) {
			out.Lines = append(out.Lines, line)
		}
	}
	return out, nil
}
