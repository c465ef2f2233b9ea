//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
)

// A transcript is what one twin answered to a spy, by the name of what was asked.
// The same spying on the other twin must make the same one.
type transcript struct {
	w     *twins
	url   string // where this twin listens
	names []string
	text  map[string]string

	mu       sync.Mutex
	received bytes.Buffer // every byte
}

func (w *twins) newTranscript(d *daemon) *transcript {
	return &transcript{w: w, url: d.url, text: map[string]string{}}
}

func (tr *transcript) note(name, text string) {
	tr.w.t.Helper()
	if _, ok := tr.text[name]; ok {
		tr.w.t.Fatalf("%s is asked twice", name)
	}
	tr.names = append(tr.names, name)
	tr.text[name] = text
}

// A tap is a connection that keeps what came through it.
type tap struct {
	net.Conn
	tr *transcript
}

func (c tap) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tr.mu.Lock()
	defer c.tr.mu.Unlock()
	c.tr.received.Write(p[:n])
	return n, err
}

// A spy is a socket that asks one thing at a time.
type spy struct {
	t         *testing.T
	tr        *transcript
	conn      *websocket.Conn
	challenge string
	logins    map[string]string // ids of his AUTH events
	asked     int               // how many subscriptions he has made
}

// spy connects as a client who came by publicURL, with these headers more.
func (tr *transcript) spy(header http.Header) *spy {
	t := tr.w.t
	t.Helper()
	if header = header.Clone(); header == nil {
		header = http.Header{}
	}
	if header.Get("Host") == "" {
		header.Set("Host", strings.TrimPrefix(publicURL, "ws://"))
	}
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return tap{conn, tr}, err
	}}
	conn, resp, err := dialer.Dial(tr.url, header)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	t.Cleanup(func() { conn.Close() })
	s := &spy{t: t, tr: tr, conn: conn, logins: map[string]string{}}
	hello := s.read()
	if label, _ := frame(hello); label != "AUTH" {
		t.Fatalf("got %s, want a challenge", hello)
	}
	var m []string
	if err := json.Unmarshal([]byte(hello), &m); err != nil || len(m[1]) < 16 {
		t.Fatalf("%s is no challenge: %v", hello, err)
	}
	s.challenge = m[1]
	return s
}

// spyAs also authenticates.
func (tr *transcript) spyAs(who *speaker) *spy {
	tr.w.t.Helper()
	s := tr.spy(nil)
	if who == nil {
		return s
	}
	if answer := s.auth("login", s.login(who)); !strings.Contains(answer, ",true,") {
		tr.w.t.Fatalf("the relay did not take the AUTH: %s", answer)
	}
	return s
}

// login is a good AUTH event for this socket.
func (s *spy) login(who *speaker, change ...func(*nostr.Event)) nostr.Event {
	s.t.Helper()
	evt := nip42.CreateUnsignedAuthEvent(s.challenge, who.pubkey, publicURL)
	for _, c := range change {
		c(&evt)
	}
	who.sign(&evt)
	return evt
}

// auth sends an AUTH and returns its OK.
func (s *spy) auth(name string, evt nostr.Event) string {
	s.t.Helper()
	s.logins[evt.ID] = name
	return s.ask(jsonOf(s.t, []any{"AUTH", evt}), "OK", evt.ID)
}

func (s *spy) read() string {
	s.t.Helper()
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	_, text, err := s.conn.ReadMessage()
	if err != nil {
		s.t.Fatalf("a spy's socket: %v", err)
	}
	s.tr.mu.Lock()
	defer s.tr.mu.Unlock()
	s.tr.received.Write(text) // long messages come in several frames
	return string(text)
}

// ask says one thing and returns everything that came up to its last answer, with
// what is random by nature replaced.
func (s *spy) ask(message, lastLabel, lastID string) string {
	s.t.Helper()
	return s.say(message).until(lastLabel, lastID)
}

func (s *spy) say(message string) *spy {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		s.t.Fatal(err)
	}
	return s
}

func (s *spy) until(lastLabel, lastID string) string {
	s.t.Helper()
	var heard []string
	for {
		text := s.read()
		heard = append(heard, s.plain(text))
		label, id := frame(text)
		if strings.Contains(lastLabel, label) && (lastID == "" || id == lastID) {
			slices.Sort(heard) // the filters of one REQ are answered side by side
			return strings.Join(heard, "\n")
		}
	}
}

func (s *spy) plain(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), s.challenge, "<challenge>")
	for id, name := range s.logins {
		text = strings.ReplaceAll(text, id, "<"+name+">")
	}
	return text
}

// req asks with filters as they are, closes, and returns the answer.
func (s *spy) req(filters ...string) string {
	s.t.Helper()
	s.asked++ // a CLOSE may overtake the next REQ: they must not have one id
	id := fmt.Sprintf("q%d", s.asked)
	answer := s.ask(`["REQ","`+id+`",`+strings.Join(filters, ",")+`]`, "EOSE CLOSED", id)
	s.say(`["CLOSE","` + id + `"]`)
	return answer
}

func (s *spy) count(filter string) string {
	s.t.Helper()
	return s.ask(`["COUNT","c",`+filter+`]`, "COUNT", "c")
}

// frame returns the first two strings of a message; of NOTICE the first.
func frame(text string) (label, second string) {
	var m []json.RawMessage
	if json.Unmarshal([]byte(text), &m) != nil || len(m) == 0 || json.Unmarshal(m[0], &label) != nil {
		return "no message", ""
	}
	if len(m) > 1 && json.Unmarshal(m[1], &second) != nil {
		second = ""
	}
	return label, second
}

// jsonOf is v, which has nothing that JSON lacks, as JSON.
func jsonOf(t *testing.T, v any) string {
	t.Helper()
	return string(must(json.Marshal(v))(t))
}
