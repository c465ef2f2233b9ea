package main

import (
	"cmp"
	"context"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// redisPatience is for a server that does not answer at all.
const redisPatience = 10 * time.Second

func (d *doctor) checkRedis(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	for _, path := range []string{d.cfg.Redis.URLFile, d.cfg.Redis.PasswordFile, d.cfg.Redis.TLSKeyFile} {
		d.checkMode("redis", path, "a secret may be in it")
	}
	own := d.cfg.Redis.URL == ""
	if own && !d.running {
		d.ok("redis", "redis.url is empty: the relay brings its own, and it is not running")
		return
	}
	url, err := indexesURL(d.cfg)
	if err != nil {
		d.problem("redis", "restart the relay", "%v", err)
		return
	}
	options, err := d.cfg.Redis.options()
	if err != nil {
		d.problem("redis", "correct the redis.tls_ files", "%v", err)
		return
	}
	store, err := redisstore.Open(url, options...)
	if err != nil {
		d.problem("redis", "correct redis.url", "%v", err)
		return
	}
	defer store.Close()
	report, err := store.Inspect(ctx)
	if orders.ErrorCode(err) == orders.EUNAVAILABLE {
		d.problem("redis", "see that it runs, that redis.url names it, and that user and password are right; messages are taken meanwhile", "%v", err)
		return
	} else if err != nil {
		d.problem("redis", "give the relay a Redis that fits", "%v", err)
		return
	}
	d.checkServer(report, own)
	d.checkCursor(ctx, store)
}

// checkServer says what the server is. The engine in the relay's process has no
// version.
func (d *doctor) checkServer(report redisstore.Report, own bool) {
	if report.Version == "" && own {
		d.ok("redis", "the engine in the relay's process answers; it is built anew at every start")
		return
	}
	d.ok("redis", "%s %s answers", cmp.Or(report.Program, "Redis"), cmp.Or(report.Version, "of an unknown version"))
	if own {
		return // its settings are the relay's
	}
	for _, w := range report.Warnings {
		d.warn("redis", "look at its configuration and its log", "%s", w)
	}
	if report.Persistence != "" && len(report.Warnings) == 0 {
		d.ok("redis", "it saves its data (%s)", report.Persistence)
	}
}

// checkCursor compares where the order indexes stand with the ledger.
func (d *doctor) checkCursor(ctx context.Context, store *redisstore.Store) {
	at, known, err := store.Cursor(ctx)
	switch {
	case err != nil:
		d.problem("redis", "look at the key it names, or run `waybill rebuild`", "%v", err)
		return
	case d.ledger == nil:
		return // said before
	case !known:
		d.ok("redis", "it holds no order indexes yet, the relay builds them from the ledger")
		return
	case at.Owner() != d.ledger.ID():
		d.problem("redis", "does another Waybill use this Redis? Give each a database number of its own; if not, the relay sets it right when it runs",
			"its order indexes were made from another ledger (%s)", plain(at.Owner()))
		return
	}
	last, err := d.ledger.LastSeq(ctx)
	if err != nil {
		return // said before
	}
	switch behind := last - at.Seq; {
	case behind <= 0:
		d.ok("redis", "the order indexes are those of this ledger, and up to date")
	case d.running:
		d.warn("redis", "ask again in a moment; if it grows, the relay's log says why", "the order indexes are %d facts behind the ledger", behind)
	default:
		d.ok("redis", "the order indexes are %d facts behind the ledger, and will follow when the relay runs", behind)
	}
}
