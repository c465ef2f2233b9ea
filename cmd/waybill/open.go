package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// What commands work on, opened for them and closed behind them.

// onLedger does something with the configuration and its ledger, as open opens it.
func (a *app) onLedger(cmd *cobra.Command, open func(context.Context, string, ...ledger.Option) (*ledger.Ledger, error), do func(config, *ledger.Ledger) error) error {
	cfg, err := loadConfig(a.configFile)
	if err != nil {
		return err
	}
	l, err := open(cmd.Context(), cfg.Ledger.URL)
	if err != nil {
		return err
	}
	return errors.Join(do(cfg, l), l.Close())
}

// ledgerIfAny opens the ledger to be read: nil where no relay has made one yet. done is
// to be called in either case.
func ledgerIfAny(ctx context.Context, cfg config) (l *ledger.Ledger, done func() error, err error) {
	if there, err := exists(cfg.Ledger.URL); err != nil || !there {
		return nil, func() error { return nil }, err
	}
	if l, err = ledger.OpenReadOnly(ctx, cfg.Ledger.URL); err != nil {
		return nil, nil, err
	}
	return l, l.Close, nil
}

// onKeyDesk does something at the desk where keys are handed over, as the operator at
// the machine.
func (a *app) onKeyDesk(do func(config, *enrol.Desk, *signers) error) error {
	cfg, err := loadConfig(a.configFile)
	if err != nil {
		return err
	}
	desk, s, err := keyDesk(cfg)
	if err != nil {
		return err
	}
	defer s.close()
	return do(cfg, desk, s)
}
