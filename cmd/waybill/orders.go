package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// viewer is who looks at orders and how: the operator of this machine (no key),
// or a participant or an admin with a key of their own.
type viewer struct {
	app    *app
	cfg    config
	key    keyFlags
	json   bool
	as     string
	status string
	query  orders.Query
}

func (a *app) orders() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "orders",
		Short:   "Look at the orders that this machine's relay tracks",
		Example: "  waybill orders list\n  waybill orders show pi_npub1…_1760000000000 --key buyer.nsec\n  waybill orders stats --key seller.nsec --as seller",
	}
	cmd.AddCommand(a.ordersList(), a.ordersShow(), a.ordersStats(), a.ordersExport(), a.ordersAudit())
	return cmd
}

func (v *viewer) flags(cmd *cobra.Command) {
	v.key.add(cmd, "see your own orders, or as an admin those in dispute, opened; without it the operator's view")
	cmd.Flags().BoolVar(&v.json, "json", false, "print JSON (the default where the output is no terminal)")
}

// asJSON: tables are for people.
func (v *viewer) asJSON() bool { return v.json || !term.IsTerminal(int(os.Stdout.Fd())) }

func (a *app) ordersList() *cobra.Command {
	v := &viewer{app: a}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List orders, the newest first",
		Example: `  waybill orders list
  waybill orders list --status shipped --limit 20 --page 2
  waybill orders list --key seller.nsec --as seller --json
  waybill orders list --key admin.nsec --status disputed`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return v.with(cmd.Context(), func(ctx context.Context, s *redisstore.Store) error { return v.list(ctx, s, cmd.OutOrStdout()) })
		},
	}
	v.flags(cmd)
	cmd.Flags().StringVar(&v.as, "as", "", "with --key: your orders as buyer or as seller (default for an admin: everybody's)")
	cmd.Flags().StringVar(&v.status, "status", "", "only orders with this status")
	cmd.Flags().IntVar(&v.query.Limit, "limit", 50, "how many, at most 200")
	cmd.Flags().IntVar(&v.query.Page, "page", 0, "which page, from 1")
	cmd.Flags().StringVar(&v.query.Cursor, "cursor", "", "go on after the page that gave this cursor")
	return cmd
}

func (a *app) ordersShow() *cobra.Command {
	v := &viewer{app: a}
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one order with its timeline",
		Example: `  waybill orders show A-100
  waybill orders show A-100 --key buyer.nsec   # opens what is sealed to you`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return v.with(cmd.Context(), func(ctx context.Context, s *redisstore.Store) error {
				return v.show(ctx, s, cmd.OutOrStdout(), args[0])
			})
		},
	}
	v.flags(cmd)
	return cmd
}

func (a *app) ordersStats() *cobra.Command {
	v := &viewer{app: a}
	of := ""
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Sum up a participant's orders",
		Example: `  waybill orders stats --key seller.nsec --as seller
  waybill orders stats --of npub1… --as buyer`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return v.with(cmd.Context(), func(ctx context.Context, s *redisstore.Store) error {
				return v.stats(ctx, s, cmd.OutOrStdout(), of)
			})
		},
	}
	v.flags(cmd)
	cmd.Flags().StringVar(&v.as, "as", "", "as buyer or as seller")
	cmd.Flags().StringVar(&of, "of", "", "whose (npub or hex), in place of --key")
	return cmd
}

func (v *viewer) with(ctx context.Context, do func(context.Context, *redisstore.Store) error) error {
	var err error
	if v.cfg, err = loadConfig(v.app.configFile); err != nil {
		return err
	}
	s, err := dialIndexes(ctx, v.cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(ctx, s)
}

func (v *viewer) role() (orders.Role, error) {
	switch v.as {
	case "buyer":
		return orders.Buyer, nil
	case "seller":
		return orders.Seller, nil
	}
	return 0, orders.Errorf(orders.EINVALID, "--as must be buyer or seller")
}

func (v *viewer) list(ctx context.Context, s *redisstore.Store, out io.Writer) error {
	me, err := v.key.signer()
	if err != nil {
		return err
	}
	v.query.Status = orders.Status(v.status)
	page, err := v.page(ctx, s, me)
	if err != nil {
		return err
	}
	if v.asJSON() {
		return printJSON(out, page)
	}
	return printList(out, page)
}

func (v *viewer) page(ctx context.Context, s *redisstore.Store, me *nip17.SecretSigner) (page orders.Page, err error) {
	if me == nil {
		if v.as != "" {
			return page, orders.Errorf(orders.EINVALID, "--as goes with --key")
		}
		page, err = s.List(ctx, orders.List{}, v.query)
		for _, o := range page.Items {
			o.Now(time.Now().UnixMilli())
		}
		return page, err
	}
	read, key := orders.NewReader(s, v.cfg.isAdmin), me.PublicKey()
	if v.as == "" && v.cfg.isAdmin(key) {
		return read.GetAllOrders(ctx, key, v.query)
	}
	role, err := v.role()
	switch {
	case err != nil:
		return page, err
	case role == orders.Buyer:
		return read.GetBuyerOrders(ctx, key, key, v.query)
	}
	return read.GetSellerOrders(ctx, key, key, v.query)
}

func (v *viewer) show(ctx context.Context, s *redisstore.Store, out io.Writer, id string) error {
	me, err := v.key.signer()
	if err != nil {
		return err
	}
	o, err := named(id, func(id string) (*orders.Order, error) {
		if me != nil {
			return orders.NewReader(s, v.cfg.isAdmin).GetOrder(ctx, me.PublicKey(), id)
		}
		o, err := s.Order(ctx, id)
		if err == nil {
			o.Now(time.Now().UnixMilli())
		}
		return o, err
	})
	if err != nil {
		return err
	}
	opened := openOrder(ctx, me, o)
	if v.asJSON() {
		return printJSON(out, opened)
	}
	return printOrder(out, opened)
}

// named gets the order that a user names: by its intentId, or by the id as its messages
// have it, which may need escaping.
func named(id string, get func(intentID string) (*orders.Order, error)) (*orders.Order, error) {
	o, err := get(id)
	if escaped := orders.EscapeID(id); escaped != id && orders.ErrorCode(err) == orders.ENOTFOUND {
		return get(escaped)
	}
	return o, err
}

func (v *viewer) stats(ctx context.Context, s *redisstore.Store, out io.Writer, of string) error {
	me, err := v.key.signer()
	if err != nil {
		return err
	}
	role, err := v.role()
	if err != nil {
		return err
	}
	key := ""
	switch {
	case me != nil && of != "":
		return orders.Errorf(orders.EINVALID, "--key is for your own, and --of for somebody's without his key")
	case me != nil:
		key = me.PublicKey()
	case of == "":
		return orders.Errorf(orders.EINVALID, "whose? --of npub1…, or --key for your own")
	default:
		if key, err = publicKey(of); err != nil {
			return orders.Errorf(orders.EINVALID, "--of: %w", err)
		}
	}
	stats, err := s.Stats(ctx, role, key)
	if err != nil {
		return err
	}
	if v.asJSON() {
		return printJSON(out, stats)
	}
	return printStats(out, stats)
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}
