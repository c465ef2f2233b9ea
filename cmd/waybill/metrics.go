package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/api"
	"github.com/waybill-relay/waybill/relay/metrics"
)

// openMetrics ties the gauges to what they are asked of, and opens the listener for
// /metrics, unless it is the admin listener.
func (d *daemon) openMetrics(context.Context) (err error) {
	d.metrics.Watch(metrics.Sources{
		Indexes: d.store.Census,
		Orders:  func(ctx context.Context) (int64, error) { return d.ledger.StandingCount(ctx, 0) },
		Inbox:   d.ledger.InboxCensus, Lag: d.tracker.Lag, Ledger: d.ledger.Stats, Wire: d.relay.Wire,
		Signers: d.signers.census, Waiting: d.waitingForSigners, Sessions: d.activeSessions,
	})
	listen := d.cfg.Metrics.Listen
	if listen == "" || d.cfg.metricsByAdmin() {
		return nil
	}
	mux := http.NewServeMux()
	handler := d.metrics.Handler()
	if listen == auto {
		listen, handler = metricsAuto, metrics.ByAddress(handler)
	}
	mux.Handle("GET /metrics", handler)
	d.scraped, err = d.openSide(listen, mux)
	switch {
	case err != nil && d.cfg.Metrics.Listen == auto && errors.Is(err, syscall.EADDRINUSE):
		d.log.Warn().Str("listen", listen).Msg("this address is taken, so there are no metrics: set metrics.listen to another one, or to nothing")
		return nil
	case err != nil:
		return fmt.Errorf("metrics.listen: %w", err)
	}
	d.log.Info().Str("listen", d.scraped.listener.Addr().String()).Msg("the listener for metrics is open")
	if exposed(listen) {
		d.log.Warn().Msg(metricsExposed)
	}
	return nil
}

const metricsExposed = "metrics.listen is not a loopback address: whoever reaches it learns how many orders there are, and how they do"

// metricsByAdmin reports whether the two share a listener.
func (c *config) metricsByAdmin() bool {
	return c.Metrics.Listen == c.Admin.Listen && !strings.HasSuffix(c.Metrics.Listen, ":0")
}

// activeSessions counts who has signed in and not been idle for too long since.
func (d *daemon) activeSessions(ctx context.Context) (int64, error) {
	now := time.Now()
	return d.ledger.CountSessions(ctx, now.UnixMilli(), now.Add(-api.SessionIdle).UnixMilli())
}

// mostCounted is up to how many messages are counted that wait in one inbox.
const mostCounted = 10_000

// waitingForSigners counts the messages of those whose key is a remote signer's.
func (d *daemon) waitingForSigners(ctx context.Context) (int, error) {
	var inboxes []string
	for _, owner := range d.keyring.Owners() {
		keys := d.keyring.Of(owner)
		remote := false
		for _, k := range keys {
			_, is := k.(nip17.RemoteKey)
			remote = remote || is
		}
		if remote {
			inboxes = append(inboxes, owner)
		}
	}
	return d.ledger.CountUnopened(ctx, inboxes, mostCounted)
}
