package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip19"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

func (a *app) keys() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "The keys that participants have delegated to this relay",
		Long: `The keys that participants have delegated to this relay. They are kept encrypted
under keys.master_file, and only ever decrypt: nothing in Waybill signs with them.
A running relay notices a change within a second; a key that is added opens what
already waits for it, a key that is removed opens nothing more.`,
		Example: "  waybill keys add --file seller.ncryptsec --passphrase-file pass.txt\n  waybill keys list\n  waybill keys remove npub1…",
	}
	cmd.AddCommand(a.keysAdd(), a.keysList(), a.keysRemove(), a.keysAnnounce(), keysGenerate())
	return cmd
}

func (a *app) store() (*nip17.Store, error) {
	cfg, err := loadConfig(a.configFile)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, err
	}
	master, err := nip17.LoadMaster(cfg.Keys.MasterFile)
	if err != nil {
		return nil, err
	}
	return nip17.OpenStore(keysFile(cfg), master)
}

func (a *app) keysAdd() *cobra.Command {
	var file, passphraseFile, owner, since string
	cmd := &cobra.Command{
		Use:   "add --file FILE",
		Short: "Add a delegated key",
		Example: `  waybill keys add --file seller.ncryptsec --passphrase-file pass.txt
  waybill keys add --file enc.key --owner npub1… --since 2026-01-31   # an encryption key (kind 10044)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := nip17.ReadSecretFile(file, passphraseFile)
			if err != nil {
				return orders.Errorf(orders.EINVALID, "--file: %w", err)
			}
			defer secret.Zero()
			if owner != "" {
				if owner, err = publicKey(owner); err != nil {
					return orders.Errorf(orders.EINVALID, "--owner: %w", err)
				}
			}
			var from time.Time
			if since != "" {
				if from, err = time.Parse(time.DateOnly, since); err != nil {
					return orders.Errorf(orders.EINVALID, "--since: a date as 2026-01-31 is needed")
				}
			}
			store, err := a.store()
			if err != nil {
				return err
			}
			entry, err := store.Add(secret, owner, from)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "added %s\n", orders.Npub(entry.Pubkey))
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "file with the secret key (nsec, ncryptsec or hex)")
	cmd.Flags().StringVar(&passphraseFile, "passphrase-file", "", "file with the passphrase of an ncryptsec")
	cmd.Flags().StringVar(&owner, "owner", "", "whose inbox it reads, where it is a separate encryption key (npub or hex)")
	cmd.Flags().StringVar(&since, "since", "", "open only what arrived on this date or later")
	must(cmd.MarkFlagRequired("file"))
	return cmd
}

func (a *app) keysList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the delegated keys, without their secrets",
		Example: "  waybill keys list\n  waybill keys list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			entries, err := store.List()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), entries)
			}
			return printKeys(cmd.OutOrStdout(), entries)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func printKeys(out io.Writer, entries []nip17.Entry) error {
	if len(entries) == 0 {
		_, err := fmt.Fprintln(out, "No delegated keys (those in the config file are not listed here).")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tREADS FOR\tSINCE\tADDED")
	for _, e := range entries {
		since := "ever"
		if !e.Since.IsZero() {
			since = e.Since.Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", orders.Npub(e.Pubkey), middle(orders.Npub(e.Owner), 20), since, e.AddedAt.Local().Format("2006-01-02 15:04"))
	}
	return w.Flush()
}

func (a *app) keysRemove() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NPUB",
		Short:   "Remove a delegated key",
		Example: "  waybill keys remove npub1…",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := publicKey(args[0])
			if err != nil {
				return orders.Errorf(orders.EINVALID, "%w", err)
			}
			store, err := a.store()
			if err != nil {
				return err
			}
			found, err := store.Remove(key)
			if err != nil {
				return err
			}
			if !found {
				return orders.Errorf(orders.ENOTFOUND, "no such key is delegated")
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", orders.Npub(key))
			return nil
		},
	}
}

func (a *app) keysAnnounce() *cobra.Command {
	var key keyFlags
	var relays []string
	cmd := &cobra.Command{
		Use:   "announce",
		Short: "Announce the relay as where you read private messages (kind 10050)",
		Long: `Announce the relay as where you read private messages (kind 10050), as every
NIP-17 client does. It makes you a participant: the relay then takes gift wraps
for you. It hands over no key.`,
		Example: "  waybill keys announce --key buyer.nsec",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			me, err := key.required()
			if err != nil {
				return err
			}
			defer me.Zero()
			if relays, err = cfg.relays(relays); err != nil {
				return err
			}
			if err := client.Announce(cmd.Context(), me, relays); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s reads private messages at %s\n", orders.Npub(me.PublicKey()), strings.Join(relays, ", "))
			return nil
		},
	}
	key.add(cmd, "who is announcing")
	must(cmd.MarkFlagRequired("key"))
	cmd.Flags().StringArrayVar(&relays, "relay", nil, "relay to announce, may be repeated (default: the first of relay.public_urls)")
	return cmd
}

func keysGenerate() *cobra.Command {
	return &cobra.Command{
		Use:   "generate FILE",
		Short: "Make a new key pair for trying things out; the secret goes into FILE",
		Example: `  waybill keys generate buyer.nsec
  waybill keys generate seller.nsec && waybill keys add --file seller.nsec`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			npub, err := generateKey(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), npub)
			return nil
		},
	}
}

// generateKey writes a new nsec into a file that must not exist, and returns the npub.
func generateKey(path string) (npub string, err error) {
	secret := nostr.GeneratePrivateKey()
	public, err := nostr.GetPublicKey(secret)
	if err != nil {
		return "", err
	}
	nsec, err := nip19.EncodePrivateKey(secret)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	if _, err := f.WriteString(nsec + "\n"); err != nil {
		f.Close()
		return "", err
	}
	return orders.Npub(public), f.Close()
}

// must is for what can only fail by a mistake in this program.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
