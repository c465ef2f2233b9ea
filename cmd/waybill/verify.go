package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) verify() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the ledger, or a backup of it, from end to end",
		Long: `Check the ledger, or a backup of it, from end to end: SQLite's own integrity check,
the id and signature of every event and of every seal, the source of every fact, and
the beginning of every order. Nothing is written, and the relay may go on running.
Every problem is printed with its place, and the exit code is 1 where there is one.`,
		Example: "  waybill verify\n  waybill verify --ledger /mnt/backup/waybill-2026-01-31.db",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			open := func(ctx context.Context, configured string, opts ...ledger.Option) (*ledger.Ledger, error) {
				return ledger.OpenReadOnly(ctx, cmp.Or(file, configured), opts...)
			}
			return a.onLedger(cmd, open, func(_ config, l *ledger.Ledger) error { return verifyLedger(cmd, l) })
		},
	}
	cmd.Flags().StringVar(&file, "ledger", "", "the file to check (default: the ledger of the config)")
	return cmd
}

func verifyLedger(cmd *cobra.Command, l *ledger.Ledger) error {
	out := cmd.OutOrStdout()
	v, err := l.Verify(cmd.Context(), func(p ledger.Problem) { fmt.Fprintln(out, plain(p.String())) }, progress("rows"))
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Events\t%d\n", v.Events)
	fmt.Fprintf(w, "Inbox rows\t%d\t%d of them without their event, for a reason that is kept\n", v.Inbox, v.Forgotten)
	fmt.Fprintf(w, "Facts\t%d\n", v.Facts)
	fmt.Fprintf(w, "Orders\t%d\t%d of them erased\n", v.Orders, v.Retired)
	fmt.Fprintf(w, "Signatures\t%d\tof events and seals, all checked\n", v.Signatures)
	if err := w.Flush(); err != nil {
		return err
	}
	if v.Problems > 0 {
		return orders.Errorf(orders.EINTERNAL, "%d problems", v.Problems)
	}
	_, err = fmt.Fprintln(out, "No problems.")
	return err
}
