// Package web is the relay's dashboards: pages that work without JavaScript, for
// buyers, sellers and admins, who sign what they do in their own browser.
//
// It decides nothing about orders: what is seen comes from orders.Reader, what may be
// done from Order.AllowedActions, and every change is a message that the viewer's own
// signer has signed. No page ever holds a secret key.
package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
	"github.com/waybill-relay/waybill/relay/notify"
)

// Config is what the pages know of their relay.
type Config struct {
	Name       string // of the relay, for people
	Self       string // public key (hex) of the relay's own identity
	PublicURLs []string
	Orders     orders.Reader
	Visitors   Visitors
	Admin      func(pubkey string) bool // hex; nil: there are none
	// Admins are the keys (hex) to which a dispute that is posted is sealed, too.
	Admins []string
	// InboxRelays are the relays where somebody (hex) reads direct messages (kind 10050).
	// nil: nobody has said.
	InboxRelays func(ctx context.Context, pubkey string) ([]string, error)
	// Names tells who calls himself by a NIP-05 name. nil: nobody does.
	Names orders.Names
	// Profiles are what people (public keys, hex) say of themselves; those that say
	// nothing are left out. nil: nobody says anything.
	Profiles func(ctx context.Context, pubkeys []string) (map[string]Profile, error)
	// Titles are the titles of listings ("30402:<pubkey>:<d>") and of shipping options
	// ("30406:<pubkey>:<d>"). nil: none is known.
	Titles func(ctx context.Context, addresses []string) (map[string]string, error)
	// Cases keep which admin works on which dispute. nil: nobody does.
	Cases Cases
	// Viewed is called when somebody (hex) looked at an order of theirs. nil: nobody is told.
	Viewed func(o *orders.Order, reader string)
	// Desk is where participants' keys are. nil: nowhere.
	Desk Desk
	// Policy is who may hand over a key (participants.policy).
	Policy enrol.Mode
	// MeetsSigners says that the relay has where remote signers can come by to it.
	MeetsSigners bool
	// Presence is how somebody (hex) takes part without a key. nil: it is not known.
	Presence func(ctx context.Context, pubkey string) (Presence, error)
	// Notices is what viewers see and say of how they are told (*notify.Notifier), and
	// Channels how that can be. nil: nobody is.
	Notices  notify.Preferences
	Channels Channels
	// Throttle refuses a request that would change something about notices, where too
	// many have come from its address (api.Changes). nil: none is.
	Throttle func(r *http.Request) error
	// Observe is told of every page that was answered: the pattern of its route, the
	// status, and how long it took. nil: nobody is.
	Observe func(route string, code int, took time.Duration)
	// Shown is told of every page that somebody looked at: its name, and the role in
	// which it shows what is in it, "" for none. nil: nobody is.
	Shown func(page, role string)
	Now   func() time.Time
	Log   zerolog.Logger
}

// Profile is what somebody says of himself (NIP-01, kind 0): nothing of it is checked.
type Profile struct {
	Name    string
	NIP05   string
	Picture string // a data: URL of an image; "" for none, and for any other address
}

// Visitors tell who has signed in (*api.Cookies).
type Visitors interface {
	// Who is the key (hex) that the request is signed in with, "" for nobody.
	Who(r *http.Request) (pubkey string, err error)
	// End signs out.
	End(w http.ResponseWriter, r *http.Request) error
	// Check refuses what changes something and comes from a page of another site.
	Check(r *http.Request) error
}

type server struct {
	cfg    Config
	mux    *http.ServeMux
	assets *assets
	pages  *pages
	policy string // Content-Security-Policy
}

// A route is one page, or one form that a page sends.
type route struct {
	pattern  string // with its method
	signedIn bool   // else to be seen by everybody
	admin    bool   // only for admins: to others there is no such page
	serve    func(s *server, v *visit) error
}

// Each page has its routes beside it.
var routes = slices.Concat(
	frontRoutes,
	orderRoutes,
	documentRoutes,
	listRoutes,
	keysRoutes,
	noticesRoutes,
	webhookRoutes,
	statsRoutes,
	disputeRoutes,
)

// New makes the handler of the pages and of what they load. Its only errors are those
// of templates and catalogues that are built in.
func New(cfg Config) (http.Handler, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Admin == nil {
		cfg.Admin = func(string) bool { return false }
	}
	if cfg.Viewed == nil {
		cfg.Viewed = func(*orders.Order, string) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, int, time.Duration) {}
	}
	if cfg.Shown == nil {
		cfg.Shown = func(string, string) {}
	}
	s := &server{cfg: cfg, mux: http.NewServeMux(), policy: policy(cfg.PublicURLs)}
	words, err := loadWords()
	if err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(words); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(words, s.assets); err != nil {
		return nil, err
	}
	s.mux.Handle("GET "+s.assets.prefix, s.assets)
	for _, r := range routes {
		s.mux.Handle(r.pattern, s.edge(r))
	}
	s.mux.Handle("/", s.edge(route{pattern: "/", serve: (*server).nowhere}))
	return s.mux, nil
}
