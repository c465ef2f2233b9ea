package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// auditForm names the form of an audit file.
const auditForm = "waybill order audit 1"

// An auditFile is one order with everything that speaks for it. Nothing private
// is in it in clear: the boxes and wraps are encrypted to their readers.
type auditFile struct {
	Form       string         `json:"form"`
	HowToCheck []string       `json:"howToCheck"`
	MadeAt     int64          `json:"madeAt"` // ms
	Ledger     string         `json:"ledger"`
	Relay      string         `json:"relay"`      // its own public key (hex), which is no party to anything
	RumorKinds []int          `json:"rumorKinds"` // that it reads beside 14, 16 and 17
	Order      *orders.Order  `json:"order"`      // without its boxes, which are in the facts
	Facts      []orders.Fact  `json:"facts"`      // one for each copy of a message and each thing said in it
	Messages   []auditMessage `json:"messages"`
}

// An auditMessage is one message with every copy that arrived of it.
type auditMessage struct {
	Rumor  string      `json:"rumor"` // its id (hex), as in the facts
	Copies []auditCopy `json:"copies"`
}

type auditCopy struct {
	WrapID     string       `json:"wrapId"`
	Recipient  string       `json:"recipient"`
	ReceivedAt int64        `json:"receivedAt"` // ms
	Seal       *auditSeal   `json:"seal,omitempty"`
	Wrap       *nostr.Event `json:"wrap,omitempty"` // the event that came, whole: a gift wrap, or one that its author signed himself
	Gone       string       `json:"gone,omitempty"` // why it is not here
}

// An auditSeal is what of a seal (NIP-59 kind 13) can be checked without a key.
type auditSeal struct {
	ID     string `json:"id"`
	Author string `json:"author"`
	Sig    string `json:"sig"`
}

var howToCheck = []string{
	"Run: waybill orders audit --check THIS-FILE --key YOUR-KEY-FILE. It needs no network and no relay.",
	"By hand: a wrap in messages[].copies[] opens with its recipient's key (NIP-59): nip44.decrypt(wrap.pubkey, wrap.content) is the seal.",
	"The seal's id is its hash and its signature that of its pubkey, the author: nobody else, this relay included, could have made it. nip44.decrypt(seal.pubkey, seal.content) is the message, whose id is the rumor's here.",
	"A copy that is gone because it was 'dropped' came to the relay's own key, which keeps no wraps. Its seal is in the box of the first fact of the message, in the field seal: nip44.decrypt(box.sealedBy, box.for[your public key]) is a JSON of everything private in it.",
	"A wrap of another kind than 1059 was signed by its author himself: what it says stands in it, or, of kind 4, opens with either party's key (NIP-04). What is sealed in it opens with nip44.decrypt(author, payload).",
	"Each fact is what the message says, and the order is what follows from the facts: README, 'The fold'.",
	"What no key can show: when a message arrived (receivedAt is the relay's word), whether the sender was an admin (byAdmin), and whether the relay left out a message.",
}

func (a *app) ordersAudit() *cobra.Command {
	var outFile, check string
	var key keyFlags
	cmd := &cobra.Command{
		Use:   "audit ID",
		Short: "Write one order with all its evidence into a file, or check such a file",
		Long: `Write one order with all its evidence into a file: its state and history, the facts
it follows from, and the authors' signed seals. Nothing private is in it in clear.
It is for the operator, on the relay's machine; the relay may go on running.

With --check the file is checked, anywhere and offline. With the key of a party
every message is opened that this key opens: then the author's signature, that the
facts say what the message says, and that the order follows from the facts are
proved. Without a key only what is signed in the open is checked.`,
		Example: `  waybill orders audit A-100 --out A-100.json
  waybill orders audit --check A-100.json --key buyer.nsec`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case check != "" && len(args) == 0 && outFile == "":
				return checkAudit(cmd.Context(), cmd.OutOrStdout(), check, &key)
			case check != "" || len(args) == 0:
				return orders.Errorf(orders.EINVALID, "either the id of an order is needed, or --check with a file")
			case key.file != "":
				return orders.Errorf(orders.EINVALID, "--key goes with --check: an audit needs none")
			}
			return a.onLedger(cmd, ledger.OpenReadOnly, func(cfg config, l *ledger.Ledger) error {
				return audit(cmd, cfg, l, args[0], outFile)
			})
		},
	}
	cmd.Flags().StringVar(&outFile, "out", "", "the new file to write (default: standard output)")
	cmd.Flags().StringVar(&check, "check", "", "the file to check")
	key.add(cmd, "open with it what is for you, with --check")
	return cmd
}

