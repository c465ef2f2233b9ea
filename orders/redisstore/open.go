package redisstore

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/waybill-relay/waybill/orders"
)

// go-redis writes every failed dial to standard error, from the whole process
// and past the program's own log. Each of those errors is returned as well, and
// said once by whoever asked. A program that wants the lines sets its own
// redis.SetLogger, which comes after this.
func init() { redis.SetLogger(silence{}) }

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// An Option says how to connect beyond what the URL says.
type Option func(*connection)

type connection struct {
	password     string
	passwordFile string
	tls          *tls.Config
	plaintext    bool
	ledger       *string
}

// WithPassword goes before the password in the URL.
func WithPassword(password string) Option {
	return func(c *connection) { c.password = password }
}

// WithPasswordFile names a file that holds the password and nothing else, and
// goes before the other places for one. It is read for each new connection, so a
// password that is changed in Redis and in the file needs no restart.
func WithPasswordFile(path string) Option {
	return func(c *connection) { c.passwordFile = path }
}

// WithTLS sets how a rediss:// URL is connected to, see TLS. The host name in
// the URL is checked where the config names no other.
func WithTLS(config *tls.Config) Option {
	return func(c *connection) { c.tls = config }
}

// WithPlaintext allows redis:// to another machine, and skip_verify in the URL.
func WithPlaintext() Option {
	return func(c *connection) { c.plaintext = true }
}

// WithLedger binds the Store to one ledger by its id (32 lower-case hex digits).
// Its connections bear that id as their name, which tells Alone of others, and it
// writes an order only where the cursor names that ledger or none. A Store
// without one writes always.
func WithLedger(id string) Option {
	return func(c *connection) { c.ledger = &id }
}

// Open makes a Store of the Redis at url (redis://, rediss:// or unix://, with
// go-redis's options as query), which it does not ask yet: see CheckServer. A
// Redis that is not on this machine by its literal name (localhost, a loopback
// address, a socket) must be reached by TLS.
//
// EINVALID: the URL is none, or does not go with the options. The error repeats
// no part of it.
func Open(url string, options ...Option) (*Store, error) {
	opt, err := redis.ParseURL(url)
	if err != nil {
		// The cause quotes the URL, and so the password in it.
		return nil, orders.Errorf(orders.EINVALID, "the Redis URL cannot be read: "+
			"it is redis://[user:password@]host[:port][/db], rediss://… or unix:///path, with %%-escapes in the password")
	}
	var c connection
	for _, o := range options {
		o(&c)
	}
	if err := c.encrypt(opt); err != nil {
		return nil, err
	}
	opt.Password = cmp.Or(c.password, opt.Password)
	if path := c.passwordFile; path != "" {
		if _, err := readPassword(path); err != nil {
			return nil, err
		}
		user := opt.Username
		opt.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := readPassword(path)
			return user, password, err
		}
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
	ledger := ""
	if c.ledger != nil {
		ledger = *c.ledger
		if !ledgerID.MatchString(ledger) {
			return nil, orders.Errorf(orders.EINVALID, "a ledger's id is 32 hex digits")
		}
		opt.OnConnect = named(ledger)
	}
	return &Store{client: redis.NewClient(opt), db: opt.DB, ledger: ledger}, nil
}

// encrypt sets TLS up, and refuses to do without where others could listen.
func (c *connection) encrypt(opt *redis.Options) error {
	if c.tls != nil {
		if opt.TLSConfig == nil {
			return orders.Errorf(orders.EINVALID, "redis.tls_ca_file, tls_cert_file and tls_key_file are for a URL that begins with rediss://")
		}
		config := c.tls.Clone()
		config.ServerName = cmp.Or(config.ServerName, opt.TLSConfig.ServerName)
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
		config.InsecureSkipVerify = config.InsecureSkipVerify || opt.TLSConfig.InsecureSkipVerify
		opt.TLSConfig = config
	}
	switch {
	case c.plaintext || opt.Network == "unix" || loopback(opt.Addr):
		return nil
	case opt.TLSConfig == nil:
		return orders.Errorf(orders.EINVALID, "the Redis URL leads to another machine without encryption: "+
			"use rediss://, or set redis.plaintext = true where you trust the network between")
	case opt.TLSConfig.InsecureSkipVerify:
		return orders.Errorf(orders.EINVALID, "skip_verify in the Redis URL lets anybody between pose as Redis: "+
			"name its authority in redis.tls_ca_file, or set redis.plaintext = true where you trust the network between")
	}
	return nil
}

// loopback reports whether addr (host:port) is on this machine by its literal
// name. What a name resolves to is for others to decide.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

func readPassword(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var named *fs.PathError
		if errors.As(err, &named) {
			err = named.Err // without the name: people write the password itself there
		}
		return "", orders.Errorf(orders.EINVALID, "redis.password_file cannot be read: %w", err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", orders.Errorf(orders.EINVALID, "redis.password_file holds no password")
	}
	return password, nil
}

func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}
