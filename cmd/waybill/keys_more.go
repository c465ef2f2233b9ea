package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// keysConnect waits in this process: the signer comes by a relay of its own.
func (a *app) keysConnect() *cobra.Command {
	var owner, since string
	var relays []string
	cmd := &cobra.Command{
		Use:   "connect --owner NPUB",
		Short: "Print a nostrconnect:// URL and wait for the owner's remote signer to come by it",
		Long: `Print a nostrconnect:// URL (NIP-46) for the owner to give to their remote signer,
and wait, ten minutes at most, until it has come and has shown that it decrypts
for them. It is asked for nip44_decrypt and nothing else.`,
		Example: "  waybill keys connect --owner npub1… --relay wss://relay.example.com",
		Args:    noArgument,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pubkey, err := publicKey(owner)
			if err != nil {
				return orders.Errorf(orders.EINVALID, "--owner: %w", err)
			}
			o := enrol.Offer{}
			if since != "" {
				if o.Since, err = enrol.ParseSince(since); err != nil {
					return orders.Errorf(orders.EINVALID, "--%w", err)
				}
			}
			return a.onKeyDesk(func(_ config, desk *enrol.Desk, signers *signers) error {
				if len(relays) > 0 {
					signers.relays = relays
				}
				signers.asks = showsPage(cmd)
				ended := make(chan error, 1)
				signers.ended = func(err error) { ended <- err }
				uri, err := desk.Connect(cmd.Context(), enrol.Caller{Pubkey: pubkey, Door: enrol.DoorShell}, o)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), uri)
				select {
				case err := <-ended:
					if err != nil {
						return err
					}
					fmt.Fprintf(cmd.OutOrStdout(), "added %s (%s)\n", orders.Npub(pubkey), "your remote signer")
					return nil
				case <-cmd.Context().Done():
					return cmd.Context().Err()
				}
			})
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "whose signer it is (npub or hex)")
	cmd.Flags().StringVar(&since, "since", "", "open only what arrived on this date or later")
	cmd.Flags().StringArrayVar(&relays, "relay", nil, "relay to meet the signer at, may be repeated (default: keys.signer_relays)")
	must(cmd.MarkFlagRequired("owner"))
	return cmd
}

func (a *app) keysInvite() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use:   "invite",
		Short: "Make a code by which one participant may hand over a key",
		Long: `Make a code by which one participant may hand over a key, where participants.policy
is "invite". It can be used once.`,
		Example: "  waybill keys invite\n  waybill keys invite --days 30",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 1 || days > 3650 {
				return orders.Errorf(orders.EINVALID, "--days: a number from 1 to 3650 is needed")
			}
			return a.onKeyDesk(func(_ config, desk *enrol.Desk, _ *signers) error {
				fmt.Fprintln(cmd.OutOrStdout(), desk.Policy.Codes.New(time.Now().AddDate(0, 0, days)))
				return nil
			})
		},
	}
	cmd.Flags().IntVar(&days, "days", 7, "for how many days the code holds")
	return cmd
}

func (a *app) keysLog() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "log",
		Short:   "Print who asked to add or remove which key, and what became of it",
		Example: "  waybill keys log\n  waybill keys log --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			records, err := enrol.NewAudit(keysLog(cfg)).Read()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), records)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "AT\tBY\tDOOR\tACTION\tOUTCOME\tKEY\tWAY\tREASON")
			npub := func(key string) string {
				if key == "" {
					return "–"
				}
				return middle(orders.Npub(key), 20)
			}
			for _, r := range records {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.At.Local().Format(time.DateTime), npub(r.Caller), r.Door, r.Action, r.Outcome, npub(r.Key), r.Way, r.Reason)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
