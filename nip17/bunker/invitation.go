package bunker

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

const (
	maxName = 64
	maxSite = 256
)

// An Invitation is a nostrconnect:// address that a user gives to his signer,
// which then connects by itself (NIP-46). It is good for one signer.
type Invitation struct {
	relays []string
	public string
	uri    string

	mu     sync.Mutex
	secret string       // "" once it is over
	client nip17.Secret // handed on with the Connection
}

// Offer makes an invitation by 1 to 8 relays. It asks for the permission to
// decrypt and for no other. name and site (its URL) are what the signer shows its
// user; "" leaves them out. Errors: ErrRelays, ErrName.
func Offer(relays []string, name, site string) (*Invitation, error) {
	relays, err := checkRelays(relays)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name) || !validSite(site) {
		return nil, ErrName
	}
	client, err := nip17.GenerateSecret()
	if err != nil {
		return nil, err
	}
	i := &Invitation{relays: relays, public: client.PublicKey(), secret: randomID(), client: client}
	i.uri = i.compose(name, site)
	return i, nil
}

func validSite(site string) bool {
	if site == "" {
		return true
	}
	u, err := url.Parse(site)
	return err == nil && len(site) <= maxSite && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
}

func (i *Invitation) compose(name, site string) string {
	var b strings.Builder
	b.WriteString("nostrconnect://" + i.public)
	separator := "?"
	add := func(key, value string) {
		if value == "" {
			return
		}
		// Every reader of URLs knows %20 for a space; "+" is one in forms only.
		b.WriteString(separator + key + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		separator = "&"
	}
	for _, relay := range i.relays {
		add("relay", relay)
	}
	add("secret", i.secret)
	add("perms", methodDecrypt)
	add("name", name)
	add("url", site)
	return b.String()
}

// URI is the address, for the user's eyes alone: whoever else has it can be the
// signer.
func (i *Invitation) URI() string { return i.uri }

// Client is the public key (hex) that the signer will see.
func (i *Invitation) Client() string { return i.public }

// Wait listens until a signer accepts, which it shows by the address's secret, and
// returns the connection to it. Whatever else comes is ignored. Errors: ErrClosed
// once the invitation was accepted or closed; where ctx ends ErrOffline, and with
// it the context's.
func (i *Invitation) Wait(ctx context.Context, opts ...Option) (Connection, error) {
	c, err := i.own()
	if err != nil {
		return Connection{}, err
	}
	defer c.zero()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &waiting{invitation: i, client: c, accepted: make(chan Connection, 1)}
	newLines(newSettings(opts), c, i.relays, "", w).open(ctx)
	select {
	case conn := <-w.accepted:
		return conn, nil
	case <-ctx.Done():
		if conn, ok := w.leave(); ok {
			return conn, nil
		}
		return Connection{}, fmt.Errorf("%w: %w", ErrOffline, ctx.Err())
	}
}

// own copies the client's key. The error is ErrClosed.
func (i *Invitation) own() (*client, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c, err := newClient(i.client)
	if err != nil || i.secret == "" {
		return nil, ErrClosed
	}
	return c, nil
}

// Close wipes the client's key of an invitation that nobody accepted.
func (i *Invitation) Close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.secret = ""
	i.client.Zero()
}

const redactedInvitation = "[bunker invitation]"

// String hides the secret.
func (i *Invitation) String() string { return redactedInvitation }

// GoString hides the secret from %#v.
func (i *Invitation) GoString() string { return redactedInvitation }

// Format hides the secret from every verb.
func (i *Invitation) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedInvitation) }

// waiting is one Wait, which listens to anybody.
type waiting struct {
	invitation *Invitation
	client     *client
	left       bool // guarded by the lock of the invitation
	accepted   chan Connection
}

func (w *waiting) received(evt *nostr.Event) {
	text, ok := w.client.read(evt)
	if !ok {
		return
	}
	if r, ok := parseReply(text); ok && r.verdict == answered {
		w.accept(evt.PubKey, r.result)
	}
}

// accept takes the first signer that knows the secret.
func (w *waiting) accept(signer, result string) {
	i := w.invitation
	i.mu.Lock()
	defer i.mu.Unlock()
	if w.left || i.secret == "" || subtle.ConstantTimeCompare([]byte(result), []byte(i.secret)) != 1 {
		return
	}
	w.accepted <- Connection{Signer: signer, Relays: i.relays, Client: i.client}
	i.secret, i.client = "", nip17.Secret{}
}

// leave keeps a signer from being accepted with nobody to be told of it.
func (w *waiting) leave() (Connection, bool) {
	w.invitation.mu.Lock()
	defer w.invitation.mu.Unlock()
	w.left = true
	select {
	case conn := <-w.accepted:
		return conn, true
	default:
		return Connection{}, false
	}
}

func (w *waiting) rejected(*line, string) {}
func (w *waiting) dropped(*line)          {}
func (w *waiting) sent(string) []byte     { return nil }
func (w *waiting) changed(bool)           {}
