package redisstore

import (
	"crypto/rand"

	"github.com/alicebob/miniredis/v2"

	"github.com/waybill-relay/waybill/orders"
)

// Embedded is a Redis inside this process, for trying out, small shops and
// tests: nothing to install, nothing kept when the process ends. It sorts a
// whole list for each page, so lists beyond some 10,000 orders want a real one.
type Embedded struct {
	engine   *miniredis.Miniredis
	password string
}

// StartEmbedded starts the engine on a free port of 127.0.0.1, behind a random
// password, since other users of the machine reach that port too. It is real
// TCP, because the engine's in-memory connection blocks both ends on a large
// pipeline. Its clock stands still: nothing of ours expires.
func StartEmbedded() (*Embedded, error) {
	e := &Embedded{engine: miniredis.NewMiniRedis(), password: rand.Text()}
	e.engine.RequireAuth(e.password)
	if err := e.engine.StartAddr("127.0.0.1:0"); err != nil {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "the embedded Redis does not start: %w", err)
	}
	return e, nil
}

// URL is what Dial takes. It holds the password: not for a log.
func (e *Embedded) URL() string { return "redis://:" + e.password + "@" + e.engine.Addr() }

// Close stops the engine and drops its content.
func (e *Embedded) Close() { e.engine.Close() }
