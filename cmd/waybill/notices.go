package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/notify"
)

func (a *app) notices() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notices",
		Short: "What participants are told of their orders, and what became of it",
		Long: `What participants are told of their orders by direct message, e-mail and webhook, and
what became of it. What is settled stays here for 30 days.`,
		Example: "  waybill notices list --state failed\n  waybill notices retry 17\n  waybill notices secret",
	}
	cmd.AddCommand(a.noticesList(), a.noticesRetry(), a.noticesWebhooks(), a.noticesEnable(), noticesSecret())
	return cmd
}

func (a *app) noticesList() *cobra.Command {
	var state, reader string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List notices, the newest first",
		Example: "  waybill notices list --state failed\n  waybill notices list --reader npub1…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := ledger.NoticeQuery{State: ledger.NoticeState(state), Limit: limit}
			if !slices.Contains([]ledger.NoticeState{"", ledger.NoticeDue, ledger.NoticeSent, ledger.NoticeFailed, ledger.NoticeDropped}, q.State) {
				return orders.Errorf(orders.EINVALID, "--state is one of due, sent, failed, dropped")
			}
			if reader != "" {
				key, err := publicKey(reader)
				if err != nil {
					return orders.Errorf(orders.EINVALID, "--reader: %w", err)
				}
				q.Reader = &key
			}
			return a.onLedger(cmd, ledger.OpenReadOnly, func(_ config, l *ledger.Ledger) error {
				notices, err := l.Notices(cmd.Context(), q)
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
				fmt.Fprintln(w, "NOTICE\tDECIDED\tORDER\tEVENT\tTO\tBY\tSTATE\tTRIES\tNEXT, OR WHY")
				for _, n := range notices {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", n.ID, clock(n.CreatedAt), plain(n.IntentID), notify.EventOf(n),
						noticeReader(n.Reader), notify.Channel(n.Lane), n.State, n.Attempts, noticeRest(n))
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only those that are due, sent, failed or dropped")
	cmd.Flags().StringVar(&reader, "reader", "", "only those to this public key (npub or hex)")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	return cmd
}

func noticeReader(key string) string {
	if key == "" {
		return "the operator"
	}
	return orders.Npub(key)
}

func noticeRest(n ledger.Notice) string {
	if n.State != ledger.NoticeDue || n.Attempts == 0 {
		return n.LastError
	}
	return clock(n.NextAt) + ", " + n.LastError
}

func (a *app) noticesRetry() *cobra.Command {
	var failed bool
	cmd := &cobra.Command{
		Use:   "retry [NOTICE]...",
		Short: "Send settled notices again",
		Long: `Send settled notices again, as if they had never been tried; a webhook gets the same
message id and body. The relay may be running: it notices within some seconds.`,
		Example: "  waybill notices retry 17 18\n  waybill notices retry --failed",
		RunE: func(cmd *cobra.Command, args []string) error {
			var ids []int64
			for _, arg := range args {
				id, err := strconv.ParseInt(arg, 10, 64)
				if err != nil || id <= 0 {
					return orders.Errorf(orders.EINVALID, "%.20q is no number of a notice", arg)
				}
				ids = append(ids, id)
			}
			if len(ids) == 0 != failed {
				return orders.Errorf(orders.EINVALID, "either the numbers of notices are needed, or --failed")
			}
			return a.onLedger(cmd, ledger.Open, func(_ config, l *ledger.Ledger) error {
				if failed {
					notices, err := l.Notices(cmd.Context(), ledger.NoticeQuery{State: ledger.NoticeFailed, Limit: mostRetried})
					if err != nil {
						return err
					}
					for _, n := range notices {
						ids = append(ids, n.ID)
					}
				}
				slices.Sort(ids)
				for _, id := range ids {
					if err := l.RetryNotice(cmd.Context(), id, nil, time.Now().UnixMilli()); err != nil {
						return fmt.Errorf("notice %d: %w", id, err)
					}
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d notices are due again\n", len(ids))
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&failed, "failed", false, "all that have failed")
	return cmd
}

// mostRetried bounds what --failed takes at once.
const mostRetried = 10_000

func (a *app) noticesWebhooks() *cobra.Command {
	return &cobra.Command{
		Use:     "webhooks",
		Short:   "List the operator's webhooks, and whether they are disabled",
		Example: "  waybill notices webhooks",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onLedger(cmd, ledger.OpenReadOnly, func(cfg config, l *ledger.Ledger) error {
				hooks, err := l.Webhooks(cmd.Context(), "")
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
				fmt.Fprintln(w, "WEBHOOK\tURL\tFAILURES IN A ROW\tDISABLED")
				for _, h := range hooks {
					fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", h.ID, configuredURL(cfg, h.ID), h.Failures, h.Disabled)
				}
				return w.Flush()
			})
		},
	}
}

// configuredURL is where a webhook of the configuration leads, without what may be
// secret in it.
func configuredURL(cfg config, id string) string {
	for _, w := range cfg.Webhooks {
		if (notify.Hook{URL: w.URL}).ID() == id {
			if u, err := url.Parse(w.URL); err == nil {
				return u.Scheme + "://" + u.Host + "/…"
			}
		}
	}
	return "(not in this configuration)"
}

func (a *app) noticesEnable() *cobra.Command {
	return &cobra.Command{
		Use:     "enable WEBHOOK",
		Short:   "Post to one of the operator's webhooks again that was disabled",
		Example: "  waybill notices enable whe_0123456789abcdef0123",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onLedger(cmd, ledger.Open, func(_ config, l *ledger.Ledger) error {
				return l.EnableWebhook(cmd.Context(), args[0], "")
			})
		},
	}
}

func noticesSecret() *cobra.Command {
	return &cobra.Command{
		Use:     "secret",
		Short:   "Make a secret for a [[webhooks]] table",
		Example: "  waybill notices secret > /etc/waybill/webhook.secret",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), notify.NewSecret())
			return err
		},
	}
}
