package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/dialect"
	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// maxExplained is more than any message that the relay takes.
const maxExplained = 1 << 20

func (a *app) explain() *cobra.Command {
	var key keyFlags
	var asJSON, alone bool
	cmd := &cobra.Command{
		Use:   "explain MESSAGE",
		Short: "Tell step by step how a message is read",
		Long: `Tell step by step how a message is read: what it came in, which client's dialect it
is and why, the facts in it, what they do to their order, and why something was
refused. MESSAGE is JSON, the name of a file that holds it, or - for standard input:
a gift wrap (kind 1059), a direct message (kind 4), a signed order message, or a rumor;
or a message that came here, by its name in the log ("m-17"), or by the id (hex) of
its event, or of what was in it: then every copy of it is explained.

What is encrypted opens with --key, or else with the keys that this relay holds. The
order is what the ledger here knows of it. Nothing is kept, sent or changed, and what
is private in the message is named, not shown.`,
		Example: `  waybill explain m-17                            # as in the log
  waybill explain wrap.json --key seller.nsec
  waybill explain '{"kind":16,"pubkey":"…","created_at":1760000000,"tags":[["p","…"],["type","1"],["order","A-1"]],"content":""}'
  waybill explain - --json < message.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			x, err := newExplainer(cfg, &key)
			if err != nil {
				return err
			}
			defer x.Keyring.Clear()
			stored, done, err := ledgerIfAny(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if stored != nil && !alone {
				x.Orders = stored
			}
			found, printed, err := explainOne(cmd.Context(), x, stored, args[0], cmd.InOrStdin())
			if err = errors.Join(err, done()); err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), found)
			}
			return printed(cmd.OutOrStdout())
		},
	}
	key.add(cmd, "what the message is opened with (default: the keys that this relay holds)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&alone, "alone", false, "do not look into the ledger: as if nothing was said before")
	return cmd
}

// readMessage reads JSON from the argument itself, a file, or standard input.
func readMessage(arg string, in io.Reader) ([]byte, error) {
	switch {
	case arg == "-":
		return io.ReadAll(io.LimitReader(in, maxExplained))
	case strings.HasPrefix(strings.TrimSpace(arg), "{"):
		return []byte(arg), nil
	}
	f, err := os.Open(arg)
	if err != nil {
		return nil, orders.Errorf(orders.EINVALID, "the message is neither JSON nor a file: %w", err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxExplained))
}

// newExplainer is an explainer without a ledger. Its keyring is the caller's to clear.
func newExplainer(cfg config, key *keyFlags) (*relay.Explainer, error) {
	keyring, self, err := explainKeys(cfg, key)
	if err != nil {
		return nil, err
	}
	dialects := dialect.New(dialect.WithKinds(cfg.Dialects.RumorKinds...), dialect.WithDirectMessages())
	return &relay.Explainer{Keyring: keyring, Dialects: dialects, Self: self, Admins: cfg.Admins,
		PublicOrders: cfg.Dialects.PublicOrders, DirectMessages: cfg.Dialects.NIP04}, nil
}

// explainOne explains a message of the ledger, or one that is handed in: as what is
// printed as JSON, and in words.
func explainOne(ctx context.Context, x *relay.Explainer, l *ledger.Ledger, arg string, in io.Reader) (found any, printed func(io.Writer) error, err error) {
	if relay.NamesStored(arg) {
		if l == nil {
			return nil, nil, orders.Errorf(orders.ENOTFOUND, "there is no ledger here to look for %s", arg)
		}
		s, err := x.Stored(ctx, l, arg)
		return s, func(out io.Writer) error { return printStored(out, s) }, err
	}
	raw, err := readMessage(arg, in)
	if err != nil {
		return nil, nil, err
	}
	e, err := x.Explain(ctx, raw, time.Now().UnixMilli())
	return e, func(out io.Writer) error { return printExplanation(out, e) }, err
}

// explainKeys is a keyring of --key alone, or of every key that this relay holds,
// and the relay's own public key (hex), "" where it has none yet.
func explainKeys(cfg config, key *keyFlags) (kr *nip17.Keyring, self string, err error) {
	kr = new(nip17.Keyring)
	defer func() {
		if err != nil {
			kr.Clear()
		}
	}()
	me, err := key.signer()
	if err != nil {
		return kr, "", err
	}
	if me != nil {
		defer me.Zero()
		reading, err := me.ReadingKey()
		if err != nil {
			return kr, "", err
		}
		if err := kr.Add(reading); err != nil {
			return kr, "", err
		}
	}
	// Nothing is made here where there is nothing yet.
	if missing, err := cfg.Keys.missing(); err != nil || missing != "" {
		return kr, "", err
	}
	master, err := cfg.Keys.master()
	if err != nil {
		return kr, "", err
	}
	identity, _, err := nip17.LoadIdentity(cfg.Keys.IdentityFile, master, cfg.Keys.IdentityPassphraseFile)
	if err != nil {
		return kr, "", err
	}
	defer identity.Zero()
	if me != nil {
		return kr, identity.PublicKey(), nil
	}
	return kr, identity.PublicKey(), holdAll(kr, cfg, identity, master)
}

// holdAll puts the relay's own key and every delegated one into the keyring.
func holdAll(kr *nip17.Keyring, cfg config, identity *nip17.SecretSigner, master nip17.Master) error {
	reading, err := identity.ReadingKey()
	if err != nil {
		return err
	}
	if err := kr.Add(reading); err != nil {
		return err
	}
	delegated, err := readDelegated(cfg.Keys.Delegated, identity.PublicKey())
	if err != nil {
		return err
	}
	for _, k := range delegated {
		if err := kr.Add(k); err != nil {
			return err
		}
	}
	store, err := nip17.OpenStore(keysFile(cfg), master)
	if err != nil {
		return err
	}
	if _, _, err = store.Load(kr); errors.Is(err, nip17.ErrMaster) {
		return nil // the others open what is theirs
	}
	return err
}
