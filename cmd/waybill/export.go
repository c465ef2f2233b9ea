package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/export"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay"
)

// exporter is `orders export`: which orders, whose, and in what form.
type exporter struct {
	app          *app
	key          keyFlags
	filter       map[string]*[]string // by the key of orders.ParseFilter
	format, from string
	bom          bool
}

// filterFlags say what each key of a filter is for, on the command line.
var filterFlags = map[string]string{
	"role":         "with --key: your orders as buyer, or as seller",
	"status":       "only orders with this status; may be repeated",
	"since":        "begun then or later: a date, a time (RFC 3339), or milliseconds",
	"until":        "begun then or earlier; a date counts to its end",
	"q":            "words to find orders by: ids, tracking numbers, titles, the other party",
	"counterparty": "the other party: npub, hex, or a NIP-05 name",
	"sort":         "-created, created, -updated or updated",
}

func (a *app) ordersExport() *cobra.Command {
	x := &exporter{app: a, filter: map[string]*[]string{}}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write orders as CSV or JSON",
		Long: `Write the orders that the filters mean to standard output, as CSV or JSON. With --key
they are your own, and what is sealed to you is opened, here and nowhere else; without
it the operator's view of all. --from reads a file that the API exported as JSON
instead, for which no relay is needed.`,
		Example: `  waybill orders export --since 2026-11-01 > orders.csv
  waybill orders export --key seller.nsec --role seller --status shipped --format json
  waybill orders export --key seller.nsec --from orders-2026-11-30.json > orders.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return x.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	x.key.add(cmd, "your own orders, opened; without it the operator's view")
	for _, key := range orders.FilterKeys {
		values := new([]string)
		x.filter[key] = values
		cmd.Flags().StringArrayVar(values, key, nil, filterFlags[key])
	}
	cmd.Flags().StringVar(&x.format, "format", "csv", "csv or json")
	cmd.Flags().BoolVar(&x.bom, "bom", false, "begin the CSV with a byte order mark, for Excel")
	cmd.Flags().StringVar(&x.from, "from", "", "a file that the API exported as JSON; - for standard input")
	return cmd
}

func (x *exporter) run(ctx context.Context, stdout io.Writer) (err error) {
	me, err := x.key.signer()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	w, err := x.writer(out, me != nil)
	if err != nil {
		return err
	}
	write := func(o *orders.Order) error {
		opened := openOrder(ctx, me, o)
		return w.Write(export.Entry{Order: o, Opened: opened.Opened})
	}
	if x.from != "" {
		err = x.fromFile(write)
	} else {
		err = x.fromIndexes(ctx, me, write)
	}
	if err != nil {
		return errors.Join(err, out.Flush())
	}
	return errors.Join(w.Close(), out.Flush())
}

func (x *exporter) writer(out *bufio.Writer, private bool) (export.Writer, error) {
	switch x.format {
	case "json":
		return export.NewJSON(out), nil
	case "csv":
		if x.bom {
			if _, err := out.WriteString(export.Mark); err != nil {
				return nil, err
			}
		}
		return export.NewCSV(out, private), nil
	}
	return nil, orders.Errorf(orders.EINVALID, "--format is csv or json")
}

func (x *exporter) fromFile(write func(*orders.Order) error) error {
	for key, values := range x.filter {
		if len(*values) > 0 {
			return orders.Errorf(orders.EINVALID, "--%s does not go with --from: the file has what was asked for then", key)
		}
	}
	in := io.Reader(os.Stdin)
	if x.from != "-" {
		f, err := os.Open(x.from)
		if err != nil {
			return orders.Errorf(orders.EINVALID, "--from: %w", err)
		}
		defer f.Close()
		in = f
	}
	return export.Read(bufio.NewReader(in), write)
}

func (x *exporter) fromIndexes(ctx context.Context, me *nip17.SecretSigner, write func(*orders.Order) error) error {
	cfg, err := loadConfig(x.app.configFile)
	if err != nil {
		return err
	}
	f, err := x.parse(ctx, cfg)
	if err != nil {
		return err
	}
	s, err := dialIndexes(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	for o, err := range x.orders(ctx, cfg.isAdmin, s, me, f) {
		if err != nil {
			return err
		}
		if err := write(o); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the flags as the API reads a query.
func (x *exporter) parse(ctx context.Context, cfg config) (orders.Filter, error) {
	query := url.Values{}
	for key, values := range x.filter {
		query[key] = *values
	}
	f, err := orders.ParseFilter(ctx, query, func(ctx context.Context, name string) (keys []string, err error) {
		l, done, err := ledgerIfAny(ctx, cfg)
		if err != nil || l == nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, done()) }()
		return (&relay.Names{Ledger: l}).Of(ctx, name)
	})
	var bad *orders.ParameterError
	if errors.As(err, &bad) {
		return f, orders.Errorf(orders.EINVALID, "--%s: %s", bad.Parameter, bad.Message)
	}
	return f, err
}

// orders are the participant's own, or, without a key, all: the operator of this
// machine sees what the indexes have.
func (x *exporter) orders(ctx context.Context, isAdmin func(string) bool, s *redisstore.Store, me *nip17.SecretSigner, f orders.Filter) iter.Seq2[*orders.Order, error] {
	if me != nil {
		if f.As == orders.Admin {
			return func(yield func(*orders.Order, error) bool) {
				yield(nil, orders.Errorf(orders.EINVALID, "--role is buyer or seller with --key"))
			}
		}
		return orders.NewReader(s, isAdmin).EachOrder(ctx, me.PublicKey(), f)
	}
	return func(yield func(*orders.Order, error) bool) {
		if f.As != 0 && f.As != orders.Admin {
			yield(nil, orders.Errorf(orders.EINVALID, "--role goes with --key"))
			return
		}
		f.As = orders.Admin
		for q := (orders.Query{Limit: 200}); ; {
			found, err := s.Find(ctx, "", f, q)
			if err == nil {
				err = s.Unbox(ctx, found.Items)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, o := range found.Items {
				o.Now(time.Now().UnixMilli())
				if !yield(o, nil) {
					return
				}
			}
			if q.Cursor = found.Next; q.Cursor == "" {
				return
			}
		}
	}
}
