//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// A brittleRedis is a real redis-server that can lose what it has, behind a proxy
// that can lose what is said to it. Daemons reach it by the proxy alone.
type brittleRedis struct {
	*redistest.Server
	*proxy
	t   *testing.T
	dir string // of its append-only files
}

func newBrittleRedis(t *testing.T) *brittleRedis {
	t.Helper()
	server := redistest.Start(t)
	config := must(dialRedis(t, server.URL()).ConfigGet(t.Context(), "dir").Result())(t)
	return &brittleRedis{
		Server: server, proxy: newProxy(t, strings.TrimPrefix(server.URL(), "unix://")), t: t,
		dir: filepath.Join(config["dir"], "appendonlydir"),
	}
}

// written is how many bytes of commands Redis has in its append-only file: a
// moment to which rollBack can return.
func (r *brittleRedis) written() int64 {
	r.t.Helper()
	return must(os.Stat(r.log()))(r.t).Size()
}

func (r *brittleRedis) log() string {
	r.t.Helper()
	logs := must(filepath.Glob(filepath.Join(r.dir, "*.incr.aof")))(r.t)
	if len(logs) != 1 {
		r.t.Fatalf("Redis has the append-only files %q, want one", logs)
	}
	return logs[0]
}

// rollBack kills Redis and starts it without what it wrote behind the first size
// bytes, as after a power cut with appendfsync everysec. It may cut a command in
// two, which Redis then drops.
func (r *brittleRedis) rollBack(size int64) {
	r.t.Helper()
	r.Kill()
	if err := os.Truncate(r.log(), size); err != nil {
		r.t.Fatal(err)
	}
	r.Restart()
}
