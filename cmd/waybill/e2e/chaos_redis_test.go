//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// A brittleRedis is a real redis-server that can lose what it has, behind a proxy
// that can lose what is said to it. Daemons reach it by the proxy alone.
type brittleRedis struct {
	*redistest.Server
	*proxy
	t     *testing.T
	admin *indexes // past the proxy
	dir   string   // of its append-only files
}

func newBrittleRedis(t *testing.T) *brittleRedis {
	t.Helper()
	server := redistest.Start(t)
	admin := dialRedis(t, server.URL())
	config := must(admin.ConfigGet(t.Context(), "dir").Result())(t)
	return &brittleRedis{
		Server: server, proxy: newProxy(t, strings.TrimPrefix(server.URL(), "unix://")), t: t, admin: admin,
		dir: filepath.Join(config["dir"], "appendonlydir"),
	}
}

// A place is how far Redis has come in its append-only file: a moment to which
// rollBack can return.
type place struct {
	file string
	size int64
}

// written is where Redis writes now.
func (r *brittleRedis) written() (now place) {
	r.t.Helper()
	latest := time.Time{}
	for _, file := range must(filepath.Glob(filepath.Join(r.dir, "*.incr.aof")))(r.t) {
		// Two, while Redis rewrites what it has.
		if info, err := os.Stat(file); err == nil && !info.ModTime().Before(latest) {
			now, latest = place{file, info.Size()}, info.ModTime()
		}
	}
	if now.file == "" {
		r.t.Fatal("Redis has no append-only file")
	}
	return now
}

// rollBack kills Redis and starts it without what it wrote since, as after a power cut
// with appendfsync everysec: it keeps that part of it, 0 to 1, and may so cut a command
// in two, which Redis then drops. Where Redis has rewritten the file since, nothing is
// lost.
//
// Redis and Valkey drop the rest of a script's MULTI … EXEC from memory alone, and at
// the next start run its first half after all (valkey-io/valkey#4342): so the file is
// rewritten, as redis-check-aof --fix would do it.
func (r *brittleRedis) rollBack(to place, keep float64) {
	r.t.Helper()
	r.Kill()
	if now := r.written(); now.file == to.file {
		if err := os.Truncate(to.file, to.size+int64(keep*float64(now.size-to.size))); err != nil {
			r.t.Fatal(err)
		}
	}
	r.Restart()
	// A large file Redis may be rewriting already, by itself.
	if err := r.admin.BgRewriteAOF(context.Background()).Err(); err != nil && !strings.Contains(err.Error(), "already in progress") {
		r.t.Fatal(err)
	}
	eventually(r.t, "Redis rewrites its append-only file", func() error {
		info, err := r.admin.Info(context.Background(), "persistence").Result()
		if err == nil && (!strings.Contains(info, "aof_rewrite_in_progress:0") || !strings.Contains(info, "aof_rewrite_scheduled:0")) {
			err = errors.New("it is at it")
		}
		return err
	})
}
