package bunker

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/waybill-relay/waybill/nip17"
)

const (
	maxAddress = 4 << 10
	maxRelays  = 8
	maxRelay   = 512
	maxToken   = 256
)

// Parse reads a bunker:// address (NIP-46) and makes a new client key for it:
// parsed twice, an address makes two clients. Parameters that NIP-46 does not
// have are ignored. Errors: ErrTooLong, ErrScheme, ErrSigner, ErrRelays,
// ErrToken; none quotes the text.
func Parse(text string) (Connection, error) {
	if len(text) > maxAddress {
		return Connection{}, ErrTooLong
	}
	conn, err := parse(strings.TrimSpace(text))
	if err != nil {
		return Connection{}, err
	}
	conn.Client, err = nip17.GenerateSecret()
	return conn, err
}

// parse drops the errors of net/url: they quote the address with its secret.
func parse(text string) (Connection, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "bunker" || u.Opaque != "" {
		return Connection{}, ErrScheme
	}
	if !nip17.ValidPublicKey(u.Host) {
		return Connection{}, ErrSigner
	}
	if u.User != nil || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return Connection{}, ErrScheme
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Connection{}, ErrScheme
	}
	relays, err := checkRelays(query["relay"])
	if err != nil {
		return Connection{}, err
	}
	tokens := query["secret"]
	// What is no UTF-8 would not come back from the JSON in which it is kept.
	if len(tokens) > 1 || len(query.Get("secret")) > maxToken || !utf8.ValidString(query.Get("secret")) {
		return Connection{}, ErrToken
	}
	return Connection{Signer: u.Host, Relays: relays, Token: query.Get("secret")}, nil
}

// checkRelays returns the relays, each once. The error is ErrRelays.
func checkRelays(urls []string) (relays []string, err error) {
	if len(urls) > maxRelays {
		return nil, ErrRelays
	}
	for _, text := range urls {
		u, err := url.Parse(text)
		switch {
		case err != nil || len(text) > maxRelay || !utf8.ValidString(text) || u.Scheme != "ws" && u.Scheme != "wss":
			return nil, ErrRelays
		case u.Hostname() == "" || u.Opaque != "" || u.User != nil || u.Fragment != "":
			return nil, ErrRelays
		case !slices.Contains(relays, text):
			relays = append(relays, text)
		}
	}
	if len(relays) == 0 {
		return nil, ErrRelays
	}
	return relays, nil
}
