package bunker

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Option changes how Open, Identify or Invitation.Wait works.
type Option func(*settings)

type settings struct {
	timeout    time.Duration
	patience   time.Duration
	ping       time.Duration // finds connections that died without a word
	parallel   int
	backoff    backoff
	dial       func(ctx context.Context, network, addr string) (net.Conn, error)
	onChange   func(State)
	onApproval func(string)
	name       string
	url        string
}

func newSettings(opts []Option) settings {
	s := settings{
		timeout:  15 * time.Second,
		patience: 5 * time.Minute,
		ping:     30 * time.Second,
		parallel: 8,
		backoff:  backoff{least: 250 * time.Millisecond, most: time.Minute},
	}
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

// Timeout is how long a signer has for its answer, and a relay to be ready; 15
// seconds without this option.
func Timeout(d time.Duration) Option { return func(s *settings) { s.timeout = d } }

// Patience is how long a probe, and so Prove, waits once the signer said that its
// user has to approve; 5 minutes without this option.
func Patience(d time.Duration) Option { return func(s *settings) { s.patience = d } }

// Parallel is how many payloads the signer is given at a time, 1 at least; 8
// without this option.
func Parallel(n int) Option { return func(s *settings) { s.parallel = max(n, 1) } }

// Backoff is the least and the most time between two attempts to reach a relay,
// and between two probes of a signer; 250 ms and a minute without this option.
func Backoff(least, most time.Duration) Option {
	return func(s *settings) { s.backoff = backoff{least: least, most: most} }
}

// Dialer makes the connections to relays, of which strangers choose the address:
// it is where a caller keeps them off its own network. With it no proxy is used.
func Dialer(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(s *settings) { s.dial = dial }
}

// OnChange is called with every new Code of a Key, one after another in their
// order, and outside its locks. It may call the Key.
func OnChange(f func(State)) Option { return func(s *settings) { s.onChange = f } }

// OnApproval is called, by Identify and by a Key, whenever the signer names an
// https:// address at which its user has to approve: for the user alone, and for no
// log. It must not wait. What a Key was told last is its ApprovalURL.
func OnApproval(f func(url string)) Option { return func(s *settings) { s.onApproval = f } }

// Application is what the signer shows its user of who asks (NIP-46, client
// metadata): the name and the URL of this relay.
func Application(name, url string) Option {
	return func(s *settings) { s.name, s.url = name, url }
}

// client makes WebSocket handshakes. It follows no redirect: the address that it
// leads to was checked by nobody.
func (s *settings) client() *http.Client {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 16 << 10,
	}
	if s.dial != nil {
		transport.Proxy, transport.DialContext = nil, s.dial
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// backoff doubles the time from attempt to attempt.
type backoff struct {
	least, most time.Duration
	attempts    int
}

func (b *backoff) reset() { b.attempts = 0 }

// next is between half and all of the time, so that what went away together does
// not come back together.
func (b *backoff) next() time.Duration {
	d := b.most
	if shifted := b.least << min(b.attempts, 30); shifted > 0 && shifted < d {
		d = shifted
	}
	b.attempts++
	return d/2 + rand.N(d/2+1)
}
