// Package relay is the Nostr relay around the order pipeline: khatru with hooks
// only, an own mux and HTTP server in front of it, the decoder between envelope
// and fact, and the tracker between fact and order.
//
// It decides who may publish what and who may read what. It never looks into an
// order (package orders does), and never answers from anything but the ledger.
package relay

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/ledger"
	"github.com/waybill-relay/waybill/relay/wire"
)

// Config is what the operator decides about the relay itself.
type Config struct {
	Name        string
	Description string
	Contact     string
	Operator    string // public key (hex) of the operator, for NIP-11
	Version     string
	Self        string   // public key (hex) of the relay's own identity
	PublicURLs  []string // ws:// or wss:// URLs by which clients know the relay; the first is canonical
	Anyone      bool     // take gift wraps for anyone, not only for participants
	InboxQuota  int      // how many wraps are kept for somebody who is no participant
	Kinds       []int    // the other kinds that are accepted
	MaxLimit    int      // the most events one filter returns
	Limits      Limits

	// Orders serves orders to their parties as events. nil: there are none.
	Orders *OrderEvents

	HTTP  http.Handler // answers under /api/ and /problems/; nil: nobody does
	Pages http.Handler // answers for every other path, and for / where a browser asks; nil: nobody does

	PublicOrders   bool // take order messages that are signed and published in the open
	DirectMessages bool // take NIP-04 messages (kind 4)

	Meter Meter // nil: nobody counts

	LastArrival int64 // ms: when the newest message in the ledger arrived, 0 for none

	// Late is called once a message waits in the inbox of recipient (hex) though a key
	// is held that may open it. nil: nobody is told.
	Late func(recipient string)
	// Request is called once, after it was stored, for what somebody asks of the relay
	// itself. It must not wait. nil: nobody is told.
	Request func(Request)
	// KeyTransfer is called for a kind 4455 to the relay by somebody who has
	// authenticated as its author: it is never stored. Its error's sentence is what the
	// author gets as answer. nil: none is taken.
	KeyTransfer func(ctx context.Context, evt *nostr.Event) error
	// Announced is called for a kind 10044 that was published; nil: nobody is told.
	Announced func(evt *nostr.Event)
	// Vanished is called once somebody (hex) was forgotten (NIP-62), also by a request
	// that was carried out before and that anybody may send again: what he left here
	// later than until is not meant. nil: nobody is told.
	Vanished func(pubkey string, until time.Time)
}

// A Relay serves NIP-01 over WebSockets and its NIP-11 document. Make it with New.
type Relay struct {
	cfg     Config
	khatru  *khatru.Relay
	ledger  *ledger.Ledger
	keyring *nip17.Keyring
	decoder *Decoder
	log     zerolog.Logger

	limits    atomic.Pointer[Limits]
	listener  atomic.Pointer[wire.Listener] // once it serves
	wraps     *inflow
	clock     *clock
	sessions  sessions
	fanout    *fanout
	kinds     map[int]bool
	urls      []string // the public URLs, normalised
	accepting gate     // events that are being accepted
	server    *http.Server

	// life ends with what Serve is given: what waits for somebody else ends then, and
	// not what is being accepted.
	life context.Context
	end  context.CancelFunc
}

const (
	maxSubscriptionID = 64
	// readLimit is more than the wire ever lets through.
	readLimit = 1 << 30
)

// New makes a relay on the ledger. It starts nothing but khatru's expiration
// timer; Serve does the rest.
func New(cfg Config, l *ledger.Ledger, keyring *nip17.Keyring, decoder *Decoder, log zerolog.Logger) *Relay {
	cfg.Meter = metered(cfg.Meter)
	r := &Relay{
		cfg: cfg, khatru: khatru.NewRelay(), ledger: l, keyring: keyring, decoder: decoder, log: log,
		fanout: newFanout(), wraps: newInflow(), clock: newClock(cfg.LastArrival), kinds: map[int]bool{},
	}
	for _, k := range cfg.Kinds {
		r.kinds[k] = true
	}
	for _, u := range cfg.PublicURLs {
		r.urls = append(r.urls, normalURL(u))
	}
	if cfg.Orders != nil {
		cfg.Orders.fanout = r.fanout
	}
	r.SetLimits(cfg.Limits)
	r.hook()
	r.life, r.end = context.WithCancel(context.Background())
	r.server = &http.Server{
		BaseContext:       func(net.Listener) context.Context { return r.life },
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return withConn(wire.ConnContext(ctx, c), c) },
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: logDiscard(), // it writes clients' addresses
	}
	return r
}

