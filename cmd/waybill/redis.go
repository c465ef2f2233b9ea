package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// openRedis connects to the operator's Redis, or starts the engine in this
// process and leaves word where it is, for the commands beside the daemon.
func (d *daemon) openRedis(ctx context.Context) (err error) {
	url := d.cfg.Redis.URL
	if url == "" {
		engine, err := redisstore.StartEmbedded()
		if err != nil {
			return err
		}
		d.closers = append(d.closers, func() error { engine.Close(); return nil })
		url = engine.URL()
		if err := d.leaveWord(url); err != nil {
			return err
		}
		d.log.Info().Msg("no redis.url: the order indexes live in this process and are built anew at every start, " +
			"which suits trying out and small shops (up to some 10,000 orders)")
	}
	if d.store, err = redisstore.Open(url); err != nil {
		return err
	}
	d.closeStore = sync.OnceValue(d.store.Close)
	d.closers = append(d.closers, d.closeStore)
	if err = d.store.CheckServer(ctx); orders.ErrorCode(err) == orders.EUNAVAILABLE {
		// The relay takes messages all the same; the tracker waits for Redis.
		d.log.Warn().Err(err).Msg("the order indexes will follow once Redis answers")
		return nil
	}
	return err
}

// silence keeps go-redis from writing to standard error by itself: what fails is
// returned, and said once.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// redisWord is the file that holds the URL of the engine in the daemon's process.
const redisWord = "redis.url"

func (d *daemon) leaveWord(url string) error {
	path := filepath.Join(d.cfg.DataDir, redisWord)
	d.closers = append(d.closers, func() error { return os.Remove(path) })
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(url+"\n"), 0o600)
}

// dialIndexes connects to the order indexes of a daemon that runs, or ran.
func dialIndexes(ctx context.Context, cfg config) (*redisstore.Store, error) {
	url, err := indexesURL(cfg)
	if err != nil {
		return nil, err
	}
	return redisstore.Dial(ctx, url)
}

// indexesURL is where the order indexes are: the operator's Redis, or the engine
// in a running daemon's process.
func indexesURL(cfg config) (string, error) {
	if cfg.Redis.URL != "" {
		return cfg.Redis.URL, nil
	}
	text, err := os.ReadFile(filepath.Join(cfg.DataDir, redisWord))
	if err != nil {
		return "", orders.Errorf(orders.EUNAVAILABLE, "no relay is running in %s, and redis.url is empty", cfg.DataDir)
	}
	return strings.TrimSpace(string(text)), nil
}

// trimLine takes the line end off a file of one line.
func trimLine(s string) string { return strings.TrimRight(s, "\r\n") }