func audit(cmd *cobra.Command, cfg config, l *ledger.Ledger, id, outFile string) error {
	self, err := relayKey(cfg)
	if err != nil {
		return err
	}
	file, err := gather(cmd.Context(), l, id)
	if err != nil {
		return err
	}
	file.Relay, file.RumorKinds = self, append([]int{}, cfg.Dialects.RumorKinds...)
	if outFile == "" {
		return printJSON(cmd.OutOrStdout(), file)
	}
	out, err := os.OpenFile(outFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return orders.Errorf(orders.ECONFLICT, "--out: %w", err)
	}
	if err := errors.Join(printJSON(out, file), out.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "order %s with %d messages is in %s\n", id, len(file.Messages), outFile)
	return err
}

// relayKey is the relay's own public key. It is not made here where there is none.
func relayKey(cfg config) (string, error) {
	if missing, err := cfg.Keys.missing(); err != nil || missing != "" {
		return "", errors.Join(err, orders.Errorf(orders.EUNAVAILABLE, "there is no %s: the relay's own key is needed", missing))
	}
	master, err := cfg.Keys.master()
	if err != nil {
		return "", err
	}
	identity, _, err := nip17.LoadIdentity(cfg.Keys.IdentityFile, master, cfg.Keys.IdentityPassphraseFile)
	if err != nil {
		return "", err
	}
	defer identity.Zero()
	return identity.PublicKey(), nil
}

// gather reads everything of an order.
func gather(ctx context.Context, l *ledger.Ledger, id string) (*auditFile, error) {
	missing := orders.Errorf(orders.ENOTFOUND, "there is no such order")
	k, ok, err := l.KeyOf(ctx, id)
	if err != nil || !ok {
		return nil, errors.Join(err, missing)
	}
	begin, ok, err := l.Beginning(ctx, k)
	switch {
	case err != nil || !ok:
		return nil, errors.Join(err, missing)
	case begin.Retired:
		return nil, orders.Errorf(orders.ENOTFOUND, "this order was erased (retention.completed): nothing is left to show")
	}
	facts, seq, err := orders.Members(ctx, l, k)
	if err != nil {
		return nil, err
	}
	file := &auditFile{Form: auditForm, HowToCheck: howToCheck, MadeAt: time.Now().UnixMilli(), Ledger: l.ID(), Facts: facts}
	file.Order = foldAudit(k, facts)
	file.Order.IntentID, file.Order.Version = begin.IntentID, max(file.Order.Version, seq, begin.Mark)
	for _, f := range facts {
		if slices.ContainsFunc(file.Messages, func(m auditMessage) bool { return m.Rumor == f.ID }) {
			continue
		}
		copies, err := l.Copies(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		m := auditMessage{Rumor: f.ID}
		for _, c := range copies {
			m.Copies = append(m.Copies, auditCopy{
				WrapID: c.EventID, Recipient: c.Recipient, ReceivedAt: c.ReceivedAt, Wrap: c.Event, Gone: c.Gone, Seal: (*auditSeal)(c.Seal),
			})
		}
		file.Messages = append(file.Messages, m)
	}
	return file, nil
}

// foldAudit is the order as an audit file has it.
func foldAudit(k orders.Key, facts []orders.Fact) *orders.Order {
	o := orders.Fold(k.Pair, facts)
	o.OrderID, o.Boxes = k.OrderID, nil
	return o
}

func readAudit(path string) (*auditFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, orders.Errorf(orders.EINVALID, "--check: %w", err)
	}
	file := new(auditFile)
	if err := json.Unmarshal(text, file); err != nil || file.Form != auditForm || file.Order == nil {
		return nil, orders.Errorf(orders.EINVALID, "--check: %s is no audit of an order that this program knows", path)
	}
	return file, nil
}
