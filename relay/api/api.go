// Package api is the relay's HTTP JSON API: it signs callers in, by NIP-98 or by the
// cookie of a session that NIP-98 began, reads what they ask for strictly, hands it on, and writes what comes back, errors
// included (RFC 9457).
//
// It decides nothing: who may do what, and what proves it, is for the desk
// (package enrol) and for package orders. It trusts no header about where it is,
// and neither answers nor logs with a secret that came in.
package api

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/notify"
)

// Config is what the API knows of its relay. Only PublicURLs must be set.
type Config struct {
	PublicURLs []string      // relay.public_urls (ws:// or wss://): the only addresses a token may be for
	Self       string        // public key (hex) of the relay's own identity
	Policy     string        // who may enrol: "open", "invite", "list"; "": not said
	Ways       any           // the ways to take part, as JSON: a list of {id, title, …}
	Orders     orders.Reader // who sees what of which order
	// Admin tells the operator's admins (public keys, hex). nil: there are none.
	Admin func(pubkey string) bool
	// Names tells who calls himself by a NIP-05 name. nil: nobody does.
	Names orders.Names
	// Explain tells an admin what was made of the message with that id: hex, or as in the
	// log. EINVALID for what is neither, ENOTFOUND where there is none. nil: there is none.
	Explain func(ctx context.Context, id string) (any, error)
	// Viewed is called when somebody (hex) looked at an order of theirs. nil: nobody is told.
	Viewed func(o *orders.Order, reader string)
	// Replayed is called for each message that was here before. nil: nobody is told.
	Replayed func()
	// ClientIP is the client's address behind a request. nil: that of the peer.
	ClientIP    func(*http.Request) netip.Addr
	MaxBody     int           // bytes of a request's body; 0: 64 KiB
	BodyTimeout time.Duration // for a body to come in whole; 0: 15 s
	// Observe is told of every request that was answered: the pattern of its route
	// ("GET /api/v1/keys", "" for none), the status, and how long it took. nil: nobody is.
	Observe func(route string, code int, took time.Duration)
	Now     func() time.Time
	Log     zerolog.Logger

	Office Office // where order messages are posted; nil: nowhere
	// Select finds the orders of a caller (hex) that a filter means, up to most of them;
	// more tells that there may be others. nil: nobody does.
	Select   func(ctx context.Context, caller string, filter url.Values, most int) (intentIDs []string, more bool, err error)
	Sessions Sessions // nil: callers sign each request
	Live     Follower // what has changed; nil: nobody is told
	// Notices is what callers see and say of how they are told (*notify.Notifier). nil: nobody is.
	Notices notify.Preferences
	// Changes bounds what is changed about them, for the pages too. nil: for the API alone.
	Changes *Changes
	// Heartbeat is how often a stream says something; 0: every 15 s.
	Heartbeat time.Duration
}

// Desk is where keys are handed over and taken back. Its errors are *orders.Error:
// EINVALID, EFORBIDDEN, ENOTFOUND, ECONFLICT and EUNAVAILABLE are told to the
// caller in their own words, which therefore never quote what was offered.
type Desk interface {
	// Enrol takes a key. It may not keep offer.Secret, which is zeroed once it returns.
	Enrol(ctx context.Context, caller enrol.Caller, offer enrol.Offer) (enrol.Delegation, error)
	// Revoke ends the delegation of the caller's key pubkey (hex).
	Revoke(ctx context.Context, caller enrol.Caller, pubkey string) error
	// List is the caller's own delegations.
	List(ctx context.Context, caller enrol.Caller) ([]enrol.Delegation, error)
	// Connect starts a nostrconnect:// (NIP-46) and returns the URI for the caller's
	// signer. Of the offer, Since and Invite are used.
	Connect(ctx context.Context, caller enrol.Caller, offer enrol.Offer) (uri string, err error)
}

type server struct {
	cfg    Config
	orders orders.Reader
	desk   Desk
	signIn *signIn
	mux    *http.ServeMux

	cookies *Cookies

	forged  *attempts // tokens whose id or signature was wrong
	guesses *attempts // enrolments that were refused
	costly  *attempts // passphrases that were tried
	logins  *attempts // sessions that were begun
	bodies  *places   // bodies that are coming in
	bulks   *places   // the same, of many messages
	streams *places   // live updates
	exports *places   // exports that are going out
	scrypt  chan struct{}
}

const (
	defaultMaxBody     = 64 << 10
	defaultBodyTimeout = 15 * time.Second

	// A body that has not come in whole takes memory, and whoever signs with a key
	// made up on the spot may send one.
	maxBodies, maxBodiesPerAddress = 256, 16
)

// New makes the handler of everything under /api/ and /problems/.
func New(cfg Config, desk Desk) http.Handler {
	s := newServer(cfg, desk)
	return s.observed(s.mux)
}

func newServer(cfg Config, desk Desk) *server {
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.BodyTimeout <= 0 {
		cfg.BodyTimeout = defaultBodyTimeout
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = defaultHeartbeat
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ClientIP == nil {
		cfg.ClientIP = peer
	}
	if cfg.Admin == nil {
		cfg.Admin = func(string) bool { return false }
	}
	if cfg.Replayed == nil {
		cfg.Replayed = func() {}
	}
	if cfg.Viewed == nil {
		cfg.Viewed = func(*orders.Order, string) {}
	}
	if cfg.Changes == nil {
		cfg.Changes = NewChanges(cfg.ClientIP, cfg.Now)
	}
	s := &server{
		cfg: cfg, orders: cfg.Orders, desk: desk, mux: http.NewServeMux(),
		// No program makes these by mistake, and each costs a verification: a hundred at
		// once, then ten a second. All else that can be wrong with a token is found out
		// for nothing, and takes nothing from those who share an address with its sender.
		forged: newAttempts(100, 100*time.Millisecond),
		// A person mistypes an invitation: twenty at once, then one in three seconds.
		guesses: newAttempts(20, 3*time.Second),
		costly:  newAttempts(5, 30*time.Second),
		logins:  newAttempts(20, 30*time.Second),
		bodies:  newPlaces(maxBodies, maxBodiesPerAddress),
		bulks:   newPlaces(maxBulks, maxBulksPerAddress),
		streams: newPlaces(maxStreams, maxStreamsPerAddress),
		exports: newPlaces(maxExports, maxExportsPerAddress),
		scrypt:  make(chan struct{}, 1),
	}
	s.signIn = newSignIn(cfg.PublicURLs, cfg.Now)
	s.cookies = NewCookies(cfg.PublicURLs, cfg.Sessions, cfg.Now)
	for _, r := range routes {
		s.mux.Handle(r.method+" "+r.pattern, s.edge(r))
	}
	s.mux.Handle("/", s.elsewhere())
	return s
}

// peer is the address at the other end of the connection.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // all of whom nothing is known share one account
	}
	return ap.Addr().Unmap().WithZone("")
}
