package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// demoPatience is how long one message may take to become part of its order.
const demoPatience = 10 * time.Second

// play sends the story's messages, each once the one before stands in Redis.
func (s *demoStage) play(ctx context.Context, out io.Writer) error {
	c := &client.Client{Relays: []string{s.url()}, Self: s.daemon.identity.PublicKey()}
	for _, scene := range demoScenes(time.Now()) {
		fmt.Fprintf(out, "\n%s\n", scene.about)
		for _, step := range scene.steps {
			start := time.Now()
			o, err := s.perform(ctx, c, step)
			if err != nil {
				return fmt.Errorf("demo: %s says %s of order %s: %w", step.by, step.draft.Verb, step.draft.OrderID, err)
			}
			fmt.Fprintf(out, "  %s  %-8s  %-9s  %-36s  %-17s %4d ms\n", step.draft.OrderID, step.by, step.draft.Verb,
				step.what, o.Status, time.Since(start).Milliseconds())
		}
	}
	return nil
}

// perform sends one message and returns the order as it then stands.
func (s *demoStage) perform(ctx context.Context, c *client.Client, step demoStep) (*orders.Order, error) {
	d := step.draft
	if step.by == demoArbiter {
		d.Buyer, d.Seller = s.person(demoBuyer).signer.PublicKey(), s.person(step.to).signer.PublicKey()
	} else {
		d.To = s.person(step.to).signer.PublicKey()
	}
	sent, err := c.Send(ctx, s.person(step.by).signer, d)
	if err != nil {
		return nil, err
	}
	if len(sent.Missed) > 0 {
		return nil, errors.New("not everybody was reached")
	}
	o, err := s.tracked(ctx, sent.IntentID, sent.RumorID)
	if err == nil && o.Status != step.becomes {
		err = fmt.Errorf("it is %s now, not %s", o.Status, step.becomes)
	}
	return o, err
}

// tracked waits until the message is part of the order in Redis.
func (s *demoStage) tracked(ctx context.Context, intentID, rumorID string) (*orders.Order, error) {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		o, err := s.daemon.store.Order(ctx, intentID)
		switch {
		case err == nil && slices.ContainsFunc(o.Timeline, func(e orders.TimelineEntry) bool { return e.Fact == rumorID && e.OK }):
			return o, nil
		case err != nil && orders.ErrorCode(err) != orders.ENOTFOUND:
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("not tracked within %v", demoPatience)
		}
	}
}
