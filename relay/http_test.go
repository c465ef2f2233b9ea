package relay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/waybill-relay/waybill/relay/wire"
)

// counter answers with where it was asked, by whom, and how much it was sent. It
// waits for a body as long as an API does.
type counter struct {
	patience time.Duration
	heard    chan int // gets each piece of a body, if not nil
	hold     chan struct{}
}

func (c counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.hold != nil {
		c.heard <- 0
		<-c.hold
	}
	if c.patience > 0 && http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.patience)) != nil {
		http.Error(w, "the deadline cannot be set", http.StatusInternalServerError)
		return
	}
	buf, total := make([]byte, 4<<10), 0
	for {
		n, err := r.Body.Read(buf)
		if total += n; n > 0 && c.heard != nil {
			c.heard <- n
		}
		switch {
		case errors.Is(err, io.EOF):
			fmt.Fprintf(w, "%s %s %d from %s", r.Method, r.URL.Path, total, wire.ClientIP(r))
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			http.Error(w, "too slow", http.StatusRequestTimeout)
			return
		case err != nil:
			http.Error(w, "broken", http.StatusBadRequest)
			return
		}
	}
}

func withHTTP(c counter, limits wire.Limits) func(*Config) {
	return func(cfg *Config) { cfg.HTTP, cfg.Limits.Wire = c, limits }
}

// What is asked under the two paths is the API's; everything else is as it was.
func TestHTTP(t *testing.T) {
	h := newHouse(t, withHTTP(counter{}, wire.Limits{}))
	for _, tt := range []struct {
		path   string
		status int
		body   string
	}{
		{"/api/v1/keys", 200, "POST /api/v1/keys 5 from 127.0.0.1"},
		{"/problems/", 200, "POST /problems/ 5 from 127.0.0.1"},
		{"/api/v1/keys?x=/y", 200, "POST /api/v1/keys 5 from 127.0.0.1"},
		{"/api", 404, ""},
		{"/apix/", 404, ""},
		{"/x/api/", 404, ""},
		{"/", 200, "Waybill"},
	} {
		resp, body := h.http(http.MethodPost, tt.path, "hello", http.Header{})
		if resp.StatusCode != tt.status || !strings.HasPrefix(body, tt.body) {
			t.Errorf("%s: got %s %s", tt.path, resp.Status, body)
		}
	}
	// A WebSocket is the relay's at any path.
	conn, _, err := websocket.DefaultDialer.Dial(h.url+"/api/v1/keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := &socket{t: t, conn: conn}
	if hello := s.read(); s.label(hello) != "AUTH" {
		t.Errorf("got %s, want a challenge", hello)
	}
}

// raw is a connection on which requests are written by hand.
type raw struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func (h *house) raw() *raw {
	h.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "ws://"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	return &raw{h.t, conn, bufio.NewReader(conn)}
}

func (r *raw) say(format string, args ...any) {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.conn, format, args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) answer() (*http.Response, string) {
	r.t.Helper()
	resp, err := http.ReadResponse(r.in, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(body)
}

const postHead = "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"

// Bodies of 64 KiB, one after the other on one connection, as a program sends them.
func TestBodiesOnOneConnection(t *testing.T) {
	h := newHouse(t, withHTTP(counter{patience: 10 * time.Second}, wire.Limits{}))
	r := h.raw()
	for range 20 {
		r.say(postHead+"%s", 64<<10, strings.Repeat("x", 64<<10))
		if resp, body := r.answer(); resp.StatusCode != 200 || !strings.Contains(body, " 65536 ") || resp.Close {
			t.Fatalf("got %s %s", resp.Status, body)
		}
	}
	r.say("POST /api/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	if resp, body := r.answer(); !strings.Contains(body, " 5 ") || resp.Close {
		t.Errorf("chunked: got %s %s", resp.Status, body)
	}
	// Two at once, the second before the first is answered.
	r.say(postHead+"hello"+postHead+"hello!", 5, 6)
	for _, want := range []string{" 5 ", " 6 "} {
		if _, body := r.answer(); !strings.Contains(body, want) {
			t.Errorf("got %s, want%s", body, want)
		}
	}
}

// A body may come in pieces, and one that does not come is the API's to end: the
// wrapper's limits for messages are not for it.
func TestSlowBodies(t *testing.T) {
	heard := make(chan int)
	h := newHouse(t, withHTTP(counter{heard: heard}, wire.Limits{MessageTimeout: time.Millisecond}))
	r := h.raw()
	r.say(postHead, 1000)
	for range 1000 {
		r.say("x")
		<-heard
	}
	if resp, body := r.answer(); !strings.Contains(body, " 1000 ") {
		t.Errorf("got %s %s", resp.Status, body)
	}
}

func TestBodyThatNeverComes(t *testing.T) {
	h := newHouse(t, withHTTP(counter{patience: 100 * time.Millisecond}, wire.Limits{}))
	r := h.raw()
	r.say(postHead+"beginning", 1000)
	if resp, _ := r.answer(); resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("got %s", resp.Status)
	}
	if resp, body := h.http(http.MethodPost, "/api/x", "hello", http.Header{}); resp.StatusCode != 200 {
		t.Errorf("another client: got %s %s", resp.Status, body)
	}
}

// Bytes are counted for the address as those of a WebSocket are: what is above the
// limit comes later, whole, and a deadline of the API's ends it all the same.
func TestBytesOfBodiesAreLimited(t *testing.T) {
	t.Parallel()
	limits := wire.Limits{BytesPerSecond: 8 << 10} // 80 KiB at once
	for name, tt := range map[string]struct {
		patience time.Duration
		want     int
	}{"patient": {10 * time.Second, 200}, "not patient": {100 * time.Millisecond, 408}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, withHTTP(counter{patience: tt.patience}, limits))
			r := h.raw()
			r.say(postHead+"%s", 64<<10, strings.Repeat("x", 64<<10))
			if resp, body := r.answer(); resp.StatusCode != 200 {
				t.Fatalf("got %s %s", resp.Status, body)
			}
			begun := time.Now()
			r.say(postHead+"%s", 24<<10, strings.Repeat("x", 24<<10))
			resp, _ := r.answer()
			if took := time.Since(begun); resp.StatusCode != tt.want || tt.want == 200 && took < 500*time.Millisecond {
				t.Errorf("got %s after %v, want %d", resp.Status, took, tt.want)
			}
		})
	}
}

// What is being answered when the relay stops is answered.
func TestStopWhileAnswering(t *testing.T) {
	c := counter{heard: make(chan int, 9), hold: make(chan struct{})}
	h := newHouse(t, withHTTP(c, wire.Limits{}))
	r := h.raw()
	r.say(postHead+"hello", 5)
	<-c.heard
	h.stop()
	close(c.hold)
	if resp, body := r.answer(); resp.StatusCode != 200 || !strings.Contains(body, " 5 ") {
		t.Errorf("got %s %s", resp.Status, body)
	}
}

// Whoever has connected and says nothing does not hold up the end, and is no error.
func TestStopWhileSomebodyIsSilent(t *testing.T) {
	t.Parallel()
	var conn net.Conn
	var begun time.Time
	t.Cleanup(func() { // after the house's own
		conn.Close()
		if took := time.Since(begun); took > closeWithin-time.Second {
			t.Errorf("it took %v", took)
		}
	})
	h := newHouse(t)
	t.Cleanup(func() { begun = time.Now() })
	var err error
	if conn, err = net.Dial("tcp", strings.TrimPrefix(h.url, "ws://")); err != nil {
		t.Fatal(err)
	}
	h.connect(nil) // so that the former was accepted
}
