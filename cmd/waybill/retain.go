package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) retain() *cobra.Command {
	var dryRun bool
	var completed time.Duration
	cmd := &cobra.Command{
		Use:   "retain",
		Short: "Erase old orders now, or see which would go",
		Long: `Erase the orders that were delivered or cancelled, and of which nobody has spoken
for as long as retention.completed says. Their boxes and messages are gone then, from
the disk too; orders that were ever disputed, and those with money due back, stay.

A running relay does this by itself, every hour: beside it only --dry-run works.
Order indexes in Redis follow as soon as a relay runs.`,
		Example: "  waybill retain --dry-run\n  waybill retain --dry-run --completed 8760h\n  waybill retain --completed 17520h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("completed") {
				completed = time.Duration(cfg.Retention.Completed)
			}
			if completed <= 0 {
				return orders.Errorf(orders.EINVALID, "nothing is to be erased: say after how long, with --completed or retention.completed")
			}
			return sweep(cmd.Context(), cmd.OutOrStdout(), cfg, completed, dryRun)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "erase nothing, only list what would go")
	cmd.Flags().DurationVar(&completed, "completed", 0, "how long nothing was heard of it, as 17520h (default: retention.completed)")
	return cmd
}

func sweep(ctx context.Context, out io.Writer, cfg config, after time.Duration, dryRun bool) (err error) {
	open := ledger.OpenReadOnly
	if !dryRun {
		unlock, err := lockFolder(ctx, cfg)
		if err != nil {
			return orders.Errorf(orders.ECONFLICT, "a relay is running, and erases by itself what retention.completed says; beside it only --dry-run works: %w", err)
		}
		defer func() { err = errors.Join(err, unlock()) }()
		open = ledger.Open
	}
	l, err := open(ctx, cfg.Ledger.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	report, err := (&relay.Retention{Ledger: l, After: after, Log: zerolog.Nop()}).Sweep(ctx, time.Now(), dryRun)
	return errors.Join(printSweep(out, report, dryRun), err) // also what was done before it failed
}

func printSweep(out io.Writer, report relay.SweepReport, dryRun bool) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	if len(report.Swept) > 0 {
		fmt.Fprintln(w, "ORDER\tSTATUS\tLAST HEARD OF")
	}
	statuses := map[orders.Status]int{}
	for _, s := range report.Swept {
		statuses[s.Status]++
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.IntentID, s.Status, clock(s.LastHeard))
	}
	if len(report.Swept) > 0 {
		fmt.Fprintln(w)
	}
	verb := "erased"
	if dryRun {
		verb = "would be erased"
	}
	fmt.Fprintf(w, "%d orders %s: %d delivered, %d cancelled", len(report.Swept), verb, statuses[orders.StatusDelivered], statuses[orders.StatusCancelled])
	if !dryRun {
		fmt.Fprintf(w, "; %d boxes and %d messages", report.Erased.Boxes, report.Erased.Events)
	}
	fmt.Fprintln(w)
	if report.Moved > 0 {
		fmt.Fprintf(w, "%d orders were spoken of meanwhile and stay.\n", report.Moved)
	}
	if !report.Scrubbed {
		fmt.Fprintln(w, "Somebody was reading the ledger, so its log still holds what was erased: run this again.")
	}
	return w.Flush()
}
