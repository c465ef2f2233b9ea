// Package outgoing makes connections to addresses that strangers name: a
// participant's remote signer, a shop's webhook. Whoever writes such an address
// could otherwise make this machine speak to itself, to its neighbours or to the
// metadata service of its host.
//
// It looks at the address that is dialled, after DNS, so that a name which
// resolves to something else the second time gains nothing. It does not look at
// what is spoken; redirects and proxies are for the caller to refuse.
package outgoing

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

// ErrForbidden says that an address is none that strangers may have dialled. It
// does not say which: that would tell a stranger how names resolve here.
var ErrForbidden = errors.New("outgoing: not an address of the public internet")

// dialTimeout bounds one connection, with all the addresses of its name.
const dialTimeout = 10 * time.Second

// Dialer returns a DialContext for TCP that connects to addresses of the public
// internet alone. allowPrivate lets it also connect to this machine and to
// private networks (loopback, RFC 1918, ULA, RFC 6598), for tests and for those
// who run both ends; never to link-local addresses, where a cloud's metadata
// service is, and never to what is no single host. It returns ErrForbidden, the
// errors of net.Dialer and the context's.
func Dialer(allowPrivate bool) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		Control: func(network, address string, _ syscall.RawConn) error {
			if !permitted(network, address, allowPrivate) {
				return ErrForbidden
			}
			return nil
		},
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if errors.Is(err, ErrForbidden) {
			return nil, ErrForbidden // without the address that net.OpError names
		}
		return conn, err
	}
}
