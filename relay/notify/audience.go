package notify

import (
	"context"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// The names of the lanes (ledger.Notice); webhooks have their ids.
const (
	laneDM    = "dm"
	laneMail  = "email"
	dmTo      = laneDM + " " // and the relay's URL
	maxRelays = 5            // of a kind 10050, NIP-17 advises one to three
)

// perHour is how many notices one reader gets by one way in an hour: what is above is
// a flood, and is dropped. A program takes any number.
var perHour = map[string]int{laneDM: 120, laneMail: 30}

// A lane is one way on which somebody wants to be told, and of what.
type lane struct {
	name   string
	events Choice
}

// An audience knows who wants to be told of what, as it is at this moment.
type audience struct {
	n     *Notifier
	now   time.Time
	known map[string][]lane // by public key, "" for the operator
}

// any reports whether somebody may want to hear of what sender ("" where the message
// does not name him) says of an order of the pair.
func (a *audience) any(ctx context.Context, p orders.Pair, sender string) (bool, error) {
	one, other := p.Parties()
	for _, reader := range []string{"", one, other} {
		if reader != "" && reader == sender {
			continue
		}
		lanes, err := a.lanes(ctx, reader)
		if err != nil || len(lanes) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// notices is what goes to whom: to the operator, and to each party but the one who
// caused it. entry is the fact in the order's timeline.
func (a *audience) notices(ctx context.Context, news *News, entry *orders.TimelineEntry, p orders.Pair) (notices []ledger.Notice, err error) {
	one, other := p.Parties()
	content := news.json()
	for _, reader := range []string{"", one, other} {
		if reader != "" && reader == entry.Sender {
			continue
		}
		lanes, err := a.lanes(ctx, reader)
		if err != nil {
			return nil, err
		}
		for _, lane := range lanes {
			if lane.events.Has(news.Event) {
				notices = append(notices, ledger.Notice{
					Fact: entry.Fact, Reader: reader, Lane: lane.name, IntentID: news.OrderID,
					Content: content, CreatedAt: news.At, NextAt: news.At, Most: perHour[Channel(lane.name)],
				})
			}
		}
	}
	return notices, nil
}

func (a *audience) lanes(ctx context.Context, reader string) (lanes []lane, err error) {
	lanes, ok := a.known[reader]
	if !ok {
		if lanes, err = a.n.lanesOf(ctx, reader, a.now); err != nil {
			return nil, err
		}
		a.known[reader] = lanes
	}
	return lanes, nil
}

// lanesOf are the ways on which reader (hex, "" for the operator) is told now.
func (n *Notifier) lanesOf(ctx context.Context, reader string, now time.Time) (lanes []lane, err error) {
	if reader == n.cfg.Self.PublicKey() {
		return nil, nil
	}
	hooks, err := n.ledger.Webhooks(ctx, reader)
	if err != nil {
		return nil, err
	}
	for _, w := range hooks {
		if events, err := ParseChoice(w.Events); err == nil && w.Disabled == "" {
			lanes = append(lanes, lane{w.ID, events})
		}
	}
	if reader == "" {
		return lanes, nil
	}
	s, err := n.ledger.NoticeSettings(ctx, reader)
	if err != nil || s.MutedUntil > now.UnixMilli() {
		return lanes, err
	}
	events, err := ParseChoice(s.Events)
	if err != nil {
		return lanes, nil // of a later version of this program
	}
	if s.Email != "" && n.cfg.Mail != nil {
		lanes = append(lanes, lane{laneMail, events})
	}
	relays, err := n.messageLanes(ctx, reader, s.DM)
	for _, name := range relays {
		lanes = append(lanes, lane{name, events})
	}
	return lanes, err
}

// messageLanes are where direct messages to reader go: into his inbox here where he
// takes part, or has asked for them, and to the relays that he reads elsewhere.
func (n *Notifier) messageLanes(ctx context.Context, reader string, dm int) (names []string, err error) {
	if dm < 0 || !n.cfg.DM {
		return nil, nil
	}
	here := dm > 0
	if !here {
		if here, err = n.cfg.TakesPart(ctx, reader); err != nil {
			return nil, err
		}
	}
	if here {
		names = append(names, laneDM)
	}
	if !n.cfg.Outgoing {
		return names, nil
	}
	relays, err := n.ledger.RelaysOf(ctx, reader)
	for _, url := range relays {
		if url, ok := n.elsewhere(url); ok && len(names) <= maxRelays {
			names = append(names, dmTo+url)
		}
	}
	return names, err
}
