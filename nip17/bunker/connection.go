package bunker

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/waybill-relay/waybill/nip17"
)

const redacted = "[bunker connection]"

// Connection is how one remote signer is reached, and who asks. Whoever has it
// can ask in our name: it is kept encrypted, and cannot be printed. A struct that
// has one in an unexported field needs a Format method of its own, since fmt
// calls no methods there.
type Connection struct {
	Signer string       // public key (hex) of the remote signer; often not its user's
	Relays []string     // 1 to 8, ws:// or wss://, on which it listens
	Token  string       // secret of a bunker:// address; single use, "" once it was used
	Client nip17.Secret // the key that asks; made for this signer alone
}

// stored is the form at rest. The names of its members stay.
type stored struct {
	Version int      `json:"version"`
	Signer  string   `json:"signer"`
	Relays  []string `json:"relays"`
	Token   string   `json:"token,omitempty"`
	Client  string   `json:"client"` // hex
}

// Marshal returns c with its secrets in clear, for the caller to encrypt and then
// to clear. The error is ErrConnection where Open would not take c.
func (c Connection) Marshal() ([]byte, error) {
	if !c.valid() {
		return nil, ErrConnection
	}
	public, err := json.Marshal(stored{Version: 1, Signer: c.Signer, Relays: c.Relays, Token: c.Token})
	if err != nil {
		return nil, ErrConnection
	}
	// The client's secret is put in here, since a string of it could not be wiped.
	head, tail := public[:len(public)-2], `"}`
	data := make([]byte, 0, len(public)+64)
	if data, err = c.Client.AppendHex(append(data, head...)); err != nil {
		return nil, ErrConnection
	}
	clear(public)
	return append(data, tail...), nil
}

// Unmarshal reads what Marshal wrote. The caller clears data. The error is
// ErrConnection.
func Unmarshal(data []byte) (Connection, error) {
	var s stored
	if err := json.Unmarshal(data, &s); err != nil || s.Version != 1 {
		return Connection{}, ErrConnection
	}
	client, err := nip17.ParseSecret(s.Client, "")
	if err != nil {
		return Connection{}, ErrConnection
	}
	c := Connection{Signer: s.Signer, Relays: s.Relays, Token: s.Token, Client: client}
	if !c.valid() {
		client.Zero()
		return Connection{}, ErrConnection
	}
	return c, nil
}

func (c Connection) valid() bool {
	relays, err := checkRelays(c.Relays)
	return nip17.ValidPublicKey(c.Signer) && err == nil && slices.Equal(relays, c.Relays) &&
		len(c.Token) <= maxToken && c.Client.PublicKey() != ""
}

// String hides the connection.
func (c Connection) String() string { return redacted }

// GoString hides the connection from %#v.
func (c Connection) GoString() string { return redacted }

// Format hides the connection from every verb.
func (c Connection) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText hides the connection from encoders: TOML, log fields.
func (c Connection) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON hides the connection from JSON.
func (c Connection) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
