package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBodyRefused has each field wrong once, and everything around them.
func TestBodyRefused(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	const keys, connect = "/api/v1/keys", "/api/v1/keys/connect"
	for _, tt := range []struct {
		path, body, code, field string
	}{
		{keys, ``, "malformed", ""},
		{keys, `x`, "malformed", ""},
		{keys, `{`, "malformed", ""},
		{keys, `{"invite":}`, "malformed", ""},
		{keys, `{"invite":"a"} {}`, "malformed", ""},
		{keys, `{"invite":"` + "\xff" + `"}`, "malformed", ""},
		{keys, `[]`, "malformed", ""},
		{keys, `null`, "malformed", ""},
		{keys, `"secret"`, "malformed", ""},
		{keys, strings.Repeat(`[`, 20_000) + strings.Repeat(`]`, 20_000), "malformed", ""},
		{keys, `{"nsec":"x"}`, "malformed", "nsec"},
		{keys, `{"Secret":"x"}`, "malformed", "Secret"},
		{keys, `{"` + plainHex + `":1}`, "malformed", "of that name"},
		{keys, `{"":1}`, "malformed", "of that name"},
		{keys, `{"invite":"a","invite":"b"}`, "malformed", "invite"},
		{keys, `{"invite":"a","\u0069nvite":"b"}`, "malformed", "invite"},
		{keys, `{"secret":7}`, "malformed", "secret"},
		{keys, `{"secret":null}`, "malformed", "secret"},
		{keys, `{"secret":["x"]}`, "malformed", "secret"},
		{keys, `{"passphrase":true}`, "malformed", "passphrase"},
		{keys, `{"bunker":{}}`, "malformed", "bunker"},
		{keys, `{"since":1700000000}`, "malformed", "since"},
		{keys, `{"invite":1.5e3}`, "malformed", "invite"},
		{keys, `{"announcement":"x"}`, "malformed", "announcement"},
		{keys, `{"announcement":{}}`, "malformed", "announcement"},
		{keys, `{"announcement":null}`, "malformed", "announcement"},
		{keys, `{"announcement":{"id":7}}`, "malformed", "announcement"},
		{keys, `{}`, "invalid", ""},
		{keys, `{"secret":"` + plainHex + `","bunker":"bunker://x"}`, "invalid", ""},
		{keys, `{"secret":"nsec1abc"}`, "invalid", "secret"},
		{keys, `{"secret":"` + strings.Repeat("0", 64) + `"}`, "invalid", "secret"},
		{keys, `{"secret":"` + ncryptsec + `"}`, "invalid", "passphrase"},
		{keys, `{"secret":"` + ncryptsec + `","passphrase":"wrong"}`, "invalid", "passphrase"},
		{keys, `{"bunker":"https://x"}`, "invalid", "bunker"},
		{keys, `{"bunker":"bunker://x","passphrase":"y"}`, "invalid", "passphrase"},
		{keys, `{"secret":"` + plainHex + `","since":"yesterday"}`, "invalid", "since"},
		{keys, `{"secret":"` + plainHex + `","since":"2026-02-30"}`, "invalid", "since"},
		{keys, `{"secret":"` + plainHex + `","since":"0001-01-01"}`, "invalid", "since"},
		{connect, ``, "malformed", ""},
		{connect, `{"secret":"x"}`, "malformed", "secret"},
		{connect, `{"since":7}`, "malformed", "since"},
		{connect, `{"invite":[]}`, "malformed", "invite"},
		{connect, `{"since":"x"}`, "invalid", "since"},
	} {
		a := ask{method: "POST", path: tt.path, body: tt.body, as: who, header: http.Header{"Content-Type": {"application/json"}}}
		if tt.body == "" {
			a.auth = h.getting(who, h.url+tt.path, "POST", 0, []string{"payload", hash("")})
		}
		p := h.refused(a, map[string]int{"malformed": 400, "invalid": 422}[tt.code], tt.code)
		if field, _ := p["field"].(string); field != tt.field {
			t.Errorf("%s: got field %q, want %q", tt.body, field, tt.field)
		}
	}
	if h.desk.calls() != 0 {
		t.Error("the desk was asked")
	}
}

func TestContentType(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	for _, header := range []http.Header{
		{"Content-Type": {""}}, {"Content-Type": {"text/plain"}}, {"Content-Type": {"application/x-www-form-urlencoded"}},
		{"Content-Type": {"application/json; charset=latin1"}}, {"Content-Type": {"application/json; ;"}}, {"Content-Encoding": {"gzip"}},
	} {
		h.refused(ask{method: "POST", path: keysPath, body: "{}", as: who, header: header}, 415, "unsupported_type")
	}
	for _, kind := range []string{"application/json; charset=UTF-8", "APPLICATION/JSON"} {
		a := ask{method: "POST", path: keysPath, body: `{"bunker":"bunker://x"}`, as: who, header: http.Header{"Content-Type": {kind}}}
		if resp, body := h.do(a); resp.StatusCode != 201 {
			t.Errorf("%s: got %s %s", kind, resp.Status, body)
		}
	}
}

