package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) doctor() *cobra.Command {
	var asJSON bool
	var aclUser string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at configuration, keys, ledger, Redis, clock, public URLs and mail server, and say in words what is off",
		Long: `Look at everything that the relay leans on, whether it runs or not, and change
nothing. Each line is ok, a warning or a problem, with what to do about it. The exit
code is 1 where there is a problem. Run it as the user that the relay runs as. It
reads the whole ledger, which takes a while where that is large.`,
		Example: "  waybill doctor\n  waybill doctor --config /etc/waybill/waybill.toml --json\n  waybill doctor --redis-acl=waybill   # a Redis user who may do just this",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if aclUser != "" {
				fmt.Fprintln(cmd.OutOrStdout(), redisstore.ACLRule(aclUser))
				return nil
			}
			d := examine(cmd.Context(), a.configFile)
			defer d.close()
			problems := d.count(levelProblem)
			if asJSON {
				err := printJSON(cmd.OutOrStdout(), map[string]any{"ok": problems == 0, "findings": d.findings})
				if err != nil {
					return err
				}
			} else if err := d.print(cmd.OutOrStdout()); err != nil {
				return err
			}
			if problems > 0 {
				return fmt.Errorf("doctor: problems: %d", problems) // no code: exit 1
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&aclUser, "redis-acl", "", "only print the ACL rule for a Redis user of that name")
	cmd.Flags().Lookup("redis-acl").NoOptDefVal = "waybill"
	return cmd
}

// A finding is one line of the doctor's. It holds no secret.
type finding struct {
	Area  string `json:"area"`
	Level level  `json:"level"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

type level string

const (
	levelOK      level = "ok"
	levelWarning level = "warning"
	levelProblem level = "problem"
)

// A doctor looks, in the order of its steps, and remembers what a later step
// compares with.
type doctor struct {
	file     string // of the configuration, "" for none
	cfg      config
	findings []finding

	running bool // a daemon holds the data folder
	self    string
	ledger  *ledger.Ledger // nil: there is none that can be read
}

func examine(ctx context.Context, configFile string) *doctor {
	d := &doctor{file: configFile}
	if !d.checkConfig() {
		return d // there is nothing that one would know of
	}
	for _, step := range []func(context.Context){
		d.checkFolder, d.checkDaemon, d.checkKeys, d.checkLedger, d.checkClock, d.checkRedis, d.checkURLs, d.checkNotices,
	} {
		if ctx.Err() == nil {
			step(ctx)
		}
	}
	return d
}

func (d *doctor) close() {
	if d.ledger != nil {
		_ = d.ledger.Close() // it was only read
	}
}

func (d *doctor) ok(area, format string, args ...any) {
	d.findings = append(d.findings, finding{area, levelOK, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) warn(area, do, format string, args ...any) {
	d.findings = append(d.findings, finding{area, levelWarning, fmt.Sprintf(format, args...), do})
}

func (d *doctor) problem(area, do, format string, args ...any) {
	d.findings = append(d.findings, finding{area, levelProblem, fmt.Sprintf(format, args...), do})
}

func (d *doctor) count(l level) (n int) {
	for _, f := range d.findings {
		if f.Level == l {
			n++
		}
	}
	return n
}

func (d *doctor) print(out io.Writer) error {
	var text strings.Builder
	for _, f := range d.findings {
		fmt.Fprintf(&text, "%-8s %-7s %s", f.Level, f.Area, plain(f.Text))
		if f.Do != "" {
			fmt.Fprintf(&text, " -> %s", plain(f.Do))
		}
		text.WriteByte('\n')
	}
	fmt.Fprintf(&text, "\n%d ok, %d warnings, %d problems\n", d.count(levelOK), d.count(levelWarning), d.count(levelProblem))
	_, err := io.WriteString(out, text.String())
	return err
}

// checkConfig reports whether there is a configuration to go on with.
func (d *doctor) checkConfig() bool {
	var err error
	if d.cfg, err = loadConfig(d.file); err != nil {
		d.problem("config", "correct it (config.example.toml explains every key), then run doctor again", "%v", err)
		return false
	}
	d.ok("config", "every value fits (%s and the environment)", cmp.Or(d.file, "the defaults"))
	if d.cfg.hasSecrets() {
		d.checkMode("config", d.file, "it holds secrets")
	}
	if c := d.cfg.Retention.Completed; c > 0 && c < leastRetention {
		d.warn("config", "a month at least is wiser: what is erased cannot be brought back",
			"retention.completed: finished orders are erased after %v already", c.text())
	}
	if exposed(d.cfg.Admin.Listen) {
		d.warn("config", "listen on 127.0.0.1, unless a monitor elsewhere needs it", "admin.listen is not a loopback address: whoever reaches it learns how this relay is doing")
	}
	if exposed(d.cfg.Metrics.Listen) {
		d.warn("config", "listen on 127.0.0.1, unless Prometheus is elsewhere; then let a firewall through nobody but it", metricsExposed)
	}
	return true
}
