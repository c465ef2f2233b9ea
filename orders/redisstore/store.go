// Package redisstore is the Redis projection of orders: it writes what the fold
// makes of an order's facts, and answers lists, single orders and statistics
// from it.
//
// It is a projection and nothing but. It holds no session and no TTL; it decides nothing about an order, asks nobody who may see it, and everything
// in it can be lost and rebuilt from the ledger. It never opens a box, and
// touches no key but its own (keys.go), so that it may share a Redis.
//
// One Redis is meant (7.0 or later, or Valkey), with or without replicas, not a
// Cluster; or the one that StartServer starts beside this process, or the engine
// that StartEmbedded starts in it.
package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Store is the projection in one Redis. It is safe for concurrent use, also by
// several processes.
type Store struct {
	client redis.UniversalClient
	db     int    // the database number
	ledger string // the one that it projects, see WithLedger; "": any
}

var _ orders.Index = (*Store)(nil)

// New makes a Store of a client that the caller has set up and will close
// (Close closes it too).
func New(client redis.UniversalClient) *Store { return &Store{client: client} }

// Dial is Open and CheckServer.
func Dial(ctx context.Context, url string, options ...Option) (*Store, error) {
	s, err := Open(url, options...)
	if err != nil {
		return nil, err
	}
	if err := s.CheckServer(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the client.
func (s *Store) Close() error { return s.client.Close() }

// Ping reports whether Redis answers: nil or EUNAVAILABLE.
func (s *Store) Ping(ctx context.Context) error { return fail(s.client.Ping(ctx).Err()) }
