package relay

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Retention erases orders that are over and were not heard of for a while: which
// ones is orders.Order.Due's to say. The tracker then takes them out of Redis.
type Retention struct {
	Ledger *ledger.Ledger
	After  time.Duration // since the last word; 0 erases nothing
	Log    zerolog.Logger
}

const (
	// sweepEvery is how often is looked for orders that are due.
	sweepEvery = time.Hour
	sweepBatch = 100
)

// A Swept order is one that went, or would go.
type Swept struct {
	IntentID  string
	Status    orders.Status
	LastHeard int64 // ms
	ledger.Erased
}

// A Sweep's report: how many orders were old enough to be looked into, and the
// orders that went. Moved ones were spoken of at that very moment, and wait for the
// next sweep.
type SweepReport struct {
	Looked, Moved int
	Swept         []Swept
	Erased        ledger.Erased
	// Scrubbed tells that what was erased is on the disk no more; else it is still
	// in the database's log, which somebody was reading.
	Scrubbed bool
}

// quietMost is how long nothing may have arrived for Run to believe the clock: a
// machine that boots in the wrong year would erase everything.
const quietMost = 60 * 24 * time.Hour

// Run sweeps at once and then every hour, until ctx ends. What fails is tried
// again an hour later. It does nothing where the newest message is older than 60
// days: then either the clock is wrong, or there is no hurry.
func (r *Retention) Run(ctx context.Context) error {
	if r.After <= 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for now := time.Now(); ; {
		report, err := r.sweepInTime(ctx, now)
		switch n := len(report.Swept); {
		case err != nil && ctx.Err() == nil:
			r.Log.Error().Err(err).Int("orders", n).Msg("old orders could not be erased; trying again in an hour")
		case n > 0:
			r.Log.Info().Int("orders", n).Int("boxes", report.Erased.Boxes).Int("events", report.Erased.Events).
				Bool("scrubbed", report.Scrubbed).Msg("old orders were erased")
		}
		select {
		case <-ctx.Done():
			return nil
		case now = <-tick.C:
		}
	}
}

func (r *Retention) sweepInTime(ctx context.Context, now time.Time) (SweepReport, error) {
	last, err := r.Ledger.LastArrival(ctx)
	if err != nil || now.Sub(time.UnixMilli(last)) > quietMost {
		return SweepReport{}, err
	}
	return r.Sweep(ctx, now, false)
}

// Sweep retires every order that is due at now, one by one, so that other writers
// get their turn between; with dryRun it only tells which. Where it fails the
// report is of what was done until then.
func (r *Retention) Sweep(ctx context.Context, now time.Time, dryRun bool) (report SweepReport, err error) {
	report.Scrubbed = true
	if r.After <= 0 {
		return report, nil
	}
	// No order is due before its begin is that old, so younger ones cost nothing.
	before := now.Add(-r.After).UnixMilli()
	for at := (orders.Beginning{}); ; {
		asOf, err := r.Ledger.LastSeq(ctx)
		if err != nil {
			return report, err
		}
		page, err := r.Ledger.Standing(ctx, before, at, sweepBatch)
		if err != nil {
			return report, err
		}
		src := orders.Batch(r.Ledger)
		for _, b := range page {
			report.Looked++
			if err := r.consider(ctx, src, b.Key, now, asOf, dryRun, &report); err != nil {
				return report, err
			}
		}
		if len(page) < sweepBatch {
			break
		}
		at = page[len(page)-1]
	}
	if len(report.Swept) > 0 && !dryRun {
		report.Scrubbed, err = r.Ledger.Scrub(ctx)
	}
	return report, err
}

// consider retires one order, if it is due.
func (r *Retention) consider(ctx context.Context, src orders.Source, k orders.Key, now time.Time, asOf int64, dryRun bool, report *SweepReport) (err error) {
	var o *orders.Order
	// A fault in the fold is that order's alone: it stays.
	guard(r.Log, "retention", func() { o, err = orders.Assemble(ctx, src, k) })
	if err != nil || o == nil || !o.Due(now.UnixMilli(), r.After.Milliseconds()) {
		return err
	}
	swept := Swept{IntentID: o.IntentID, Status: o.Status, LastHeard: o.LastHeard()}
	if !dryRun {
		swept.Erased, err = r.Ledger.Retire(ctx, k, now.UnixMilli(), asOf)
		if errors.Is(err, ledger.ErrMoved) {
			report.Moved++
			return nil
		}
		if err != nil {
			return err
		}
	}
	report.Erased.Boxes += swept.Boxes
	report.Erased.Events += swept.Events
	report.Swept = append(report.Swept, swept)
	return nil
}
