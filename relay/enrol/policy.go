package enrol

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// Policy is who may enrol a key.
type Policy struct {
	Mode  Mode
	List  []string // hex; with Listed
	Codes Codes    // with Invited
}

// Mode is the kind of a policy.
type Mode string

// The modes (participants.policy).
const (
	Open    Mode = "open"   // whoever signs in
	Invited Mode = "invite" // whoever has a code of the operator's
	Listed  Mode = "list"   // whom the operator names
)

// Codes makes and knows invitations. A code says for itself until when it holds,
// and is bound to the operator's master key; only which ones were used is kept,
// in the audit log. The zero value knows none.
type Codes struct{ key []byte }

// NewCodes makes Codes of key, which nobody else has.
func NewCodes(key []byte) Codes { return Codes{key} }

var codeText = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

const (
	codeID  = 8
	codeMAC = 16
)

// New makes a code that holds until then.
func (c Codes) New(until time.Time) string {
	code := make([]byte, codeID, codeID+8+codeMAC)
	_, _ = rand.Read(code) // never fails
	code = binary.BigEndian.AppendUint64(code, uint64(until.Unix()))
	return codeText.EncodeToString(append(code, c.mac(code)...))
}

func (c Codes) mac(code []byte) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write(code)
	return h.Sum(nil)[:codeMAC]
}

// check returns the id of a code that holds at now, "" for any other text.
func (c Codes) check(text string, now time.Time) (id string) {
	code, err := codeText.DecodeString(strings.ToLower(text))
	if err != nil || len(code) != codeID+8+codeMAC || len(c.key) == 0 {
		return ""
	}
	said, mac := code[:codeID+8], code[codeID+8:]
	if !hmac.Equal(mac, c.mac(said)) || now.Unix() > int64(binary.BigEndian.Uint64(said[codeID:])) {
		return ""
	}
	return hex.EncodeToString(said[:codeID])
}

// names reports whether the operator has named somebody (hex).
func (p Policy) names(pubkey string) bool { return p.Mode == Listed && slices.Contains(p.List, pubkey) }

// admit decides whether the caller may enrol. invite is the id of the code that
// this needs. known: a key of the caller's is here already, for which an invitation was
// asked once; a list is what the operator says now.
func (p Policy) admit(caller Caller, known bool, code string, now time.Time) (invite string, err error) {
	if caller.Door == DoorShell || p.Mode == Open {
		return "", nil
	}
	switch p.Mode {
	case Listed:
		if p.names(caller.Pubkey) {
			return "", nil
		}
		return "", orders.Errorf(orders.EFORBIDDEN, "the operator of this relay decides who may hand over a key, and has not named you")
	case Invited:
		if known {
			return "", nil
		}
		invite = p.Codes.check(code, now)
		if invite == "" {
			return "", orders.Errorf(orders.EFORBIDDEN, "this relay takes keys by invitation only: a code of its operator is needed, and this is none that holds")
		}
		return invite, nil
	}
	return "", orders.Errorf(orders.EFORBIDDEN, "this relay takes no keys")
}
