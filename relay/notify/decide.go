package notify

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

const (
	decideBatch = 200
	// foldBatch orders are read together.
	foldBatch = 100
	// decideAgain is when something that failed is tried again.
	decideAgain = time.Second
)

// follow goes through the ledger as far as it is projected.
func (n *Notifier) follow(ctx context.Context) {
	for ctx.Err() == nil {
		more, err := n.decideSome(ctx)
		switch {
		case more:
			continue
		case err != nil && ctx.Err() == nil:
			n.log.Error().Err(err).Msg("what is to be told could not be decided; trying again")
			select {
			case <-time.After(decideAgain):
			case <-ctx.Done():
			}
			continue
		}
		select {
		case <-n.news:
		case <-ctx.Done():
		}
	}
}

// decideSome decides about the next facts; more says that there may be others.
func (n *Notifier) decideSome(ctx context.Context) (more bool, err error) {
	upTo := n.projected.Load()
	from, err := n.ledger.Told(ctx)
	if err != nil || from >= upTo {
		return false, err
	}
	facts, err := n.ledger.Tellable(ctx, from, upTo, decideBatch)
	if err != nil {
		return false, err
	}
	to := upTo
	if len(facts) == decideBatch {
		to = facts[len(facts)-1].Seq
	}
	notices, err := n.decide(ctx, facts)
	if err != nil {
		return false, err
	}
	fresh, err := n.ledger.Tell(ctx, from, to, notices)
	if fresh > 0 {
		knock(n.due)
	}
	return err == nil, err
}

// decide is what is to be told of the facts.
func (n *Notifier) decide(ctx context.Context, facts []ledger.Tellable) (notices []ledger.Notice, err error) {
	src := orders.Batch(n.ledger)
	news := map[orders.Key][]orders.Fact{}
	var keys []orders.Key // in the order of the ledger
	now := n.now()
	listening := &audience{n: n, now: now, known: map[string][]lane{}}
	for _, f := range facts {
		if eventOf[f.Verb] == "" || f.Late || f.Held || !fresh(now, f.ReceivedAt, f.Tau()) {
			continue
		}
		k, ok, err := orders.Home(ctx, src, &f.Fact)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if heard, err := listening.any(ctx, k.Pair, f.Sender); err != nil {
			return nil, err
		} else if !heard {
			continue
		}
		if news[k] == nil {
			keys = append(keys, k)
		}
		news[k] = append(news[k], f.Fact)
	}
	for some := range slices.Chunk(keys, foldBatch) {
		if err := orders.Prefetch(ctx, src, some); err != nil {
			return nil, err
		}
		for _, k := range some {
			told, err := n.decideOrder(ctx, src, listening, k, news[k])
			if err != nil {
				return nil, err
			}
			notices = append(notices, told...)
		}
	}
	return notices, nil
}

// fresh reports whether what arrived and was said then is news.
func fresh(now time.Time, times ...int64) bool {
	return slices.Min(times) >= now.Add(-freshFor).UnixMilli()
}

// decideOrder compares the order before and after each of the facts.
func (n *Notifier) decideOrder(ctx context.Context, src orders.Source, listening *audience, k orders.Key, news []orders.Fact) (notices []ledger.Notice, err error) {
	begin, ok, err := src.Beginning(ctx, k)
	if err != nil || !ok || begin.Retired {
		return nil, err
	}
	members, _, err := orders.Members(ctx, src, k)
	if err != nil {
		return nil, err
	}
	defer func() {
		// As in the projection: a fault in one order is that order's alone.
		if r := recover(); r != nil {
			n.log.Error().Msg("an order cannot be folded, and nobody is told of it")
			notices, err = nil, nil
		}
	}()
	var after *orders.Order
	for i := range news {
		f := &news[i]
		before := after // where nothing came between
		if i == 0 || slices.ContainsFunc(members, func(m orders.Fact) bool { return m.Seq > news[i-1].Seq && m.Seq < f.Seq }) {
			before = upTo(k.Pair, members, f.Seq-1)
		}
		after = upTo(k.Pair, members, f.Seq)
		if tells, entry := newsOf(f, before, after, n.now()); tells != nil {
			tells.OrderID = begin.IntentID
			told, err := listening.notices(ctx, tells, entry, k.Pair)
			if err != nil {
				return nil, err
			}
			notices = append(notices, told...)
		}
	}
	return notices, nil
}

// upTo is the order as the ledger had it at that seq; the zero Order where there was
// none.
func upTo(p orders.Pair, members []orders.Fact, seq int64) *orders.Order {
	var known []orders.Fact
	for _, f := range members {
		if f.Seq <= seq {
			known = append(known, f)
		}
	}
	if len(known) == 0 {
		return &orders.Order{}
	}
	return orders.Fold(p, known)
}

// newsOf is what the fact f, which came between the two, is told as; nil where it is
// no news: it was refused, it repeats what was said, or it is spam.
func newsOf(f *orders.Fact, before, after *orders.Order, now time.Time) (*News, *orders.TimelineEntry) {
	ref := orders.FactRef(f.ID, f.N)
	i := slices.IndexFunc(after.Timeline, func(e orders.TimelineEntry) bool { return e.Fact == ref })
	if i < 0 || after.Held {
		return nil, nil
	}
	entry := &after.Timeline[i]
	event := eventOf[entry.Verb] // the fold makes a note of what was only a guess
	changed := changes(before, after)
	if !entry.OK || event == "" || !fresh(now, entry.ReceivedAt, entry.At) || !slices.ContainsFunc(changed, matters) {
		return nil, nil
	}
	if event == Paid && after.Payment == orders.PaymentConfirmed && before.Payment != orders.PaymentConfirmed {
		event = PaymentConfirmed // he has proven it
	}
	return &News{
		Event: event, At: now.UnixMilli(), Seq: f.Seq, Version: after.Version, Status: after.Status,
		Changed: changed, By: entry.Role, Unproven: entry.Trust != orders.Bound,
	}, entry
}

// changes names the fields of the order that differ, sorted.
func changes(before, after *orders.Order) (names []string) {
	was, is := fields(before), fields(after)
	for name := range is {
		if string(was[name]) != string(is[name]) && !bookkeeping[name] {
			names = append(names, name)
		}
	}
	for name := range was {
		if _, still := is[name]; !still && !bookkeeping[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// bookkeeping are the fields that are about the record and not about the order.
var bookkeeping = map[string]bool{
	"intentId": true, "orderId": true, "version": true, "timeline": true, "omitted": true, "updatedTimestamp": true,
	"dialect": true, "trust": true, "messageThreadId": true, "held": true,
}

// matters reports whether a change of the field is news. Words are not: they are a
// message to the other party themselves.
func matters(field string) bool {
	return field != "buyerNotes" && field != "sellerNotes" && field != "contact"
}

func fields(o *orders.Order) map[string]json.RawMessage {
	bare := *o
	bare.Timeline, bare.Boxes = nil, nil
	text, err := json.Marshal(&bare)
	var fs map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &fs)
	}
	if err != nil {
		panic(err) // an order always has a JSON form
	}
	maps.DeleteFunc(fs, func(_ string, v json.RawMessage) bool {
		return slices.Contains([]string{"null", `""`, "0", "[]", "false"}, string(v))
	})
	return fs
}
