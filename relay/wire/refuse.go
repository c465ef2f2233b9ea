package wire

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// maxRefusing bounds the connections that are refused in words at one time;
	// beyond it they are just closed.
	maxRefusing = 64
	// refuseWithin bounds each of them.
	refuseWithin = 2 * time.Second
	// retryAfter is what a refused client is told, in seconds.
	retryAfter = "10"
)

// refuse answers a connection that was not admitted, and closes it.
func (l *Listener) refuse(inner net.Conn, why reason) {
	l.counters.refuse(why)
	select {
	case l.refusing <- struct{}{}:
		go func() {
			defer func() { <-l.refusing }()
			answerRefused(inner, why)
		}()
	default:
		inner.Close()
	}
}

func answerRefused(inner net.Conn, why reason) {
	defer inner.Close()
	status, body := http.StatusTooManyRequests, tooManyBody
	if why == tooManyConnections {
		status, body = http.StatusServiceUnavailable, "rate-limited: the relay has all the connections that it can serve\n"
	}
	if inner.SetDeadline(time.Now().Add(refuseWithin)) != nil {
		return
	}
	_, err := fmt.Fprintf(inner, "HTTP/1.1 %d %s\r\nRetry-After: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", status, http.StatusText(status), retryAfter, len(body), body)
	if err == nil {
		drain(inner, 64<<10)
	}
}

const tooManyBody = "rate-limited: too many connections from your address\n"

// tooMany is the same answer to a request that came through a proxy.
func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", retryAfter)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	// A client that has gone does not read why it was refused.
	_, _ = io.WriteString(w, tooManyBody)
}

// drain ends the writing side and discards what still comes, until the deadline
// of the connection: a socket closed over unread bytes sends a reset, which
// destroys the answer on its way.
func drain(inner net.Conn, most int64) {
	half, ok := inner.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	// Whatever ends it, the connection is closed next.
	_, _ = io.CopyN(io.Discard, inner, most)
}
