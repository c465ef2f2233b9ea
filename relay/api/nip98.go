package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// A refusal is why a token (NIP-98) is not taken. It quotes nothing of it.
type refusal struct{ reason, text string }

func (r *refusal) Error() string { return r.text }

var (
	errMissing   = &refusal{"missing", "Sign in with the header `Authorization: Nostr …` (NIP-98)."}
	errScheme    = &refusal{"scheme", "Authorization must be `Nostr`, once."}
	errTooLong   = &refusal{"too-long", "The token is longer than one for this API can be."}
	errEncoding  = &refusal{"encoding", "The token is not the base64 of a Nostr event in JSON."}
	errKind      = &refusal{"kind", "The token's kind must be 27235."}
	errTime      = &refusal{"time", "The token's created_at must be within 60 seconds of the relay's clock."}
	errStarted   = &refusal{"time", "The relay has just started, and takes no token from before. Sign a new one."}
	errURL       = &refusal{"url", "The token must have one u tag, the whole URL of this request with its query."}
	errMethod    = &refusal{"method", "The token must have one method tag, the method of this request."}
	errForm      = &refusal{"form", "The token's id, pubkey and sig must be lower-case hex."}
	errID        = &refusal{"id", "The token's id is not the hash of its content."}
	errSignature = &refusal{"signature", "The token's signature does not verify."}
	errPayload   = &refusal{"payload", "The token must have one payload tag, the SHA-256 of the body in lower-case hex."}
	errNoSession = &refusal{"session", "The session is over, or there is none. Sign in again."}
	errReplayed  = &refusal{"replayed", "The token was used before. Sign one for each request; another in the same second needs something of its own, as a tag nonce."}
)

const (
	kindHTTPAuth = 27235
	// window is how far created_at may be off, either way.
	window = 60 * time.Second
	// maxToken bounds the header before anything is decoded: an event of this kind
	// has some 600 bytes and a URL.
	maxToken = 8 << 10
)

// signIn checks tokens (NIP-98), the cheap before the dear.
type signIn struct {
	bases   []string // what the URL of a request may begin with
	now     func() time.Time
	started time.Time
	used    *replays
}

// A token is one whose signature holds, and that is not used up yet.
type token struct {
	id      [32]byte
	pubkey  string
	payload []string // of its payload tags
}

// newSignIn takes relay.public_urls: where the relay is it never learns from a
// request, for a token that was signed for another site would come with the
// headers that make it fit.
func newSignIn(publicURLs []string, now func() time.Time) *signIn {
	return &signIn{bases: bases(publicURLs), now: now, started: now(), used: newReplays()}
}

// bases are the public URLs (ws, wss) as browsers name them.
func bases(publicURLs []string) (found []string) {
	for _, text := range publicURLs {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			continue // refused at start, by the configuration
		}
		scheme := strings.Replace(strings.ToLower(u.Scheme), "ws", "http", 1)
		host := strings.ToLower(u.Host)
		// Clients drop the port that goes without saying.
		if scheme == "https" {
			host = strings.TrimSuffix(host, ":443")
		} else {
			host = strings.TrimSuffix(host, ":80")
		}
		found = append(found, scheme+"://"+host+strings.TrimRight(u.EscapedPath(), "/"))
	}
	return found
}

// open checks everything of a request's token but what its body has to say. dear
// is asked before the signature is verified, for whether this client may cost
// that much.
func (s *signIn) open(r *http.Request, dear func() error) (token, error) {
	evt, err := readToken(r.Header["Authorization"])
	if err != nil {
		return token{}, err
	}
	t, err := s.fits(&evt, r)
	if err != nil {
		return token{}, err
	}
	if err := s.used.check(t.id, s.now()); err != nil {
		return token{}, err
	}
	if err := dear(); err != nil {
		return token{}, err
	}
	if !evt.CheckID() {
		return token{}, errID
	}
	// go-nostr's errors quote the event.
	if ok, err := evt.CheckSignature(); !ok || err != nil {
		return token{}, errSignature
	}
	return t, nil
}

// accept checks what the token says of the body, and uses it up: of two requests
// with one token, one is taken.
func (s *signIn) accept(t token, body []byte, from netip.Addr) error {
	switch {
	case len(t.payload) == 0 && len(body) > 0:
		return errPayload
	case len(t.payload) > 1:
		return errPayload
	case len(t.payload) == 1:
		if hash := sha256.Sum256(body); t.payload[0] != hex.EncodeToString(hash[:]) {
			return errPayload
		}
	}
	return s.used.use(t.id, t.pubkey, from, s.now())
}

// readToken decodes the header. Nothing in it is checked yet.
func readToken(headers []string) (nostr.Event, error) {
	switch {
	case len(headers) == 0:
		return nostr.Event{}, errMissing
	case len(headers) > 1: // which of them counts, every program on the way may see otherwise
		return nostr.Event{}, errScheme
	case len(headers[0]) > maxToken:
		return nostr.Event{}, errTooLong
	}
	scheme, code, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Nostr") {
		return nostr.Event{}, errScheme
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(code))
	if err != nil {
		return nostr.Event{}, errEncoding
	}
	evt, err := nip17.UnmarshalEvent(text)
	if err != nil {
		return nostr.Event{}, errEncoding
	}
	return evt, nil
}

// fits checks that the token is for this request and this moment.
func (s *signIn) fits(evt *nostr.Event, r *http.Request) (token, error) {
	if evt.Kind != kindHTTPAuth {
		return token{}, errKind
	}
	now := s.now()
	if at := int64(evt.CreatedAt); at < now.Add(-window).Unix() || at > now.Add(window).Unix() {
		return token{}, errTime
	} else if now.Sub(s.started) < window && at < s.started.Unix() {
		// What was used up before is forgotten with the process. This leaves tokens of a
		// client whose clock is ahead; to refuse those too would refuse everybody.
		return token{}, errStarted
	}
	if u := values(evt.Tags, "u"); len(u) != 1 || !s.addressed(u[0], r) {
		return token{}, s.wrongURL()
	}
	// HTTP's methods have one case, but nostr-tools writes what it is given, often "get".
	if m := values(evt.Tags, "method"); len(m) != 1 || !strings.EqualFold(m[0], r.Method) {
		return token{}, errMethod
	}
	if !lowerHex(evt.ID, 64) || !lowerHex(evt.PubKey, 64) || !lowerHex(evt.Sig, 128) {
		return token{}, errForm
	}
	t := token{pubkey: evt.PubKey, payload: values(evt.Tags, "payload")}
	_, err := hex.Decode(t.id[:], []byte(evt.ID))
	return t, err
}

// addressed reports whether u is the URL of the request at one of our addresses,
// to the letter: the order of a query's keys, and how they are escaped, count.
func (s *signIn) addressed(u string, r *http.Request) bool {
	target := r.URL.RequestURI()
	return slices.ContainsFunc(s.bases, func(base string) bool { return u == base+target })
}

// wrongURL says where the relay believes to be, the likeliest cause. The query
// it does not repeat.
func (s *signIn) wrongURL() error {
	if len(s.bases) == 0 {
		return errURL
	}
	return &refusal{errURL.reason, errURL.text + " It begins with " + s.bases[0] + "."}
}

// values are those of the tags of one name.
func values(tags nostr.Tags, name string) (found []string) {
	for _, tag := range tags {
		if len(tag) > 0 && tag[0] == name {
			found = append(found, append(tag, "")[1])
		}
	}
	return found
}

// lowerHex reports whether s is n lower-case hex digits. In upper case one id
// would be another, and one caller two.
func lowerHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