// hook ties the relay to khatru. StoreEvent and ReplaceEvent do the whole job
// and answer "duplicate", so that khatru's own broadcast, expiration and
// deletion never run.
func (r *Relay) hook() {
	k := r.khatru
	k.Log = logDiscard()
	k.MaxMessageSize = readLimit
	k.Negentropy = false
	k.OnConnect = append(k.OnConnect, r.sessions.open)
	k.OnDisconnect = append(k.OnDisconnect, r.sessions.shut)
	k.RejectEvent = append(k.RejectEvent, r.rejectEvent)
	k.StoreEvent = append(k.StoreEvent, r.storeEvent)
	k.ReplaceEvent = append(k.ReplaceEvent, r.storeEvent)
	k.OverwriteFilter = append(k.OverwriteFilter, r.subscribe)
	k.RejectFilter = append(k.RejectFilter, r.rejectFilter)
	k.RejectCountFilter = append(k.RejectCountFilter, r.rejectFilter)
	k.QueryEvents = append(k.QueryEvents, r.queryEvents)
	k.CountEvents = append(k.CountEvents, r.countEvents)
}

// mux puts khatru behind WebSocket upgrades only: it compares the header with
// case, answers CORS * on every path, and has an API of its own.
func (r *Relay) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		switch {
		case strings.EqualFold(req.Header.Get("Upgrade"), "websocket"):
			r.serveWebSocket(w, req)
		case r.cfg.HTTP != nil && (strings.HasPrefix(req.URL.Path, "/api/") || strings.HasPrefix(req.URL.Path, "/problems/")):
			r.cfg.HTTP.ServeHTTP(w, req)
		case req.URL.Path == "/" && (strings.Contains(req.Header.Get("Accept"), "application/nostr+json") || req.Method == http.MethodOptions):
			r.serveInformation(w, req)
		case r.cfg.Pages != nil && (req.URL.Path != "/" || strings.Contains(req.Header.Get("Accept"), "text/html")):
			r.cfg.Pages.ServeHTTP(w, req)
		case req.URL.Path != "/":
			http.NotFound(w, req)
		default:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, "Waybill: a Nostr relay that keeps track of orders. Connect with a Nostr client.\n")
		}
	})
	return mux
}

// Wire tells what the connections hold, and what was refused of them; it is all zero
// until Serve was called.
func (r *Relay) Wire() wire.Stats {
	if l := r.listener.Load(); l != nil {
		return l.Stats()
	}
	return wire.Stats{}
}

// Serve answers on the listener until ctx ends; then it closes the sockets,
// finishes what was being accepted, and returns. It is called once.
func (r *Relay) Serve(ctx context.Context, l net.Listener) error {
	listener := wire.Listen(l, r.limits.Load().Wire, wire.WithSubscriptions(r.subscription), wire.WithAuthenticates(r.authenticates))
	r.listener.Store(listener)
	r.server.Handler = listener.Handler(r.mux())
	defer r.end()
	done := make(chan error, 1)
	go func() { done <- r.server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	r.end()
	stop, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	err := r.hangUp(stop) // the listener; sockets are not the server's any more
	r.accepting.shut(stop)
	r.sessions.closeAll(stop, func() bool { return listener.Stats().Messages > 0 })
	return err
}

// hangUp closes the listener, and every connection of HTTP once its request is
// answered, or drainWithin is over: whoever sends half a request holds up nothing.
// Sockets are not the server's any more.
func (r *Relay) hangUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	err := r.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		r.log.Info().Msg("requests that did not end in time were broken off")
		_ = r.server.Close()
		return nil
	}
	return err
}

const (
	// closeWithin bounds the end of Serve.
	closeWithin = 6 * time.Second
	// drainWithin is the part of it for requests over HTTP.
	drainWithin = 2 * time.Second
	// lastWords is how long sockets stay open after the last event was stored, where
	// an answer to a message has not gone out, such as its OK.
	lastWords = 300 * time.Millisecond
)

// logDiscard: khatru logs addresses of clients and parts of messages.
func logDiscard() *log.Logger { return log.New(io.Discard, "", 0) }
