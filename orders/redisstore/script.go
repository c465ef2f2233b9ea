package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Each script tells its KEYS, ARGV and returns in its own first comment. They
// use commands of Redis 7.0 that the embedded engine has too, check everything
// before they write, and may be repeated: go-redis silently retries a command
// whose reply was lost.
var (
	//go:embed project.lua
	projectLua string
	//go:embed sweep.lua
	sweepLua string
	//go:embed orphan.lua
	orphanLua string
	//go:embed titles.lua
	titlesLua string
	//go:embed sums.lua
	sumsLua string
	//go:embed advance.lua
	advanceLua string

	projectScript = redis.NewScript(fmt.Sprintf("local BUYER, SELLER, STATUS, BUILDING = '%s', '%s', '%s', '%s'\n",
		buyerPrefix, sellerPrefix, statusPrefix, buildingPrefix) + projectLua)
	sweepScript   = redis.NewScript(sweepLua)
	orphanScript  = redis.NewScript(orphanLua)
	titlesScript  = redis.NewScript(titlesLua)
	sumsScript    = redis.NewScript(sumsLua)
	advanceScript = redis.NewScript(advanceLua)
)

// call is one run of a script.
type call struct {
	keys []string
	args []any
}

// runAll runs script once for each of calls, in one pipeline, and returns what
// each answered. A pipeline sends digests only, so a Redis that does not know
// the script (fresh, failed over, SCRIPT FLUSH) makes it load and run once more;
// that repeats calls which had succeeded, and every script allows that.
func (s *Store) runAll(ctx context.Context, script *redis.Script, calls []call) ([]*redis.Cmd, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	for again := false; ; again = true {
		cmds := make([]*redis.Cmd, len(calls))
		if err := s.pipelined(ctx, func(p redis.Pipeliner) error {
			for i, c := range calls {
				cmds[i] = script.EvalSha(ctx, p, c.keys, c.args...)
			}
			return nil
		}); err != nil {
			return nil, err
		}
		unknown := false
		for _, cmd := range cmds {
			switch err := cmd.Err(); {
			case isNoScript(err):
				unknown = true
			case err != nil && !isReply(err):
				return nil, err
			}
		}
		if !unknown || again {
			return cmds, nil
		}
		if err := script.Load(ctx, s.client).Err(); err != nil {
			return nil, err
		}
	}
}

// pipelined sends what fn queues in one go. Its error is what kept the whole from
// being done; what Redis replied to a single command is that command's own.
//
// go-redis marks every command with the loss of a connection, but not with a
// reply that kept it from being made (a password that has changed, too many
// clients): the commands then look as if they had succeeded.
func (s *Store) pipelined(ctx context.Context, fn func(redis.Pipeliner) error) error {
	cmds, err := s.client.Pipelined(ctx, fn)
	if !isReply(err) {
		return err
	}
	for _, cmd := range cmds {
		if cmd.Err() != nil {
			return nil
		}
	}
	return err
}

func isNoScript(err error) bool {
	return errors.Is(err, redis.ErrNoScript) || redis.HasErrorPrefix(err, "NOSCRIPT")
}
