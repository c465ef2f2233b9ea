package bunker

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/url"
)

const (
	resultApproval = "auth_url"

	maxURL = 2 << 10
)

// A request is what the signer is sent, encrypted.
type request struct {
	ID     string   `json:"id"`
	Method string   `json:"method"`
	Params []string `json:"params"`
}

func (r request) text() (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // it would swell what has to fit into NIP-44
	if err := enc.Encode(r); err != nil {
		return "", err
	}
	return string(bytes.TrimRight(buf.Bytes(), "\n")), nil
}

// randomID is 128 bits as hex: nobody answers what he has not read.
func randomID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}

type verdict int

const (
	answered verdict = iota + 1
	refused          // an error of any text
	approval         // the user is asked; another reply with the same id follows
)

// A reply is what the signer sent back. The text of its error is not in it.
type reply struct {
	id      string
	verdict verdict
	result  string // of answered
	url     string // of approval; "" where it is none to show to a user
}

// parseReply reads a decrypted reply. It takes what signers write in practice: a
// null or empty error is none, a result that is no string is a refusal, as is a
// reply with neither. ok is false for what is no reply.
func parseReply(text string) (r reply, ok bool) {
	var raw struct {
		ID     string          `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil || raw.ID == "" {
		return reply{}, false
	}
	r = reply{id: raw.ID, verdict: refused}
	result, hasResult := stringOf(raw.Result)
	fault, isString := stringOf(raw.Error)
	failed := len(raw.Error) > 0 && string(raw.Error) != "null" && (fault != "" || !isString)
	switch {
	case hasResult && result == resultApproval:
		r.verdict = approval
		if presentable(fault) {
			r.url = fault
		}
	case failed || !hasResult || result == "":
		// NIP-44 encrypts no empty text: an empty result is no plaintext.
	case len(result) > maxPlaintext:
		return reply{}, false
	default:
		r.verdict, r.result = answered, result
	}
	return r, true
}

func stringOf(raw json.RawMessage) (s string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// presentable reports whether a user may be sent to the URL.
func presentable(text string) bool {
	if text == "" || len(text) > maxURL {
		return false
	}
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}
