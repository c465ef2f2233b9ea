package wire

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
)

func (h *house) get(client *http.Client, path string, headers ...string) (status int, body string, header http.Header) {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+h.addr+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// newClient keeps its connections, until the test ends.
func newClient(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t, everyone())
	client := newClient(t)
	for range 3 { // on one connection
		if status, body, _ := h.get(client, "/"); status != 200 || body != "127.0.0.1 " {
			t.Errorf("got %d %q", status, body)
		}
	}
	if got := h.wire.Stats().Connections; got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
	large := strings.Repeat("101 Switching Protocols\r\n\r\n", 100_000)
	resp, err := client.Post("http://"+h.addr+"/echo", "text/plain", strings.NewReader(large))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != large {
		t.Errorf("got %d bytes and %v, want %d", len(got), err, len(large))
	}
}

func TestServerSentEvents(t *testing.T) {
	limits := everyone()
	limits.WriteTimeout = 50 * time.Millisecond // of each write, not of the response
	h := newHouse(t, limits)
	resp, err := newClient(t).Get("http://" + h.addr + "/live")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(resp.Body)
	for _, want := range []string{"data: one", "", "data: two", ""} {
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("got %q, want %q", lines.Text(), want)
		}
	}
	resp.Body.Close()
	eventually(t, "the server to notice", func() bool { return h.wire.Stats().Connections == 0 })
}

// refusedDial opens a connection that is refused at once.
func (h *house) refusedDial() (status int, retry, body string) {
	h.t.Helper()
	_, resp, err := websocket.DefaultDialer.Dial(h.url, nil)
	if err == nil || resp == nil {
		h.t.Fatalf("got %v, want a refusal", err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Retry-After"), string(b)
}

func TestConnectionsPerAddress(t *testing.T) {
	h := newHouse(t, Limits{PerIP: 2})
	first, second := h.dial(), h.dial()
	for range 3 {
		if status, retry, body := h.refusedDial(); status != 429 || retry == "" || !strings.HasPrefix(body, "rate-limited: ") {
			t.Errorf("got %d %s %q", status, retry, body)
		}
	}
	first.conn.Close()
	eventually(t, "a free place", func() bool { return h.wire.Stats().Connections == 1 })
	h.dial()
	second.publish(made(t, 1, "still here"))
	if got := h.wire.Stats().Refused["connections-per-address"]; got != 3 {
		t.Errorf("got %d, want 3", got)
	}
}

func TestConnectionsOfEverybody(t *testing.T) {
	t.Parallel()
	limits := everyone() // exempt ones too
	limits.Connections = 3
	h := newHouse(t, limits)
	for range 3 {
		h.dial()
	}
	// More than are refused in words at one time, and they say nothing.
	for range 2 * maxRefusing {
		conn, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	eventually(t, "the listener to come through", func() bool {
		return h.wire.Stats().Refused["connections"] == 2*maxRefusing
	})
	limits.Connections = 4
	h.wire.SetLimits(limits)
	h.dial()
	if status, _, body := h.refusedWithPatience(); status != 503 || !strings.HasPrefix(body, "rate-limited: ") {
		t.Errorf("got %d %q", status, body)
	}
}

// refusedWithPatience waits until there is time again for a word.
func (h *house) refusedWithPatience() (status int, retry, body string) {
	h.t.Helper()
	eventually(h.t, "a slot", func() bool { return len(h.wire.refusing) < maxRefusing })
	return h.refusedDial()
}
