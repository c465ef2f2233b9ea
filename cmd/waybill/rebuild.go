package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) rebuild() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Build the order indexes in Redis anew from the ledger",
		Long: `Build the order indexes in Redis anew from the ledger, in place: orders and lists
stay readable, and the relay may go on running. With --check nothing is written;
every difference between Redis and what a rebuild from nothing would write is
printed, and the exit code is 1 where there is one. Keys that only have a name
like one of Waybill's are printed too; they are nobody's to repair.`,
		Example: "  waybill rebuild\n  waybill rebuild --check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onLedger(cmd, ledger.OpenReadOnly, func(cfg config, l *ledger.Ledger) error {
				ctx := cmd.Context()
				s, err := dialIndexes(ctx, cfg, redisstore.WithLedger(l.ID()))
				if err != nil {
					return err
				}
				defer s.Close()
				if check {
					return checkIndexes(ctx, cmd, l, s)
				}
				return rebuildIndexes(ctx, cmd, l, s)
			})
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "only compare, and print every difference")
	return cmd
}

func rebuildIndexes(ctx context.Context, cmd *cobra.Command, l *ledger.Ledger, s *redisstore.Store) error {
	n, err := relay.Rebuild(ctx, l, s, progress("orders"))
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d orders rebuilt\n", n)
	return nil
}

func checkIndexes(ctx context.Context, cmd *cobra.Command, l *ledger.Ledger, s *redisstore.Store) error {
	differ, foreign := 0, 0
	for d, err := range s.Check(ctx, l, relay.Keys(ctx, l)) {
		if err != nil {
			return err
		}
		switch {
		case d.Foreign == "":
			differ++
		case d.Want != "":
			foreign++
		}
		fmt.Fprintln(cmd.OutOrStdout(), d)
	}
	switch {
	case foreign > 0:
		return orders.Errorf(orders.EINTERNAL, "%d differences, and %d keys in the way that are not Waybill's: move those away, then run waybill rebuild", differ, foreign)
	case differ > 0:
		return orders.Errorf(orders.EINTERNAL, "%d differences: run waybill rebuild", differ)
	}
	of, err := l.OrderCount(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "no difference in %d orders\n", of)
	return nil
}
