package main

import (
	"context"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/client"
)

// benchFlags is what `waybill bench ingest` may be told.
type benchFlags struct {
	app                          *app
	url                          string
	key                          keyFlags
	wraps, conns, window, buyers int
	pid                          int
	patience                     time.Duration
	json                         bool
}

func (a *app) bench() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure a running relay on this machine",
		Example: "  waybill bench ingest --wraps 20000 --conns 8",
	}
	cmd.AddCommand(a.benchIngest())
	return cmd
}

func (a *app) benchIngest() *cobra.Command {
	f := &benchFlags{app: a}
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Send many orders at once, and see when they are accepted and tracked",
		Long: `Send many orders to a running relay, as real gift wraps that were made beforehand,
and measure how long each takes to its OK and to its order in Redis. The wraps go
to the relay's own key, or with --key to a seller who delegated it.

The orders stay in the ledger: use a relay with a data folder of its own. A relay
on another machine is refused. The exit code is 1 where an event was not accepted,
or an order did not become visible within --patience.

What is printed, and the names in --json:
  accepted, events_per_s         OK true, and those by the seconds from the first
                                 event sent to the last OK (elapsed_s)
  visible, visible_per_s         orders seen in Redis, and those by the seconds to
                                 the last of them (visible_elapsed_s)
  ok_ms, visible_ms              milliseconds from sending an event to its OK, and
                                 to its order in Redis: p50, p99, max. With many
                                 events on the way at once most of it is waiting
                                 in line; --conns 1 --window 1 is a single client
  cpu_us_per_event               microseconds of CPU (user and system) of the
                                 relay's process by event accepted; a Redis beside
                                 it is not counted, the embedded one is
  peak_memory_bytes              the most that process ever had resident
  errors                         how many events failed, by reason`,
		Example: `  waybill bench ingest --wraps 20000 --conns 8
  waybill bench ingest --config waybill.toml --key seller.nsec --json
  waybill bench ingest --url ws://127.0.0.1:7447 --conns 1 --window 1 --wraps 1000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.url, "url", "", "the relay, on this machine (default: the first of relay.public_urls)")
	f.key.add(cmd, "the wraps go to this delegated key in place of the relay's own")
	fs.IntVar(&f.wraps, "wraps", 10_000, "how many orders to send, one gift wrap each")
	fs.IntVar(&f.conns, "conns", 8, "how many connections to send them on")
	fs.IntVar(&f.window, "window", 64, "how many may wait for their OK on each connection")
	fs.IntVar(&f.buyers, "buyers", 1000, "how many buyers they come from")
	fs.IntVar(&f.pid, "pid", 0, "process id of the relay (default: that in data_dir)")
	fs.DurationVar(&f.patience, "patience", time.Minute, "how long to wait for an OK, and for the last order to be tracked")
	fs.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (f *benchFlags) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	if min(f.wraps, f.conns, f.window, f.buyers) < 1 || f.patience <= 0 {
		return orders.Errorf(orders.EINVALID, "--wraps, --conns, --window, --buyers and --patience must be above 0")
	}
	cfg, err := loadConfig(f.app.configFile)
	if err != nil {
		return err
	}
	if f.url == "" && len(cfg.Relay.PublicURLs) > 0 {
		f.url = cfg.Relay.PublicURLs[0]
	}
	if err := onThisMachine(f.url); err != nil {
		return err
	}
	watch, err := newBenchWatch(ctx, cfg)
	if err != nil {
		return err
	}
	defer watch.close()
	to, err := f.recipient(ctx)
	if err != nil {
		return err
	}
	load, err := makeBenchLoad(ctx, f.wraps, f.buyers, to, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	process := findProcess(cfg, f.pid)
	before := process.cpu()
	m, err := f.measure(ctx, load, watch)
	if err != nil {
		return err
	}
	r := f.report(load, m, before, process.cpu(), process.peak())
	if f.json {
		err = printJSON(cmd.OutOrStdout(), r)
	} else {
		err = r.print(cmd.OutOrStdout())
	}
	if err != nil {
		return err
	}
	return r.verdict()
}

// recipient is whose inbox the wraps go into, and who sells.
func (f *benchFlags) recipient(ctx context.Context) (benchRecipient, error) {
	if f.key.file == "" {
		self, err := client.RelayKey(ctx, f.url)
		return benchRecipient{inbox: self, name: "the relay itself"}, err
	}
	seller, err := f.key.signer()
	if err != nil {
		return benchRecipient{}, err
	}
	defer seller.Zero()
	key := seller.PublicKey()
	return benchRecipient{inbox: key, seller: key, name: orders.Npub(key)}, nil
}

// onThisMachine refuses to load a relay that others may depend on.
func onThisMachine(relay string) error {
	u, err := url.Parse(relay)
	if err != nil || u.Scheme != "ws" && u.Scheme != "wss" {
		return orders.Errorf(orders.EINVALID, "the relay's URL is needed: --url ws://127.0.0.1:7447")
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost") {
		return nil
	}
	return orders.Errorf(orders.EINVALID, "%s is not on this machine, and bench loads no other: --url ws://127.0.0.1:7447", plain(host))
}
