package main

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func (a *app) stats() *cobra.Command {
	var asJSON bool
	var since string
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Tell how well orders do: the measures of success",
		Long: `Tell how well the orders of this machine's relay do: how many of those that messages
have begun are tracked, how many ended with their delivery, how long they stay in a
status, how many are disputed, and at how many their buyers look. It reads the ledger
and the order indexes, whether anybody gathers metrics or not.

For the orders of one participant see waybill orders stats.`,
		Example: `  waybill stats                    # of the orders of the last 30 days
  waybill stats --since 2026-01-01
  waybill stats --since all --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := parseSince(since, time.Now())
			if err != nil {
				return err
			}
			cfg, err := loadConfig(a.configFile)
			if err != nil {
				return err
			}
			report, err := measure(cmd.Context(), cfg, from)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), report)
			}
			return printReport(cmd.OutOrStdout(), report)
		},
	}
	cmd.Flags().StringVar(&since, "since", "30d", `orders that began since: so many days ("30d"), a time span ("12h"), a date ("2026-01-31"), or "all"`)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// parseSince is a moment in the past (ms), 0 for all of it.
func parseSince(text string, now time.Time) (int64, error) {
	if text == "all" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, -n).UnixMilli(), nil
		}
	}
	if span, err := time.ParseDuration(text); err == nil && span > 0 {
		return now.Add(-span).UnixMilli(), nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return at.UnixMilli(), nil
		}
	}
	return 0, orders.Errorf(orders.EINVALID, `--since: %q is no time span ("30d", "12h"), no date ("2026-01-31"), and not "all"`, text)
}

// A report is what waybill stats prints. Ratios are 0 to 1, nil where there is
// nothing to divide by; what the ledger alone knows is nil where there is none here.
type report struct {
	Since      int64         `json:"since"` // ms; 0: all
	Orders     int64         `json:"orders"`
	Tracking   *share        `json:"tracking,omitempty"` // of the orders in the ledger those in the indexes
	Answered   share         `json:"answered"`           // by their seller
	Completion completion    `json:"completion"`         // of those that ended
	Disputes   disputes      `json:"disputes"`           // of those that were paid
	Engagement *share        `json:"engagement,omitempty"`
	Stays      []stay        `json:"statusDuration"`
	Messages   *messageState `json:"messages,omitempty"` // that are not opened, whenever they came
}

type share struct {
	Of    int64    `json:"of"`
	N     int64    `json:"n"`
	Ratio *float64 `json:"ratio"`
}

type completion struct {
	share
	ByOutcome map[orders.Closing]int64 `json:"byOutcome"`
}

type disputes struct {
	share
	Open int64 `json:"open"`
}

// stay is how long orders were in a status that they have left, in seconds.
type stay struct {
	Status orders.Status `json:"status"`
	N      int64         `json:"n"`
	P50    int64         `json:"p50"`
	P90    int64         `json:"p90"`
}

type messageState struct {
	Waiting    int64            `json:"waiting"`
	Unreadable map[string]int64 `json:"unreadable"` // by reason
}

func shareOf(n, of int64) share {
	s := share{Of: of, N: n}
	if of > 0 {
		ratio := math.Round(float64(n)/float64(of)*10_000) / 10_000
		s.Ratio = &ratio
	}
	return s
}

// measure reads every order since (ms): what it holds at a time is a page of them.
func measure(ctx context.Context, cfg config, since int64) (r *report, err error) {
	s, err := dialIndexes(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	l, done, err := ledgerIfAny(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	views := map[string]int64{}
	if l != nil {
		if views, err = l.Views(ctx, since); err != nil {
			return nil, err
		}
	}
	var m orders.Measures
	seen := map[string]bool{}
	for o, err := range s.Since(ctx, since) {
		if err != nil {
			return nil, err
		}
		seen[o.IntentID] = true
		m.Add(o, views[o.IntentID])
	}
	r = &report{
		Since: since, Orders: m.Orders, Answered: shareOf(m.Answered, m.Orders),
		Completion: completion{shareOf(m.Closed[orders.ClosedCompleted], m.Ended()), map[orders.Closing]int64{}},
		Disputes:   disputes{shareOf(m.Disputed, m.Paid), m.Open}, Stays: []stay{},
	}
	for _, c := range orders.Closings {
		r.Completion.ByOutcome[c] = m.Closed[c]
	}
	for _, status := range orders.Statuses {
		if n, half, most := m.Stayed(status); n > 0 {
			r.Stays = append(r.Stays, stay{status, n, half / 1000, most / 1000})
		}
	}
	if l == nil {
		return r, nil
	}
	engagement := shareOf(m.Viewed, m.Orders)
	r.Engagement = &engagement
	return r, r.askLedger(ctx, l, s, since, seen)
}

// askLedger adds how many of the ledger's orders are tracked, and what is not opened.
func (r *report) askLedger(ctx context.Context, l *ledger.Ledger, s *redisstore.Store, since int64, seen map[string]bool) error {
	var known, tracked int64
	for after := (orders.Beginning{Least: since}); ; {
		page, err := l.Standing(ctx, math.MaxInt64, after, 1000)
		if err != nil {
			return err
		}
		for _, b := range page {
			after = b
			if known++; seen[b.IntentID] {
				tracked++
				continue
			}
			// Not listed as one of that time, or not there.
			switch _, err := s.Order(ctx, b.IntentID); {
			case err == nil:
				tracked++
			case orders.ErrorCode(err) != orders.ENOTFOUND:
				return err
			}
		}
		if len(page) == 0 {
			break
		}
	}
	tracking := shareOf(tracked, known)
	counts, err := l.InboxCensus(ctx)
	if err != nil {
		return err
	}
	r.Tracking, r.Messages = &tracking, &messageState{Unreadable: map[string]int64{}}
	for _, c := range counts {
		if c.State == ledger.Unreadable {
			r.Messages.Unreadable[c.Reason] = c.N
		} else {
			r.Messages.Waiting += c.N
		}
	}
	return nil
}
