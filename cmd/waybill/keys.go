package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip19"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/relay/enrol"
)

func (a *app) keys() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "The keys that participants have delegated to this relay",
		Long: `The keys that participants have delegated to this relay. They are kept encrypted
under the master key, and only ever decrypt: nothing in Waybill signs with them.
A key that is added opens what already waits for it; once it is removed, it opens
nothing more.

Ways of taking part, the safest first:

` + waysInWords(),
		Example: "  waybill keys add --file enc.key --owner npub1…\n  waybill keys add --bunker-file bunker.txt --owner npub1…\n  waybill keys list\n  waybill keys remove npub1…",
	}
	cmd.AddCommand(a.keysAdd(), a.keysConnect(), a.keysList(), a.keysRemove(), a.keysInvite(), a.keysLog(), a.keysAnnounce(), keysGenerate())
	return cmd
}

// waysInWords is the table of ways for a terminal.
func waysInWords() string {
	var b strings.Builder
	for i, w := range enrol.Ways() {
		fmt.Fprintf(&b, "%d. %s. %s\n   What it costs: %s\n", i+1, w.Title, w.Do, w.Costs)
	}
	return wrapLines(b.String(), 80)
}

// wrapLines breaks long lines at spaces, and indents what follows.
func wrapLines(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for line = strings.TrimRight(line, "\n"); len(line) > width; {
			cut := strings.LastIndexByte(line[:width], ' ')
			if cut <= 3 {
				break
			}
			b.WriteString(line[:cut] + "\n")
			line = "   " + line[cut+1:]
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// keyDesk is the desk as the operator at the machine uses it, and the signers that it
// asks, which are to be closed.
func keyDesk(cfg config) (desk *enrol.Desk, s *signers, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, nil, err
	}
	master, err := cfg.Keys.relaysMaster()
	if err != nil {
		return nil, nil, err
	}
	store, err := nip17.OpenStore(keysFile(cfg), master)
	if err != nil {
		return nil, nil, err
	}
	if desk, err = newDesk(cfg, store, master); err != nil {
		return nil, nil, err
	}
	s = newSigners(cfg, master, new(nip17.Keyring), zerolog.Nop())
	desk.Signers, desk.SignerState = s, s.state
	return desk, s, nil
}

// showsPage shows the operator where a signer's user approves.
func showsPage(cmd *cobra.Command) func(owner, page string) {
	return func(_, page string) {
		fmt.Fprintln(cmd.ErrOrStderr(), "the remote signer waits for its user's approval at", page)
	}
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
			return a.onKeyDesk(func(cfg config, desk *enrol.Desk, _ *signers) error {
				st, err := readSignersState(signersFile(cfg))
				if err != nil {
					return err
				}
				// One that stands in the config file, too, goes on opening.
				if desk.Keyring, err = configuredKeys(cfg, st); err != nil {
					return err
				}
				defer desk.Keyring.Clear()
				if err := desk.Revoke(cmd.Context(), enrol.Caller{Door: enrol.DoorShell}, key); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "removed %s: it opens nothing more\n", orders.Npub(key))
				return nil
			})
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
