package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

func (a *app) keysAdd() *cobra.Command {
	var file, passphraseFile, bunkerFile, owner, since string
	cmd := &cobra.Command{
		Use:   "add --file FILE | --bunker-file FILE --owner NPUB",
		Short: "Add a delegated key",
		Long: `Add a key that a participant has delegated: a secret, or the bunker:// URL of a
remote signer (NIP-46), which is asked at once to show that it decrypts for the
owner. It opens what already waits for it.`,
		Example: `  waybill keys add --file enc.key --owner npub1… --since 2026-01-31   # an encryption key (kind 10044)
  waybill keys add --bunker-file bunker.txt --owner npub1…           # a remote signer
  waybill keys add --file seller.ncryptsec --passphrase-file pass.txt`,
		Args: noArgument,
		RunE: func(cmd *cobra.Command, _ []string) error {
			who, o, err := operatorsOffer(file, passphraseFile, bunkerFile, owner, since)
			if err != nil {
				return err
			}
			defer o.Secret.Zero()
			return a.onKeyDesk(func(_ config, desk *enrol.Desk, signers *signers) error {
				signers.asks = showsPage(cmd)
				added, err := desk.Enrol(cmd.Context(), who, o)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "added %s (%s)\n", orders.Npub(added.Pubkey), wayTitle(added.Way))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "file with the secret key (nsec, ncryptsec or hex)")
	cmd.Flags().StringVar(&passphraseFile, "passphrase-file", "", "file with the passphrase of an ncryptsec")
	cmd.Flags().StringVar(&bunkerFile, "bunker-file", "", "file with the bunker:// URL of a remote signer")
	cmd.Flags().StringVar(&owner, "owner", "", "whose inbox it reads, where that is not the key's own (npub or hex)")
	cmd.Flags().StringVar(&since, "since", "", "open only what arrived on this date or later")
	cmd.MarkFlagsOneRequired("file", "bunker-file")
	cmd.MarkFlagsMutuallyExclusive("file", "bunker-file")
	return cmd
}

// operatorsOffer is what the flags name, on behalf of its owner.
func operatorsOffer(file, passphraseFile, bunkerFile, owner, since string) (who enrol.Caller, o enrol.Offer, err error) {
	who.Door = enrol.DoorShell
	if owner != "" {
		if who.Pubkey, err = publicKey(owner); err != nil {
			return who, o, orders.Errorf(orders.EINVALID, "--owner: %w", err)
		}
	}
	if since != "" {
		if o.Since, err = enrol.ParseSince(since); err != nil {
			return who, o, orders.Errorf(orders.EINVALID, "--%w", err)
		}
	}
	if bunkerFile != "" {
		if who.Pubkey == "" {
			return who, o, orders.Errorf(orders.EINVALID, "--owner: whose signer it is, is needed")
		}
		if o.Bunker, err = nip17.ReadSecretLine(bunkerFile); err != nil {
			return who, o, orders.Errorf(orders.EINVALID, "--bunker-file: %w", err)
		}
		return who, o, nil
	}
	if o.Secret, err = nip17.ReadSecretFile(file, passphraseFile); err != nil {
		return who, o, orders.Errorf(orders.EINVALID, "--file: %w", err)
	}
	if who.Pubkey == "" {
		who.Pubkey = o.Secret.PublicKey()
	}
	return who, o, nil
}

// noArgument is cobra.NoArgs for commands that take a key from a file: it does not
// repeat one that was written behind them.
func noArgument(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return orders.Errorf(orders.EINVALID, "this takes flags and no argument: a key, or a bunker:// URL, comes in a file")
	}
	return nil
}
