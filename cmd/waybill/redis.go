package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
)

// openRedis connects to the operator's Redis, or to one of our own, of which it
// leaves word for the commands beside the daemon.
func (d *daemon) openRedis(ctx context.Context) error {
	url := d.cfg.Redis.URL
	if url == "" {
		var err error
		if url, err = d.startRedis(ctx); err != nil {
			return err
		}
		if err := d.leaveWord(url); err != nil {
			return err
		}
	}
	options, err := d.cfg.Redis.options()
	if err != nil {
		return err
	}
	if d.store, err = redisstore.Open(url, append(options, redisstore.WithLedger(d.ledger.ID()))...); err != nil {
		return err
	}
	d.closeStore = sync.OnceValue(d.store.Close)
	d.closers = append(d.closers, d.closeStore)
	ctx, cancel := context.WithTimeout(ctx, redisGreeting)
	defer cancel()
	report, err := d.store.Inspect(ctx)
	for _, w := range report.Warnings {
		d.log.Warn().Msg("Redis: " + w)
	}
	if orders.ErrorCode(err) == orders.EUNAVAILABLE || ctx.Err() != nil {
		// The relay takes messages all the same; the tracker waits for Redis.
		d.log.Warn().Err(err).Msg("the order indexes will follow once Redis answers")
		return nil
	}
	return err
}

// redisGreeting is how long the start waits for a Redis that does not say a word.
const redisGreeting = 5 * time.Second

// startRedis starts a server of our own, or the engine in this process, as
// redis.embedded says.
func (d *daemon) startRedis(ctx context.Context) (url string, err error) {
	if d.cfg.Redis.Embedded != "memory" {
		server, err := redisstore.StartServer(ctx, redisstore.ServerOptions{Dir: d.cfg.DataDir, Log: d.log})
		if err == nil {
			d.closers = append(d.closers, server.Close)
			return server.URL(), nil
		}
		if !errors.Is(err, redisstore.ErrNoServer) || d.cfg.Redis.Embedded == "server" {
			return "", err
		}
	}
	engine, err := redisstore.StartEmbedded()
	if err != nil {
		return "", err
	}
	d.closers = append(d.closers, func() error { engine.Close(); return nil })
	d.log.Info().Msg("the order indexes live in this process and are built anew at every start, which suits trying out and " +
		"small shops (up to some 10,000 orders): install redis-server or valkey-server 7.0 or later, or set redis.url, for more")
	return engine.URL(), nil
}

// options are how to connect beyond what the URL says.
func (c *redisConfig) options() (options []redisstore.Option, err error) {
	if c.PasswordFile != "" {
		options = append(options, redisstore.WithPasswordFile(c.PasswordFile))
	}
	if c.TLSCAFile != "" || c.TLSCertFile != "" {
		tls, err := redisstore.TLS(c.TLSCAFile, c.TLSCertFile, c.TLSKeyFile)
		if err != nil {
			return nil, err
		}
		options = append(options, redisstore.WithTLS(tls))
	}
	if c.Plaintext {
		options = append(options, redisstore.WithPlaintext())
	}
	return options, nil
}

// redisWord is the file that holds the URL of a Redis that the daemon brought itself.
const redisWord = "redis.url"

func (d *daemon) leaveWord(url string) error {
	path := filepath.Join(d.cfg.DataDir, redisWord)
	d.closers = append(d.closers, func() error { return os.Remove(path) })
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(url+"\n"), 0o600)
}

// dialIndexes connects to the order indexes of a daemon that runs, or ran. Who
// writes to them says for which ledger (redisstore.WithLedger).
func dialIndexes(ctx context.Context, cfg config, more ...redisstore.Option) (*redisstore.Store, error) {
	url, err := indexesURL(cfg)
	if err != nil {
		return nil, err
	}
	options, err := cfg.Redis.options()
	if err != nil {
		return nil, err
	}
	store, err := redisstore.Dial(ctx, url, append(options, more...)...)
	if cfg.Redis.URL == "" && orders.ErrorCode(err) == orders.EUNAVAILABLE { // a kill -9 leaves its word behind
		return nil, orders.Errorf(orders.EUNAVAILABLE, "is the relay in %s running? Its own Redis is not reached: %w", cfg.DataDir, err)
	}
	return store, err
}

// indexesURL is where the order indexes are: the operator's Redis, or the one that
// a running daemon brought itself.
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
