//go:build e2e

package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// dated is what differs between two answers of one server.
var dated = regexp.MustCompile(`(?m)^Date: .*$`)

// paths tries what a web server might answer. authorization is of NIP-98.
func (tr *transcript) paths(authorization string) {
	w := tr.w
	call := func(method string, params ...string) string {
		return jsonOf(w.t, map[string]any{"method": method, "params": params})
	}
	for _, path := range []string{
		"/", "/index.html", "/api", "/api/orders", "/api/orders/S-1", "/orders/S-1", "/order/" + w.stored[0].ID, "/" + w.hermit.pubkey, "/healthz", "/readyz",
		"/metrics", "/debug/pprof/", "/debug/vars", "/.well-known/nostr.json?name=_", "/.git/config", "/waybill.db", "/../waybill.db", "/keys", "//", "/%2e%2e/",
	} {
		tr.http("GET "+path, "GET", path, "relay.test", "")
		tr.http("OPTIONS "+path, "OPTIONS", path, "relay.test", "", "Origin: https://elsewhere.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
		tr.http("GET "+path+", NIP-11", "GET", path, "relay.test", "", "Accept: application/nostr+json")
		tr.http("POST "+path+", NIP-98", "POST", path, "relay.test", "{}", "Authorization: "+authorization)
	}
	for _, method := range []string{"HEAD", "PUT", "DELETE", "TRACE", "PROPFIND"} {
		tr.http(method, method, "/", "relay.test", "")
	}
	for _, body := range []string{
		call("supportedmethods"), call("listallowedpubkeys"), call("listbannedevents"), call("stats"), call("allowpubkey", w.mallory.pubkey),
		call("banevent", w.stored[0].ID, "x"), call("banpubkey", w.hermit.pubkey), "", "{",
	} {
		tr.http("NIP-86 "+body, "POST", "/", "relay.test", body, "Content-Type: application/nostr+json+rpc", "Authorization: "+authorization)
	}
	for name, header := range forgeries {
		host, lines := "relay.test", []string{"Accept: application/nostr+json"}
		for key, values := range header {
			for _, v := range values {
				if key == "Host" {
					host = v
				} else {
					lines = append(lines, key+": "+v)
				}
			}
		}
		tr.http("forged "+name+" for NIP-11", "GET", "/", host, "", lines...)
		tr.http("forged "+name+" for /api", "GET", "/api", host, "", lines[1:]...)
	}
	tr.http("websocket elsewhere", "GET", "/api/orders", "relay.test", "", "Upgrade: websocket", "Sec-WebSocket-Version: 12")
}

// http asks with a request written by hand and notes the answer as it came.
func (tr *transcript) http(name, method, path, host, body string, header ...string) {
	t := tr.w.t
	t.Helper()
	request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s",
		method, path, host, len(body), strings.Join(append(header, ""), "\r\n"), body)
	conn, err := net.Dial("tcp", strings.TrimPrefix(tr.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(tap{conn, tr})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 ") {
		t.Errorf("%s: got %q", name, answer)
	}
	tr.note("HTTP, "+name, dated.ReplaceAllString(string(answer), "Date: then"))
}

// nip98 is an authorization for whatever is at publicURL.
func nip98(s *speaker) string {
	evt := s.event(27235, "", nostr.Tag{"u", strings.Replace(publicURL, "ws", "http", 1) + "/"}, nostr.Tag{"method", "POST"})
	return "Nostr " + base64.StdEncoding.EncodeToString([]byte(evt.String()))
}
