// Package redisstore is the Redis projection of orders: it writes what the fold
// makes of an order's facts, and answers lists, single orders and statistics
// from it.
//
// It is a projection and nothing but. It holds no session, no lock and no TTL;
// it decides nothing about an order, asks nobody who may see it, and everything
// in it can be lost and rebuilt from the ledger. It never opens a box, and
// touches no key but its own (keys.go), so that it may share a Redis.
//
// One Redis is meant (7.0 or later, or Valkey), with or without replicas, not a
// Cluster; or the engine in this process that StartEmbedded starts.
package redisstore

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/waybill-relay/waybill/orders"
)

// Store is the projection in one Redis. It is safe for concurrent use, also by
// several processes.
type Store struct {
	client redis.UniversalClient
}

var _ orders.Index = (*Store)(nil)

// New makes a Store of a client that the caller has set up and will close
// (Close closes it too).
func New(client redis.UniversalClient) *Store { return &Store{client: client} }

// Open makes a Store of the Redis at url (redis://, rediss:// or unix://, with
// go-redis's options as query), which it does not ask yet: see CheckServer. EINVALID:
// the URL is none. The error repeats no part of it.
func Open(url string) (*Store, error) {
	opt, err := redis.ParseURL(url)
	if err != nil {
		// The cause quotes the URL, and so the password in it.
		return nil, orders.Errorf(orders.EINVALID, "the Redis URL cannot be read: "+
			"it is redis://[user:password@]host[:port][/db], rediss://… or unix:///path, with %%-escapes in the password")
	}
	// What the URL does not say. A whole batch of orders is one round trip, so
	// the timeouts are for a busy server, not for a far one.
	setDefault(&opt.DialTimeout, 3*time.Second)
	setDefault(&opt.ReadTimeout, 10*time.Second)
	setDefault(&opt.WriteTimeout, 10*time.Second)
	opt.DialerRetries = 1 // a command is retried as a whole; whoever waits for Redis has a pace of his own
	opt.ContextTimeoutEnabled = true
	opt.DisableIdentity = true // CLIENT SETINFO is newer than Redis 7.0
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return New(redis.NewClient(opt)), nil
}

// Dial is Open and CheckServer.
func Dial(ctx context.Context, url string) (*Store, error) {
	s, err := Open(url)
	if err != nil {
		return nil, err
	}
	if err := s.CheckServer(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

// Close closes the client.
func (s *Store) Close() error { return s.client.Close() }

// Ping reports whether Redis answers: nil or EUNAVAILABLE.
func (s *Store) Ping(ctx context.Context) error { return fail(s.client.Ping(ctx).Err()) }

// CheckServer asks the server what it is. EINVALID: it cannot hold the projection;
// EUNAVAILABLE: it does not answer, or not to this password. The embedded engine
// names no version.
func (s *Store) CheckServer(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	text, err := s.client.Info(ctx).Result()
	if err != nil {
		return fail(err)
	}
	return checkInfo(text)
}

// checkInfo judges a server by its reply to INFO.
func checkInfo(text string) error {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[k] = v
		}
	}
	switch version := info["redis_version"]; {
	case version != "" && majorOf(version) < 7:
		return orders.Errorf(orders.EINVALID, "this is Redis %s, and 7.0 or later is needed", version)
	case info["redis_mode"] == "cluster":
		return orders.Errorf(orders.EINVALID, "this is a Redis Cluster: one Redis is needed, with or without replicas")
	case info["redis_mode"] == "sentinel":
		return orders.Errorf(orders.EINVALID, "this is a Sentinel: the URL of the Redis behind it is needed")
	case strings.HasPrefix(info["maxmemory_policy"], "allkeys-") && info["maxmemory"] != "0":
		return orders.Errorf(orders.EINVALID, "this Redis throws keys away when it is full (maxmemory-policy %s): "+
			"noeviction is needed", info["maxmemory_policy"])
	}
	return nil
}

// majorOf is the number before the first dot of a version, 0 where there is none.
func majorOf(version string) int {
	major := 0
	for _, c := range version {
		if c < '0' || c > '9' || major > 1000 {
			break
		}
		major = major*10 + int(c-'0')
	}
	return major
}
