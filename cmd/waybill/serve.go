package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) serve() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the relay",
		Long: `Run the relay until it gets SIGTERM or SIGINT. Without a config file it listens on
127.0.0.1:7447 and keeps everything under ./data.`,
		Example: `  waybill serve
  waybill serve --config /etc/waybill/waybill.toml
  WAYBILL_REDIS_URL=redis://127.0.0.1:6379/0 waybill serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			log, err := newLogger(cfg.Log, os.Stderr)
			if err != nil {
				return err
			}
			d, err := openDaemon(cmd.Context(), cfg, log)
			if err != nil {
				return err
			}
			return errors.Join(d.run(cmd.Context()), d.close())
		},
	}
}
