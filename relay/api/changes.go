package api

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/waybill-relay/waybill/relay/edge"
)

// Changes bounds how often an address changes how somebody is told: sixty at once,
// then one in five seconds. One of them is for the API and for the pages beside it, so
// that two doors let in no more than one. Make it with NewChanges.
type Changes struct {
	attempts *attempts
	clientIP func(*http.Request) netip.Addr
	now      func() time.Time
}

// NewChanges returns one that knows addresses by clientIP (nil: that of the peer).
func NewChanges(clientIP func(*http.Request) netip.Addr, now func() time.Time) *Changes {
	if clientIP == nil {
		clientIP = peer
	}
	return &Changes{attempts: newAttempts(60, 5*time.Second), clientIP: clientIP, now: now}
}

// Take counts a change that r asks for, and refuses one too many.
func (c *Changes) Take(r *http.Request) error {
	return c.attempts.take(edge.Account(c.clientIP(r)), c.now())
}
