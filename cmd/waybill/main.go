// Command waybill is a Nostr relay that turns encrypted purchase messages into
// tracked orders, and the tools around it. It only wires: every rule is in the
// packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = ""

func main() {
	// Every command may hold a key, and some wait with it.
	if err := forbidDumps(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		fmt.Fprintln(os.Stderr, "waybill: the memory cannot be kept out of core dumps:", err)
		os.Exit(exitCode(err))
	}
	// Never given back: a second signal must not kill what ends because of the first.
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "waybill:", err)
		os.Exit(exitCode(err))
	}
}

// exitCode is what a shell script can tell errors apart by.
func exitCode(err error) int {
	switch orders.ErrorCode(err) {
	case orders.EINVALID:
		return 2
	case orders.ENOTFOUND:
		return 3
	case orders.EFORBIDDEN:
		return 4
	case orders.ECONFLICT:
		return 5
	case orders.EUNAVAILABLE:
		return 6
	}
	return 1
}

// app is what every subcommand shares.
type app struct {
	configFile string
}

func root() *cobra.Command {
	a := &app{}
	cmd := &cobra.Command{
		Use:   "waybill",
		Short: "A Nostr relay that turns encrypted purchase DMs into tracked orders",
		Long: `Waybill is a Nostr relay. Buyers and sellers keep their own NIP-17 clients; the
relay stores their gift wraps, opens those it was given a key for, and keeps
track of every order in Redis.`,
		Example: `  waybill demo                        # see it work, in a temporary folder
  waybill serve                       # run a relay on 127.0.0.1:7447
  waybill serve --config waybill.toml # run it as configured`,
		Version:       versionText(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.PersistentFlags().StringVarP(&a.configFile, "config", "c", os.Getenv(envPrefix+"CONFIG"), "config file (TOML); none: the defaults")
	cmd.AddCommand(a.serve(), a.send(), a.orders(), a.stats(), a.keys(), a.notices(), a.rebuild(), a.backup(), a.restore(), a.verify(), a.retain(),
		a.explain(), a.doctor(), a.healthcheck(), a.demo(), a.bench())
	addCobras(cmd)
	return cmd
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "development"
}
