package relay

import (
	"context"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// Stored is what became of one message: every copy of it that came.
type Stored struct {
	Copies []StoredCopy `json:"copies"`
}

// A StoredCopy is one arrival, and how it is read now. Times are ms, keys hex.
type StoredCopy struct {
	Event       string       `json:"event"`
	Message     string       `json:"message,omitempty"` // the id of what is in it
	Recipient   string       `json:"recipient"`
	ReceivedAt  int64        `json:"receivedAt"`
	State       ledger.State `json:"state"`
	Reason      string       `json:"reason,omitempty"`
	Gone        string       `json:"gone,omitempty"`
	Explanation *Explanation `json:"explanation,omitempty"` // where the event is still here
}

// Stored explains a message that arrived, by the id of an event or of the message in
// it (hex). ENOTFOUND where there is none.
func (x *Explainer) Stored(ctx context.Context, l *ledger.Ledger, id string) (*Stored, error) {
	rows, err := l.Inbox(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, orders.Errorf(orders.ENOTFOUND, "no such message has arrived")
	}
	found := &Stored{}
	for _, r := range rows {
		c := StoredCopy{r.EventID, r.RumorID, r.Recipient, r.ReceivedAt, r.State, r.Reason, r.Gone, nil}
		if r.Event != nil {
			if c.Explanation, err = x.explainEvent(ctx, r.Event, r.ReceivedAt); err != nil {
				return nil, err
			}
		}
		found.Copies = append(found.Copies, c)
	}
	return found, nil
}
