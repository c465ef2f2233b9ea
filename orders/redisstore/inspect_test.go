package redisstore_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := redistest.Start(t)
	e := dial(t, "redis-server", server.URL(), server.URL()+"?db=1")
	do := func(words ...any) {
		t.Helper()
		if err := e.raw.Do(ctx, words...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	do("ACL", "SETUSER", "noconfig", "on", "nopass", "allkeys", "allcommands", "-config")
	do("ACL", "SETUSER", "noinfo", "on", "nopass", "allkeys", "allcommands", "-config", "-info")
	for _, c := range []struct {
		name      string
		aof, save string
		user      string
		want      string // Persistence
		warning   string
	}{
		{"both", "yes", "3600 1", "", "aof+rdb", ""},
		{"an append-only file", "yes", "", "", "aof", ""},
		{"snapshots", "no", "3600 1", "", "rdb", ""},
		{"neither", "no", "", "", "none", "saves nothing"},
		{"an append-only file, and may not ask", "yes", "", "noconfig", "aof", ""},
		{"may not ask", "no", "3600 1", "noconfig", "", "could not be checked"},
		{"may ask nothing", "no", "", "noinfo", "", "neither its version"},
	} {
		do("CONFIG", "SET", "appendonly", c.aof, "save", c.save)
		s, err := redisstore.Open(strings.Replace(server.URL(), "unix://", "unix://"+c.user+":x@", 1))
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Inspect(ctx)
		s.Close()
		if err != nil || r.Persistence != c.want {
			t.Errorf("%s: got %+v, %v, want %q", c.name, r, err, c.want)
		}
		if got := strings.Join(r.Warnings, "; "); (c.warning == "") != (got == "") || !strings.Contains(got, c.warning) {
			t.Errorf("%s: warns %q, want %q", c.name, got, c.warning)
		}
		if c.user != "noinfo" && (r.Program != "redis" && r.Program != "valkey" || r.Version == "" || r.Mode != "standalone" || r.Role != "master" || r.MaxmemoryPolicy != "noeviction") {
			t.Errorf("%s: got %+v", c.name, r)
		}
	}

	// A replica of one that is not there.
	do("REPLICAOF", "127.0.0.1", "1")
	if err := e.CheckServer(ctx); orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "primary") {
		t.Errorf("a replica: got %v", err)
	}
	if err := e.Write(ctx, []*orders.Order{order("a", 1)}); orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "replica") {
		t.Errorf("write to a replica: got %v", err)
	}
	do("REPLICAOF", "NO", "ONE")
	e.write(t, order("a", 1))

	if r, err := embedded(t).Inspect(ctx); err != nil || len(r.Warnings) != 0 {
		t.Errorf("the embedded engine: got %+v, %v", r, err)
	}
}

// TestRefusedByACL: an ACL that forbids what is needed says so in words, also
// where a script meets it.
func TestRefusedByACL(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := redistest.Start(t)
	e := dial(t, "redis-server", server.URL(), server.URL()+"?db=1")
	for _, less := range []string{"-zadd", "-evalsha"} {
		if err := e.raw.Do(ctx, "ACL", "SETUSER", "shop", "reset", "on", "nopass", "allkeys", "allcommands", less).Err(); err != nil {
			t.Fatal(err)
		}
		s, err := redisstore.Dial(ctx, strings.Replace(server.URL(), "unix://", "unix://shop:x@", 1))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.Write(ctx, []*orders.Order{order("a", 1)})
		if orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "--redis-acl") {
			t.Errorf("%s: got %v", less, err)
		}
	}
	if redis.HasErrorPrefix(e.raw.Get(ctx, "x").Err(), "NOPERM") {
		t.Error("the administrator is restricted too")
	}
}
