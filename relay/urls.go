package relay

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr"
)

// The headers by which khatru finds out its own URL.
const (
	hostHeader  = "X-Forwarded-Host"
	protoHeader = "X-Forwarded-Proto"
)

// normalURL is the one form of all the ways to write a relay's URL: without upper
// case, slash at the end, and the port that goes without saying.
func normalURL(relay string) string {
	relay = strings.ToLower(strings.TrimSpace(relay))
	if !strings.Contains(relay, "://") {
		relay = nostr.NormalizeURL(relay) // it guesses the scheme
	}
	u, err := url.Parse(relay)
	if err != nil {
		return relay
	}
	scheme := strings.Replace(u.Scheme, "http", "ws", 1)
	host, port := u.Hostname(), u.Port()
	switch {
	case port != "" && port != map[string]string{"ws": "80", "wss": "443"}[scheme]:
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return scheme + "://" + host + strings.TrimRight(u.Path, "/")
}

// isOurs reports whether the URL is one of the relay's public ones.
func (r *Relay) isOurs(relay string) bool { return slices.Contains(r.urls, normalURL(relay)) }

// serveWebSocket gives khatru the headers by which it finds out its own URL; what a
// client sent there it never sees.
func (r *Relay) serveWebSocket(w http.ResponseWriter, req *http.Request) {
	req.Header.Set("Upgrade", "websocket")
	req.Header[hostHeader], req.Header[protoHeader] = make([]string, 1), make([]string, 1)
	call(req, r.cfg.PublicURLs[0])
	r.khatru.HandleWebsocket(w, req)
}

// authenticates prepares for an AUTH. khatru takes those for a single URL only, but
// reads it anew for each: so it is that of the AUTH, if it is any of the public ones
// (NIP-42), whatever name the client, or a proxy, has put into its request.
func (r *Relay) authenticates(c net.Conn, relay string) {
	s := r.sessions.on(c)
	if s == nil {
		return
	}
	if !strings.Contains(relay, "://") || !r.isOurs(relay) {
		relay = r.cfg.PublicURLs[0]
	}
	call(s.ws.Request, relay)
}

// call tells khatru by which URL it is called. Nothing reads these two values but
// khatru's answer to an AUTH, of which there is one at a time; and the map of the
// headers, which others may read meanwhile, stays as it is.
func call(req *http.Request, relay string) {
	scheme, rest, _ := strings.Cut(relay, "://")
	req.Header[protoHeader][0] = strings.Replace(strings.ToLower(scheme), "ws", "http", 1)
	req.Header[hostHeader][0] = rest
}
