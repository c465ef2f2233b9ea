package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

func (a *app) keysList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the delegated keys and how they are, without their secrets",
		Long: `List the delegated keys without their secrets: what was handed over, how a remote
signer is (as the running relay sees it), and how many messages wait to be opened.`,
		Example: "  waybill keys list\n  waybill keys list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onKeyDesk(func(cfg config, desk *enrol.Desk, _ *signers) error {
				list, err := listKeys(cmd.Context(), cfg, desk)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), list)
				}
				return printKeys(cmd.OutOrStdout(), list)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// listKeys also lists the keys of the config file, as far as they can be told.
func listKeys(ctx context.Context, cfg config, desk *enrol.Desk) (list []enrol.Delegation, err error) {
	st, err := readSignersState(signersFile(cfg))
	if err != nil {
		return nil, err
	}
	if _, running := runningIn(cfg.DataDir); !running {
		st.States = nil // of another day
	}
	desk.SignerState = st.state
	l, done, err := ledgerIfAny(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	if l != nil {
		desk.Ledger = deskLedger{l}
	}
	if desk.Keyring, err = configuredKeys(cfg, st); err != nil {
		return nil, err
	}
	defer desk.Keyring.Clear()
	if list, err = desk.List(ctx, enrol.Caller{Door: enrol.DoorShell}); err != nil {
		return nil, err
	}
	for _, owner := range desk.Keyring.Owners() {
		own, err := desk.List(ctx, enrol.Caller{Pubkey: owner, Door: enrol.DoorHTTP})
		if err != nil {
			return nil, err
		}
		for _, g := range own {
			if g.AddedAt.IsZero() {
				list = append(list, g)
			}
		}
	}
	return list, nil
}

// configuredKeys are those of the config file, a remote signer's as far as its owner can
// be told.
func configuredKeys(cfg config, st signersState) (*nip17.Keyring, error) {
	keys, err := readDelegated(cfg.Keys.Delegated, "")
	if err != nil {
		return nil, err
	}
	kr := new(nip17.Keyring)
	for _, k := range keys {
		if err := kr.Add(k); err != nil {
			return nil, err
		}
	}
	bunkers, err := readBunkers(cfg.Keys.Delegated)
	if err != nil {
		kr.Clear()
		return nil, err
	}
	for _, b := range bunkers {
		if owner := cmp.Or(b.owner, st.configured(cfg, b)); owner != "" {
			_ = kr.Add(seenSigner{owner: owner}) // its owner is a public key
		}
	}
	return kr, nil
}

func printKeys(out io.Writer, list []enrol.Delegation) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "No delegated keys.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tREADS FOR\tWAY\tSTATE\tWAITING\tSINCE\tADDED")
	for _, g := range list {
		since, added, state := "ever", "by config", g.State
		if !g.Since.IsZero() {
			since = g.Since.Format(time.DateOnly)
		}
		if !g.AddedAt.IsZero() {
			added = g.AddedAt.Local().Format("2006-01-02 15:04")
		}
		if !g.RetiredAt.IsZero() {
			state += " " + g.RetiredAt.Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", orders.Npub(g.Pubkey), middle(orders.Npub(g.Owner), 20), g.Way, state, g.Waiting, since, added)
	}
	return w.Flush()
}

// configured is the owner that a signer of the configuration has named, "" for none.
func (st signersState) configured(cfg config, b *configuredBunker) string {
	master, err := cfg.Keys.master()
	if err != nil {
		return ""
	}
	conn, err := (&signers{master: master}).connection(b.url)
	if err != nil {
		return ""
	}
	defer conn.Client.Zero()
	return st.Owners[conn.Client.PublicKey()]
}

// seenSigner stands for a remote signer that another process asks.
type seenSigner struct{ owner string }

func (s seenSigner) Owner() string     { return s.owner }
func (s seenSigner) PublicKey() string { return s.owner }
func (s seenSigner) Available() bool   { return false }

func (s seenSigner) Decrypt(context.Context, string, string) (string, error) {
	return "", nip17.ErrKeyUnavailable
}
