package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) backup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Back up the ledger into one new file, while the relay runs",
		Long: `Back up the ledger into one new file, as it is at this moment. The relay may go on
running. Everything in Redis follows from the ledger and need not be backed up.

The file holds every message that is kept, most of them encrypted to their readers,
and no key. The keys are files of their own, and without them a restored relay has
another identity and opens nothing more: the command names them. Keep the master
key apart from the backup, for it opens the other two.`,
		Example: "  waybill backup /mnt/backup/waybill-2026-01-31.db\n  waybill verify --ledger /mnt/backup/waybill-2026-01-31.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			if err := ledger.BackupFile(cmd.Context(), cfg.Ledger.URL, args[0]); err != nil {
				return err
			}
			info, err := os.Stat(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the ledger is in %s (%s)\n\n", args[0], humanize.IBytes(uint64(info.Size())))
			return printKeyFiles(cmd.OutOrStdout(), a.keyFiles(cfg), "It holds no keys. Keep these as well:")
		},
	}
}

// A keyFile is a file that a relay needs beside its ledger.
type keyFile struct{ path, what string }

func (a *app) keyFiles(cfg config) []keyFile {
	files := []keyFile{
		{cfg.Keys.IdentityFile, "the relay's own key"},
		{keysFile(cfg), "the keys that participants have delegated, encrypted"},
		{cfg.Keys.MasterFile, "opens the two above: keep it apart from the backup"},
	}
	for _, k := range cfg.Keys.Delegated {
		for _, path := range []string{k.SecretFile, k.BunkerFile} {
			if path != "" {
				files = append(files, keyFile{path, "a delegated key of the config file"})
			}
		}
	}
	if a.configFile != "" {
		files = append(files, keyFile{a.configFile, "the config file"})
	}
	return files
}

// printKeyFiles lists those that are here.
func printKeyFiles(out io.Writer, files []keyFile, title string) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, f := range files {
		if _, err := os.Stat(f.path); err != nil {
			continue
		}
		if title != "" {
			fmt.Fprintln(w, title)
			title = ""
		}
		fmt.Fprintf(w, "  %s\t%s\n", f.path, f.what)
	}
	return w.Flush()
}
