package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
	"github.com/waybill-relay/waybill/orders/dialect"
)

// sender is what all send commands share: who speaks, about what, to whom.
type sender struct {
	app    *app
	key    keyFlags
	relays []string
	copyIn bool
	json   bool
	to     string
	buyer  string
	seller string
	toSelf bool
	at     string
	draft  orders.Draft
}

func (a *app) send() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send an order message as a participant (NIP-17)",
		Long: `Send an order message as a participant: a real NIP-17 message, wrapped for the
other party and for yourself, and published to the relay. Any NIP-17 client shows
it, and any client that speaks one of the dialects could have sent it.`,
		Example: `  waybill send intent --key buyer.nsec --to npub1… --item mug,2,"Blue mug",5000 --total 10000
  waybill send request --key seller.nsec --order pi_… --link lnbc1…
  waybill send shipped --key seller.nsec --order pi_… --tracking 1Z9 --carrier UPS`,
	}
	for _, v := range sendVerbs {
		cmd.AddCommand(a.sendVerb(v))
	}
	return cmd
}

func (a *app) sendVerb(v sendVerb) *cobra.Command {
	s := &sender{app: a, draft: orders.Draft{Verb: v.verb}}
	cmd := &cobra.Command{
		Use: v.use, Short: v.short, Example: v.example, Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	s.key.add(cmd, "the message is from this key")
	f.StringArrayVar(&s.relays, "relay", nil, "relay to publish to, may be repeated (default: the first of relay.public_urls)")
	f.BoolVar(&s.copyIn, "copy-relay", false, "copy the relay itself in: then it tracks the order without holding a key")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.StringVar(&s.draft.OrderID, "order", "", "the order's id, as the messages between the two have it")
	f.StringVar(&s.to, "to", "", "the other party (npub or hex; default: looked up in the order, where the relay is on this machine)")
	f.StringVar(&s.at, "at", "", "when it happened, as 2026-01-31T15:04:05Z (default: now)")
	must(cmd.MarkFlagRequired("key"))
	if v.verb != orders.Intent {
		must(cmd.MarkFlagRequired("order"))
	}
	finish := v.flags(cmd, s)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := finish(); err != nil {
			return err
		}
		return s.run(cmd)
	}
	return cmd
}

func (s *sender) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	cfg, err := loadConfig(s.app.configFile)
	if err != nil {
		return err
	}
	me, err := s.key.required()
	if err != nil {
		return err
	}
	defer me.Zero()
	if s.relays, err = cfg.relays(s.relays); err != nil {
		return err
	}
	if err := s.address(ctx, cfg, me); err != nil {
		return err
	}
	c := &client.Client{Relays: s.relays, Copy: s.copyIn}
	if s.copyIn || s.draft.Buyer != "" {
		if c.Self, err = client.RelayKey(ctx, s.relays[0]); err != nil {
			return err
		}
	}
	sent, err := c.Send(ctx, me, s.draft)
	if err != nil {
		return err
	}
	for _, reader := range sent.Missed {
		if reader == me.PublicKey() {
			continue // the relay need not keep a copy for the sender
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "not delivered to %s, who takes no messages at %s\n", orders.Npub(reader), strings.Join(s.relays, ", "))
	}
	if s.json {
		return printJSON(cmd.OutOrStdout(), sent)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s sent, order %s\n", s.draft.Verb, sent.IntentID)
	return err
}

// address finds out to whom the message goes, and gives a new order its id.
func (s *sender) address(ctx context.Context, cfg config, me *nip17.SecretSigner) (err error) {
	d := &s.draft
	if s.at != "" {
		at, err := time.Parse(time.RFC3339, s.at)
		if err != nil {
			return orders.Errorf(orders.EINVALID, "--at: a time as 2026-01-31T15:04:05Z is needed")
		}
		d.At = at.UnixMilli()
	}
	for name, key := range map[string]*[2]*string{
		"--to": {&s.to, &d.To}, "--buyer": {&s.buyer, &d.Buyer}, "--seller": {&s.seller, &d.Seller},
	} {
		if from, to := key[0], key[1]; *from != "" {
			if *to, err = publicKey(*from); err != nil {
				return orders.Errorf(orders.EINVALID, "%s: %w", name, err)
			}
		}
	}
	switch {
	case d.Verb == orders.Intent && d.OrderID == "":
		d.OrderID = orders.NewIntentID(orders.Npub(me.PublicKey()), time.Now().UnixMilli())
	case s.toSelf:
		d.To = me.PublicKey()
	case d.To == "" && d.Buyer == "":
		return s.lookUp(ctx, cfg, me)
	}
	return nil
}

// lookUp asks the order indexes of this machine who the other party is, or, for an
// admin, who both are, and how the order is called between the two.
func (s *sender) lookUp(ctx context.Context, cfg config, me *nip17.SecretSigner) error {
	indexes, err := dialIndexes(ctx, cfg)
	if err != nil {
		return orders.Errorf(orders.EINVALID, "--to is needed: %w", err)
	}
	defer indexes.Close()
	o, err := named(s.draft.OrderID, func(id string) (*orders.Order, error) {
		return orders.NewReader(indexes, cfg.isAdmin).GetOrder(ctx, me.PublicKey(), id)
	})
	if orders.ErrorCode(err) == orders.ENOTFOUND {
		return orders.Errorf(orders.ENOTFOUND, "you have no such order here: name the other party with --to, or, as an admin, --buyer and --seller")
	}
	if err != nil {
		return err
	}
	answer, err := o.Answer(me.PublicKey())
	if err != nil {
		return err
	}
	d := &s.draft
	if answer.To == "" && d.Verb != orders.Resolved && d.Verb != orders.Cancel {
		return orders.Errorf(orders.EFORBIDDEN, "you are neither buyer nor seller of this order: an admin only resolves and cancels")
	}
	d.OrderID, d.To, d.Buyer, d.Seller = answer.OrderID, answer.To, answer.Buyer, answer.Seller
	s.price(o)
	if d.At == 0 {
		d.At = o.SayAt(d.Verb, time.Now().UnixMilli())
	}
	return nil
}

// price names the sum that a request and a receipt of the Gamma spec must have, where
// no flag does: what the link asks for, or else what the order costs. What a proof is
// worth its reader finds in it.
func (s *sender) price(o *orders.Order) {
	d := &s.draft
	if d.Amount != nil || d.Verb != orders.Request && d.Verb != orders.Paid {
		return
	}
	if sats, ok := dialect.Asks(cmp.Or(d.Private.PaymentLink, d.Private.Reference)); ok {
		d.Amount = &sats
	} else if d.Private.Proof == "" {
		o.Price(d)
	}
}
