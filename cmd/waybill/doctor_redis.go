package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// redisPatience is for a server that does not answer at all.
const redisPatience = 10 * time.Second

func (d *doctor) checkRedis(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
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
	store, err := redisstore.Open(url)
	if err != nil {
		d.problem("redis", "correct redis.url", "%v", err)
		return
	}
	defer store.Close()
	if err := store.CheckServer(ctx); orders.ErrorCode(err) == orders.EUNAVAILABLE {
		d.problem("redis", "see that it runs, that redis.url names it, and that user and password are right; messages are taken meanwhile", "%v", err)
		return
	} else if err != nil {
		d.problem("redis", "give the relay a Redis that fits", "%v", err)
		return
	}
	d.checkServer(ctx, url, own)
	d.checkCursor(ctx, store)
}

// checkServer looks at what INFO says of version, persistence and memory. The
// engine in the relay's process says none of it.
func (d *doctor) checkServer(ctx context.Context, url string, own bool) {
	info, err := redisInfo(ctx, url)
	if err != nil {
		d.warn("redis", "let the user ask INFO (waybill doctor --redis-acl)", "it does not say what it is")
		return
	}
	name, version := "Redis", info["redis_version"]
	if v := info["valkey_version"]; v != "" {
		name, version = "Valkey", v
	}
	if version == "" {
		d.ok("redis", "the engine in the relay's process answers; it is built anew at every start")
		return
	}
	d.ok("redis", "%s %s answers", name, version)
	if own {
		return // its settings are the relay's
	}
	switch {
	case info["role"] == "slave":
		d.problem("redis", "let redis.url name the primary", "this is a replica, which cannot be written to")
	case info["aof_enabled"] != "1":
		d.warn("redis", "set appendonly yes", "it keeps no append-only file: after a restart the order indexes are built anew from the ledger, nothing is lost but time")
	case info["aof_last_write_status"] == "err":
		d.problem("redis", "look at its disk and its log", "it cannot write its append-only file")
	default:
		d.ok("redis", "it keeps an append-only file")
	}
	if info["rdb_last_bgsave_status"] == "err" {
		d.warn("redis", "look at its disk and its log", "its last snapshot failed, and it may refuse writes for that")
	}
	used, most := number(info["used_memory"]), number(info["maxmemory"])
	if most > 0 && used > most/10*9 {
		d.warn("redis", "raise maxmemory: when it is full it refuses writes, and the order indexes stand still",
			"%s of its %s are used", bytesText(used), bytesText(most))
	}
}

// redisInfo is the reply to INFO, field by field.
func redisInfo(ctx context.Context, url string) (map[string]string, error) {
	opt, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	opt.DisableIdentity = true
	client := redis.NewClient(opt)
	defer client.Close()
	text, err := client.Info(ctx).Result()
	if err != nil {
		return nil, err
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[k] = v
		}
	}
	return info, nil
}

func number(s string) size {
	n, _ := strconv.ParseInt(s, 10, 64) // not said: 0
	return size(n)
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
	case at.Ledger != d.ledger.ID():
		d.problem("redis", "does another Waybill use this Redis? Give each a database number of its own; if not, the relay sets it right when it runs",
			"its order indexes were made from another ledger (%s)", plain(at.Ledger))
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
