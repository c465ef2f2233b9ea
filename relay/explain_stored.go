package relay

import (
	"context"
	"encoding/json"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Stored is what became of one message that arrived: every copy of it that is meant.
type Stored struct {
	Copies []StoredCopy `json:"copies"`
}

// A StoredCopy is one arrival, and how it is read now. Times are ms, keys hex.
type StoredCopy struct {
	Name        string       `json:"name"` // as the log has it ("m-17")
	Event       string       `json:"event"`
	Message     string       `json:"message,omitempty"` // the id of what is in it
	Recipient   string       `json:"recipient"`
	ReceivedAt  int64        `json:"receivedAt"`
	State       ledger.State `json:"state"`
	Reason      string       `json:"reason,omitempty"`
	Gone        string       `json:"gone,omitempty"` // why its event is not here any more
	Explanation *Explanation `json:"explanation"`
}

// NamesStored reports whether name is one by which Stored looks for a message.
func NamesStored(name string) bool {
	_, ok := ParseMessageID(name)
	return ok || nostr.IsValid32ByteHex(name)
}

// Stored explains a message that arrived: one copy of it by the name that the log gives
// it ("m-17"), or all of them by the id of an event or of the message in it (hex).
// EINVALID for what is neither, ENOTFOUND where there is none.
func (x *Explainer) Stored(ctx context.Context, l *ledger.Ledger, name string) (*Stored, error) {
	rows, err := arrived(ctx, l, name)
	if err != nil {
		return nil, err
	}
	found := &Stored{}
	for i := range rows {
		r := &rows[i]
		e, err := x.explainRow(ctx, r)
		if err != nil {
			return nil, err
		}
		found.Copies = append(found.Copies, StoredCopy{MessageID(r.Seq), r.EventID, r.RumorID, r.Recipient, r.ReceivedAt, r.State, r.Reason, r.Gone, e})
	}
	return found, nil
}

func arrived(ctx context.Context, l *ledger.Ledger, name string) ([]ledger.InboxRow, error) {
	if seq, ok := ParseMessageID(name); ok {
		r, err := l.InboxRow(ctx, seq)
		return []ledger.InboxRow{r}, err
	}
	if !nostr.IsValid32ByteHex(name) {
		return nil, orders.Errorf(orders.EINVALID, "a message is named as in the log (m-17), or by 64 lower-case hex digits: of an event, or of the message in it")
	}
	rows, err := l.Inbox(ctx, name)
	if err == nil && len(rows) == 0 {
		err = orders.Errorf(orders.ENOTFOUND, "no such message has arrived")
	}
	return rows, err
}

// explainRow is Explain for a row of the inbox. Where its event cannot be opened (any
// more), or is not here, it is explained from what was read in it.
func (x *Explainer) explainRow(ctx context.Context, r *ledger.InboxRow) (*Explanation, error) {
	e := &Explanation{}
	if r.Event != nil {
		var err error
		if e, err = x.explainEvent(ctx, r.Event, r.ReceivedAt); err != nil || !e.Unread {
			return e, err
		}
	} else {
		e.step("its event", "is not here: "+r.Gone)
	}
	switch {
	case len(r.Facts) > 0:
		if e.Unread {
			e.step("not opened", e.Why)
			e.step("read", "when it was opened, before: what follows was written down then")
		}
		e.Unread, e.Refused, e.Why = false, "", ""
		e.Facts = r.Facts
		return e, x.fold(ctx, e)
	case r.Event == nil:
		e.Unread, e.Refused, e.Why = true, r.Gone, goneWords(r.State)
	}
	return e, nil
}

func goneWords(s ledger.State) string {
	if s == ledger.Opened {
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
