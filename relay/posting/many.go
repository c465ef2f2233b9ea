package posting

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// A Result is what became of one of many messages: a receipt, or an error as of Post.
type Result struct {
	Receipt
	Err error
}

// atOnce is how many orders are worked on side by side: the ledger then makes them
// durable together.
const atOnce = 8

// PostAll takes many messages, each by itself: what becomes of one says nothing about
// another. Those of one order are taken in their order. What is kept stays kept where
// ctx ends; the others' errors are ctx's.
func (o *Office) PostAll(ctx context.Context, messages []Message) []Result {
	results := make([]Result, len(messages))
	byOrder := map[string][]int{}
	var names []string
	for i, m := range messages {
		name := orderTag(m.Event)
		if byOrder[name] == nil {
			names = append(names, name)
		}
		byOrder[name] = append(byOrder[name], i)
	}
	seqs := make([]int64, len(messages))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, name := range names {
		g.Go(func() error {
			for _, i := range byOrder[name] {
				results[i].Receipt, seqs[i], results[i].Err = o.inTurn(ctx, messages[i])
			}
			return nil
		})
	}
	_ = g.Wait() // each has its own error
	var last int64
	for _, seq := range seqs {
		last = max(last, seq)
	}
	tracked := o.tracked(ctx, last)
	for i := range results {
		results[i].Tracked = tracked && results[i].Err == nil
	}
	return results
}
