//go:build unix

package redisstore

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// ErrNoServer is in the chain of StartServer's error where no program is
// installed that it could start.
var ErrNoServer = errors.New("no redis-server")

// serverPrograms are looked for in this order.
var serverPrograms = []string{"redis-server", "valkey-server"}

// Redis server v=7.0.15 sha=…, Valkey server v=8.0.1 sha=…
var serverVersion = regexp.MustCompile(`\bv=(\d+\.\d+\S*)`)

// findServer returns the path of the first program on PATH that is 7.0 or later.
// Its error, with ErrNoServer, tells what was found instead.
func findServer(ctx context.Context) (path, version string, err error) {
	found := ""
	for _, name := range serverPrograms {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		// Whatever has that name may do anything; it is not waited for.
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		cmd := exec.CommandContext(ctx, path, "--version")
		cmd.Env, cmd.WaitDelay = childEnv(), time.Second
		out, err := cmd.Output()
		cancel()
		m := serverVersion.FindSubmatch(out)
		switch {
		case err != nil || m == nil:
			found += "; " + path + " does not tell its version"
		case majorOf(string(m[1])) < 7:
			found += "; " + path + " is " + string(m[1])
		default:
			return path, string(m[1]), nil
		}
	}
	e := orders.Errorf(orders.EUNAVAILABLE, "no redis-server or valkey-server 7.0 or later is installed%s", found)
	e.Err = ErrNoServer
	return "", "", e
}
