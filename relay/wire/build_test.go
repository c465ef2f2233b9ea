package wire

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/fiatjaf/khatru"
	"github.com/nbd-wtf/go-nostr"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/fiatjaf/khatru.(*expirationManager).start")) // it has no end
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within twenty seconds", what)
		}
	}
}

// everyone has no limit per address: all tests come from one.
func everyone() Limits { return Limits{Exempt: prefixes("127.0.0.0/8")} }

// A house is a khatru behind the wrapper, with the few hooks it takes. It keeps
// events in memory, refuses those whose content is "refused", and filters of kind
// 4; it does its own fan-out, as the relay does.
type house struct {
	t      testing.TB
	wire   *Listener
	addr   string
	url    string
	khatru *khatru.Relay
	asked  chan string   // gets the content of each event that is to be stored, if not nil
	hold   chan struct{} // events are stored once it is closed, if not nil
	slow   func()        // called before stored events are read, if not nil
	forget bool          // nothing is kept

	mu     sync.Mutex
	subs   map[subscription]<-chan struct{}
	events []nostr.Event
}

type subscription struct {
	conn net.Conn
	id   string
}

// newHouse opens a relay. It ends with the test, which fails if anything is left
// in the wrapper's accounts.
func newHouse(t testing.TB, limits Limits, change ...func(*house)) *house {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, addr: inner.Addr().String(), khatru: khatru.NewRelay(), subs: map[subscription]<-chan struct{}{}}
	h.url = "ws://" + h.addr
	h.wire = Listen(inner, limits, WithSubscriptions(h.alive))
	for _, f := range change {
		f(h)
	}
	h.hooks()
	h.serve(h.wire, h.wire.Handler(h.mux()))
	t.Cleanup(func() {
		eventually(t, "accounts that balance", func() bool { return h.balanced() })
	})
	return h
}

// serve runs an HTTP server on the listener until the test ends.
func (h *house) serve(l net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ConnContext: ConnContext, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	h.t.Cleanup(func() {
		if err := server.Close(); err != nil {
			h.t.Error(err)
		}
		<-done
		if h.wire == nil {
			return
		}
		h.wire.mu.Lock()
		open := make([]*Conn, 0, len(h.wire.conns))
		for c := range h.wire.conns {
			open = append(open, c)
		}
		h.wire.mu.Unlock()
		for _, c := range open { // the server does not close those that were hijacked
			_ = c.Close()
		}
	})
}

func (h *house) balanced() bool {
	s := h.wire.Stats()
	return s.Connections == 0 && s.Messages == 0 && s.InFlight == 0 && s.Partial == 0
}

func (h *house) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "websocket" {
			h.khatru.HandleWebsocket(w, r)
			return
		}
		io.WriteString(w, ClientIP(r).String()+" "+r.Header.Get("X-Forwarded-For"))
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/live", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, line := range []string{"data: one\n\n", "data: two\n\n"} {
			io.WriteString(w, line)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	return mux
}

// stuck is how many connections have been writing for a while.
func (h *house) stuck() (n int) {
	h.wire.mu.Lock()
	defer h.wire.mu.Unlock()
	for c := range h.wire.conns {
		if since := c.writingSince.Load(); since != 0 && time.Since(time.Unix(0, since)) > 50*time.Millisecond {
			n++
		}
	}
	return n
}