func TestBodySize(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.MaxBody = 1000 })
	who := newSigner(t)
	of := func(size int) string {
		const empty = `{"bunker":"bunker://"}`
		return strings.Replace(empty, "//", "//"+strings.Repeat("x", size-len(empty)), 1)
	}
	if resp, body := h.do(ask{method: "POST", path: keysPath, body: of(1000), as: who}); resp.StatusCode != 201 {
		t.Errorf("got %s %s", resp.Status, body)
	}
	h.refused(ask{method: "POST", path: keysPath, body: of(1001), as: who}, 413, "too_large")
	h.refused(ask{method: "POST", path: keysPath, body: of(1 << 20), as: who}, 413, "too_large")
	// Of a length that is not said before.
	for size, want := range map[int]int{999: 201, 1000: 201, 1001: 413, 400_000: 413} {
		req, err := http.NewRequest("POST", h.url+keysPath, io.MultiReader(strings.NewReader(of(size))))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", header(h.token(who, "POST", h.url+keysPath, of(size))))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d bytes in chunks: got %s, want %d", size, resp.Status, want)
		}
	}
}

// post writes a request by hand, and reads the answer.
func (h *house) post(path, auth, length, sent string, end bool) *http.Response {
	h.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n%s\r\n\r\n%s", path, auth, length, sent)
	if end {
		conn.(*net.TCPConn).CloseWrite()
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		h.t.Fatalf("%s, %s: %v", auth, length, err)
	}
	return resp
}

// A body that does not come, or breaks off, is not waited for, be it read or not.
func TestBodyThatDoesNotCome(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.BodyTimeout = 100 * time.Millisecond })
	who := newSigner(t)
	const whole = `{"bunker":"bunker://x"}`
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(whole), whole)
	auth := func() string { return "Authorization: " + header(h.token(who, "POST", h.url+keysPath, whole)) }
	for name, tt := range map[string]struct {
		path, auth, length, sent string
		end                      bool
		want                     int
	}{
		"signed in":      {keysPath, auth(), "Content-Length: 100", whole, false, 408},
		"in chunks":      {keysPath, auth(), "Transfer-Encoding: chunked", chunk, false, 408},
		"not signed in":  {keysPath, "X: y", "Content-Length: 100", whole, false, 401},
		"to nowhere":     {"/api/v2", "X: y", "Content-Length: 100", whole, false, 404},
		"broken off":     {keysPath, auth(), "Content-Length: 100", whole, true, 400},
		"a broken chunk": {keysPath, auth(), "Transfer-Encoding: chunked", chunk, true, 400},
	} {
		if resp := h.post(tt.path, tt.auth, tt.length, tt.sent, tt.end); resp.StatusCode != tt.want || !resp.Close {
			t.Errorf("%s: got %s, close %v; want %d", name, resp.Status, resp.Close, tt.want)
		}
	}
	if h.desk.calls() != 0 {
		t.Error("the desk was asked")
	}
}

// The time for a body ends with the body: the desk may take longer.
func TestTheDeskTakesItsTime(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.BodyTimeout = 100 * time.Millisecond })
	h.desk.hold = make(chan struct{})
	status := make(chan string, 1)
	go func() {
		resp, body := h.do(ask{method: "POST", path: keysPath, body: `{"bunker":"bunker://x"}`, as: newSigner(t)})
		status <- resp.Status + body
	}()
	for range 3 { // three times as long
		if resp := h.post(keysPath, "X: y", "Content-Length: 100", "", false); resp.StatusCode != 401 {
			t.Error(resp.Status)
		}
	}
	close(h.desk.hold)
	if got := <-status; !strings.HasPrefix(got, "201") {
		t.Error(got)
	}
}

// eachMember finds what encoding/json finds.
func TestEachMember(t *testing.T) {
	leaf := rapid.OneOf(rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) any { return f }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Just[any](nil))
	value := rapid.OneOf(leaf, rapid.Map(rapid.SliceOfN(leaf, 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.String(), leaf, 0, 3), func(m map[string]any) any { return m }))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(rapid.String(), value, 0, 6).Draw(t, "object")
		text, err := json.Marshal(want)
		if rapid.Bool().Draw(t, "indented") {
			text, err = json.MarshalIndent(want, " ", "\t")
		}
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		err = eachMember(text, func(name string, value []byte) error {
			var v any
			err := json.Unmarshal(value, &v)
			got[name] = v
			return err
		})
		var again map[string]any
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if err != nil || !maps.EqualFunc(got, again, func(a, b any) bool { return reflect.DeepEqual(a, b) }) {
			t.Fatalf("%s: got %v and %v", text, got, err)
		}
	})
}
