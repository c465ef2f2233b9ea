package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (a *app) serve() *cobra.Command {
	var debug bool
	load := func() (config, error) { return loadServing(a.configFile, debug) }
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the relay",
		Long: `Run the relay until it gets SIGTERM or SIGINT. Without a config file it listens on
127.0.0.1:7447 and keeps everything under ./data.

SIGHUP has it read its configuration anew: delegated keys, all limits, admin.max_lag
and log.level change at once; every other key that has changed is named in the log
and needs a restart. A configuration with an error changes nothing.`,
		Example: `  waybill serve
  waybill serve --config /etc/waybill/waybill.toml
  WAYBILL_REDIS_URL=redis://127.0.0.1:6379/0 waybill serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load()
			if err != nil {
				return err
			}
			log, err := newLogger(cfg.Log, os.Stderr)
			if err != nil {
				return err
			}
			// From here on, so that a signal that comes early does not end the process.
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			reloads := hangups(ctx, stop, int(os.Stderr.Fd()))
			prepareProcess(cfg, log)
			return a.work(ctx, cfg, log, load, reloads)
		},
	}
	cmd.Flags().BoolVar(&debug, "debug", false, `log at level "debug", whatever log.level says`)
	return cmd
}

// loadServing is loadConfig for a relay; debug has it log everything, whatever the
// configuration says.
func loadServing(file string, debug bool) (config, error) {
	cfg, err := loadConfig(file)
	if debug {
		cfg.Log.Level = zerolog.LevelDebugValue
	}
	return cfg, err
}

// work runs a relay until ctx ends; at each of reloads it loads the configuration anew.
// To be stopped is no error, before it is open neither.
func (a *app) work(ctx context.Context, cfg config, log zerolog.Logger, load func() (config, error), reloads <-chan os.Signal) error {
	d, err := openDaemon(ctx, cfg, log)
	switch {
	case err != nil && ctx.Err() != nil:
		log.Info().Err(err).Msg("the relay was stopped before it was open")
		return nil
	case err != nil:
		return inFile(a.configFile, err) // a delegated key may be none
	}
	d.load, d.signals = load, reloads
	d.limited = append(d.limited, func(c config) error { limitMemory(c.Limits.Memory, log); return nil })
	return errors.Join(d.run(ctx), d.close())
}

// hangups hands on every SIGHUP that asks for a reload, until ctx ends. The one
// that a closing terminal sends to what runs in it stops the relay instead: fd,
// which was that terminal, is none any more. SIGHUP stays caught for the life of
// the process: its default action would kill a relay that is just being stopped.
func hangups(ctx context.Context, stop func(), fd int) <-chan os.Signal {
	interactive := term.IsTerminal(fd)
	raw, reloads := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(raw, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-raw:
				if interactive && !term.IsTerminal(fd) {
					stop()
					return
				}
				select {
				case reloads <- s:
				default: // one is waiting already
				}
			}
		}
	}()
	return reloads
}
