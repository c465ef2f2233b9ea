package redisstore_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// TestEncryption: what crosses the network is encrypted, or the operator said
// that it need not be. Nothing is dialed.
func TestEncryption(t *testing.T) {
	plaintext := []redisstore.Option{redisstore.WithPlaintext()}
	config := []redisstore.Option{redisstore.WithTLS(&tls.Config{})}
	for _, c := range []struct {
		url     string
		options []redisstore.Option
		want    string // in the error; "" for none
	}{
		{"redis://localhost", nil, ""},
		{"redis://LOCALHOST:7000/3", nil, ""},
		{"redis://", nil, ""},
		{"redis://127.0.0.1:6379", nil, ""},
		{"redis://127.1.2.3", nil, ""},
		{"redis://[::1]:6379", nil, ""},
		{"redis://[::ffff:127.0.0.1]", nil, ""},
		{"unix:///run/redis.sock", nil, ""},
		{"rediss://redis.example", nil, ""},
		{"rediss://redis.example", config, ""},
		{"redis://redis.example", plaintext, ""},
		{"redis://10.0.0.7", nil, "redis.plaintext"},
		{"redis://:hunter2@redis.example:6379/0", nil, "redis.plaintext"},
		{"redis://localhost.example", nil, "redis.plaintext"},
		{"redis://ip6-localhost", nil, "redis.plaintext"}, // a name that others may set
		{"redis://localhost.", nil, "redis.plaintext"},
		{"redis://0.0.0.0", nil, "redis.plaintext"},
		{"redis://[::]", nil, "redis.plaintext"},
		{"redis://2130706433", nil, "redis.plaintext"},
		{"redis://127.0.0.1.example", nil, "redis.plaintext"},
		{"rediss://redis.example?skip_verify=true", nil, "skip_verify"},
		{"rediss://redis.example?skip_verify=true", config, "skip_verify"},
		{"rediss://redis.example", []redisstore.Option{redisstore.WithTLS(&tls.Config{InsecureSkipVerify: true})}, "skip_verify"},
		{"rediss://redis.example?skip_verify=true", plaintext, ""},
		{"redis://localhost", config, "rediss://"},
		{"unix:///run/redis.sock", config, "rediss://"},
	} {
		s, err := redisstore.Open(c.url, c.options...)
		if err == nil {
			s.Close()
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.url, err)
		case c.want != "" && (orders.ErrorCode(err) != orders.EINVALID || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2")):
			t.Errorf("%s: got %v, want EINVALID with %q", c.url, err, c.want)
		}
	}
}

// TestPasswords: where the password comes from, and that it may change there.
func TestPasswords(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := redistest.Start(t)
	e := dial(t, "redis-server", server.URL(), server.URL()+"?db=1")
	user := func(password string) {
		t.Helper()
		if err := e.raw.Do(ctx, "ACL", "SETUSER", "shop", "reset", "on", ">"+password, "allkeys", "allcommands").Err(); err != nil {
			t.Fatal(err)
		}
	}
	user("first one")
	url := func(password string) string {
		return strings.Replace(server.URL(), "unix://", "unix://shop:"+password+"@", 1) + "?db=5"
	}
	file := filepath.Join(t.TempDir(), "password")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("first one\n")
	for name, c := range map[string]struct {
		url     string
		options []redisstore.Option
		want    orders.Code
	}{
		"in the URL":           {url("first%20one"), nil, ""},
		"an option":            {url("wrong"), []redisstore.Option{redisstore.WithPassword("first one")}, ""},
		"a file":               {url("wrong"), []redisstore.Option{redisstore.WithPassword("wrong"), redisstore.WithPasswordFile(file)}, ""},
		"the wrong one":        {url("wrong"), nil, orders.EUNAVAILABLE},
		"the wrong one given":  {url("first%20one"), []redisstore.Option{redisstore.WithPassword("wrong")}, orders.EUNAVAILABLE},
		"a file that is not":   {url("x"), []redisstore.Option{redisstore.WithPasswordFile(file + ".none")}, orders.EINVALID},
		"a file that is empty": {url("x"), []redisstore.Option{redisstore.WithPasswordFile(os.DevNull)}, orders.EINVALID},
	} {
		s, err := redisstore.Dial(ctx, c.url, c.options...)
		if err == nil {
			s.Close()
		}
		code(t, name, err, c.want)
		if c.want == orders.EINVALID && (strings.Contains(err.Error(), file) || strings.Contains(err.Error(), os.DevNull)) {
			t.Errorf("%s: what stands where a file's name belongs is repeated: %v", name, err)
		}
		if c.want == orders.EUNAVAILABLE && !strings.Contains(err.Error(), "password is wrong") {
			t.Errorf("%s: got %v", name, err)
		}
	}

	s, err := redisstore.Dial(ctx, url(""), redisstore.WithPasswordFile(file))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := func() error { return s.Write(ctx, []*orders.Order{order("a", 1)}) }
	if err := write(); err != nil {
		t.Fatal(err)
	}
	user("second one")
	if err := e.raw.ClientKillByFilter(ctx, "USER", "shop").Err(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"write":   write,
		"remove":  func() error { _, err := s.Remove(ctx, "a"); return err },
		"order":   func() error { _, err := s.Order(ctx, "a"); return err },
		"list":    func() error { _, err := s.List(ctx, orders.List{}, orders.Query{}); return err },
		"stats":   func() error { _, err := s.Stats(ctx, orders.Buyer, people[0]); return err },
		"cursor":  func() error { _, _, err := s.Cursor(ctx); return err },
		"prune":   func() error { _, err := s.Prune(ctx, owned()); return err },
		"snap":    func() error { _, err := s.Snapshot(ctx); return err },
		"inspect": func() error { return s.CheckServer(ctx) },
	} {
		if err := call(); orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "password is wrong") {
			t.Errorf("%s after it changed in Redis: got %v", name, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := write(); err == nil || !strings.Contains(err.Error(), "redis.password_file") {
		t.Errorf("without the file: got %v", err)
	}
	put("second one")
	if err := write(); err != nil {
		t.Errorf("after it changed in the file: %v", err)
	}
	five := dial(t, "redis-server", server.URL()+"?db=5", server.URL()+"?db=1")
	if n, err := five.raw.Exists(ctx, "orders:a").Result(); n != 1 || err != nil {
		t.Errorf("the order in database 5: got %d, %v", n, err)
	}
	if n, err := e.raw.DBSize(ctx).Result(); n != 0 || err != nil {
		t.Errorf("keys in database 0: got %d, %v", n, err)
	}
}
