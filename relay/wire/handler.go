package wire

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

type (
	connKey struct{}
	addrKey struct{}
)

// ConnContext belongs into http.Server.ConnContext (chained with the server's
// own, if there is one): by it Handler finds the connection of a request.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// Handler must be the outermost of the server's handlers. It finds out the
// client's address, holds to the limit per address for those who come through a
// proxy (429), takes the forwarding headers away from everybody else, and makes
// sure that no byte of a WebSocket passes the wrapper by.
func (l *Listener) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connKey{}).(*Conn)
		if !ok {
			http.Error(w, "error: the server does not know its connection", http.StatusInternalServerError)
			return
		}
		limits := l.limits.Load()
		addr := c.peer
		if contains(limits.Proxies, c.peer) {
			addr = forwardedFor(r.Header, c.peer, limits.Proxies)
			who, ok := l.clients.enter(addr, limits)
			if !ok {
				l.counters.refuse(tooManyPerIP)
				tooMany(w)
				return
			}
			c.become(who)
			defer c.requestDone()
		} else {
			stripForwarded(r.Header)
		}
		r = r.WithContext(context.WithValue(r.Context(), addrKey{}, addr))
		if strings.Contains(strings.ToLower(r.Header.Get("Upgrade")), "websocket") {
			w = &upgrade{ResponseWriter: w, conn: c}
		}
		next.ServeHTTP(w, r)
	})
}

// ClientIP is the address of the client behind a request that came through
// Handler: the peer's, or what a trusted proxy says it is. The zero Addr where it
// is not known.
func ClientIP(r *http.Request) netip.Addr {
	addr, _ := r.Context().Value(addrKey{}).(netip.Addr)
	return addr
}

// upgrade hands over the connection. What the HTTP server has already read of it
// goes back, for a client may send frames right behind its request.
type upgrade struct {
	http.ResponseWriter
	conn *Conn
}

func (u *upgrade) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, brw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := brw.Reader.Peek(brw.Reader.Buffered())
	if err == nil {
		early = append([]byte(nil), early...)
		_, err = brw.Reader.Discard(len(early))
	}
	if err == nil && conn != net.Conn(u.conn) {
		err = errors.New("wire: the connection is not the wrapper's")
	}
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	u.conn.hijacked(early)
	return conn, brw, nil
}
