package notify

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/waybill-relay/waybill/orders"
)

// codeLimits bound the mails with codes: nobody is to be written to again and again
// by somebody who knows his address. The zero value is ready.
type codeLimits struct {
	mu    sync.Mutex
	all   *rate.Limiter
	known *lru.Cache[string, *rate.Limiter] // by public key, and by address
}

// CodeEvery is how often one key, and one address, gets another code after the first
// few.
const CodeEvery = 8 * time.Hour

// ErrTooManyCodes (EUNAVAILABLE) is what SetEmail returns where too many were asked for.
var ErrTooManyCodes error = orders.Errorf(orders.EUNAVAILABLE, "too many codes were asked for: try again tomorrow")

const (
	codesAtOnce = 3  // for one key, and for one address
	codesOfAll  = 60 // in one hour
	codesKnown  = 20_000
)

func (c *codeLimits) allow(pubkey, address string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.all = rate.NewLimiter(rate.Every(time.Hour/codesOfAll), codesOfAll)
		c.known, _ = lru.New[string, *rate.Limiter](codesKnown) // fails for a size below 1 only
	}
	for _, name := range []string{pubkey, address} {
		l, ok := c.known.Get(name)
		if !ok {
			l = rate.NewLimiter(rate.Every(CodeEvery), codesAtOnce)
			c.known.Add(name, l)
		}
		if !l.AllowN(now, 1) {
			return false
		}
	}
	return c.all.AllowN(now, 1)
}
