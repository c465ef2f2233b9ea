package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/waybill-relay/waybill/nip17"
)

// check looks at how the keys go together. Whether the server is fit is asked of
// the server. No error repeats the URL: a password may be in it.
func (c *redisConfig) check() error {
	if !slices.Contains([]string{"auto", "server", "memory"}, c.Embedded) {
		return errors.New("redis.embedded: auto, server or memory is needed")
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		return errors.New("redis.tls_cert_file and redis.tls_key_file: a client's certificate needs both")
	}
	tls := c.TLSCAFile != "" || c.TLSCertFile != ""
	if c.URL == "" {
		if c.PasswordFile != "" || tls {
			return errors.New("redis.password_file and redis.tls_*: they are for a redis.url, which is empty")
		}
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || !slices.Contains([]string{"redis", "rediss", "unix"}, u.Scheme) {
		return errors.New("redis.url: a URL is redis://[user:password@]host[:port][/db], rediss://… or unix:///path, with %-escapes in the password")
	}
	if _, given := u.User.Password(); given && c.PasswordFile != "" {
		return errors.New("redis.password_file: redis.url has a password already, take it out of one of them")
	}
	if tls && u.Scheme != "rediss" {
		return fmt.Errorf("redis.tls_*: redis.url begins with %s://, and only rediss:// speaks TLS", u.Scheme)
	}
	return nil
}

// readURLFile puts the content of url_file in the place of url.
func (c *redisConfig) readURLFile() error {
	if c.URLFile == "" {
		return nil
	}
	if c.URL != "" {
		return errors.New("redis.url and redis.url_file: both are set, leave one of them empty")
	}
	url, err := nip17.ReadSecretLine(c.URLFile)
	if err != nil {
		return fmt.Errorf("redis.url_file: %w", err)
	}
	if c.URL = url; url == "" {
		return errors.New("redis.url_file: the file is empty")
	}
	return nil
}
