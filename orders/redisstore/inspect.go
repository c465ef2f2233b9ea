package redisstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Report is what a server says of itself. A field is "" where it does not say.
type Report struct {
	Program         string // redis or valkey
	Version         string // of that program
	Mode            string // standalone, sentinel, cluster
	Role            string // master, slave
	Persistence     string // aof, rdb, aof+rdb, none
	MaxmemoryPolicy string
	// Warnings are findings that do not keep Waybill from working, and what could
	// not be checked, in words for the operator.
	Warnings []string
}

// CheckServer is Inspect without the report.
func (s *Store) CheckServer(ctx context.Context) error {
	_, err := s.Inspect(ctx)
	return err
}

// Inspect asks the server what it is. A user whose ACL forbids to ask can be
// served all the same; the warnings say what is not known then. The embedded
// engine says next to nothing, and nothing is wrong with it.
//
// EINVALID: it cannot hold the projection. EUNAVAILABLE: it does not answer, or
// not to this password, or is a replica. The report is filled in as far as known.
func (s *Store) Inspect(ctx context.Context) (Report, error) {
	if err := s.Ping(ctx); err != nil {
		return Report{}, err
	}
	text, err := s.client.Info(ctx).Result()
	if redis.HasErrorPrefix(err, "NOPERM") {
		return Report{Warnings: []string{"this user may not ask Redis for INFO: neither its version nor whether it saves its data was checked"}}, nil
	}
	if err != nil {
		return Report{}, fail(err)
	}
	info := parseInfo(text)
	r := reportOf(info)
	if err := judge(info); err != nil || r.Version == "" { // the embedded engine names none
		return r, err
	}
	if err := s.persistence(ctx, info, &r); err != nil {
		return r, err
	}
	for _, last := range []struct{ field, failed string }{
		{"aof_last_bgrewrite_status", "it could not rewrite its append-only file the last time"},
		{"rdb_last_bgsave_status", "it could not save a snapshot the last time"},
	} {
		if info[last.field] == "err" {
			r.Warnings = append(r.Warnings, last.failed)
		}
	}
	return r, nil
}

// persistence finds out what survives a restart. INFO tells of the append-only
// file, but CONFIG alone whether snapshots are saved.
func (s *Store) persistence(ctx context.Context, info map[string]string, r *Report) error {
	aof := info["aof_enabled"] == "1"
	if aof {
		r.Persistence = "aof"
	}
	config, err := s.client.ConfigGet(ctx, "save").Result()
	switch {
	case err != nil && !isReply(err):
		return fail(err)
	case err == nil && config["save"] != "":
		r.Persistence = strings.TrimPrefix(r.Persistence+"+rdb", "+")
	case err == nil && !aof:
		r.Persistence = "none"
		r.Warnings = append(r.Warnings, "it saves nothing to its disk: the order indexes are built anew from the ledger after each of its restarts "+
			"(appendonly yes keeps them)")
	case !aof:
		r.Warnings = append(r.Warnings, "it keeps no append-only file, and whether it saves snapshots could not be checked: "+
			"this user may not ask for CONFIG. Without either the order indexes are built anew from the ledger after each of its restarts")
	}
	return nil
}

func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[k] = v
		}
	}
	return info
}

func reportOf(info map[string]string) Report {
	r := Report{
		Program: "redis", Version: info["redis_version"], Mode: info["redis_mode"], Role: info["role"],
		MaxmemoryPolicy: info["maxmemory_policy"],
	}
	if v := info["valkey_version"]; v != "" { // redis_version is the one it is compatible with
		r.Program, r.Version = "valkey", v
	}
	return r
}

// judge refuses a server that cannot hold the projection, by its reply to INFO.
func judge(info map[string]string) error {
	switch version := info["redis_version"]; {
	case version != "" && majorOf(version) < 7:
		return orders.Errorf(orders.EINVALID, "this is Redis %s, and 7.0 or later is needed", version)
	case info["redis_mode"] == "cluster":
		return orders.Errorf(orders.EINVALID, "this is a Redis Cluster: one Redis is needed, with or without replicas")
	case info["redis_mode"] == "sentinel":
		return orders.Errorf(orders.EINVALID, "this is a Sentinel: the URL of the Redis behind it is needed")
	case info["role"] == "slave":
		return orders.Errorf(orders.EUNAVAILABLE, "this Redis is a replica: redis.url must name its primary, or wait until it is promoted")
	case strings.HasPrefix(info["maxmemory_policy"], "allkeys-") && info["maxmemory"] != "0":
		return orders.Errorf(orders.EINVALID, "this Redis throws keys away when it is full (maxmemory-policy %s): "+
			"noeviction is needed", info["maxmemory_policy"])
	}
	return nil
}

// majorOf is the number before the first dot of a version, 0 where there is none.
func majorOf(version string) (major int) {
	if _, err := fmt.Sscanf(version, "%d.", &major); err != nil {
		return 0
	}
	return major
}
