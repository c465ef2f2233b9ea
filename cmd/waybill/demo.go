package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/waybill-relay/waybill/orders"
)

// demoFlags is what `waybill demo` may be told.
type demoFlags struct {
	listen     string
	keep, once bool
}

func (a *app) demo() *cobra.Command {
	f := &demoFlags{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a relay in a temporary folder and play orders through it",
		Long: `Run a complete relay in a fresh temporary folder, with a buyer, two sellers and an
arbiter, and play real NIP-17 messages through its WebSocket: a cart over both
sellers, an order in every status, and a dispute that is resolved.

Afterwards the relay stays open to be tried out from another terminal, until
Ctrl-C; then the folder is removed. Nothing outside of it is touched.`,
		Example: `  waybill demo
  waybill demo --once                        # only the tour
  waybill demo --listen 127.0.0.1:7447 --keep`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("config") {
				return orders.Errorf(orders.EINVALID, "demo writes a configuration of its own: leave --config out")
			}
			return f.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "HOST:PORT to listen on; port 0 is a free one")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "leave the folder when the relay closes")
	cmd.Flags().BoolVar(&f.once, "once", false, "close the relay after the tour")
	return cmd
}

// run returns nil also where ctx ends early: Ctrl-C is how a demo is left.
func (f *demoFlags) run(ctx context.Context, out io.Writer) (err error) {
	s, err := newDemoStage(ctx, f.listen)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, s.close(f.keep))
		if f.keep && err == nil {
			fmt.Fprintf(out, "\nThe folder is left: %s\n", s.folder)
		}
	}()

	open, shut := context.WithCancel(ctx)
	defer shut()
	g, open := errgroup.WithContext(open)
	g.Go(func() error { return s.daemon.run(open) })
	g.Go(func() error {
		defer shut()
		if err := s.show(open, out, f.once); err != nil && ctx.Err() == nil {
			return err
		}
		return nil
	})
	return g.Wait()
}

// show is the whole demo, once the relay is open.
func (s *demoStage) show(ctx context.Context, out io.Writer, once bool) error {
	s.printCast(out)
	if err := s.enter(ctx); err != nil {
		return err
	}
	if err := s.play(ctx, out); err != nil {
		return err
	}
	if err := s.printOrders(ctx, out); err != nil || once {
		return err
	}
	s.printNext(out)
	<-ctx.Done()
	return nil
}
