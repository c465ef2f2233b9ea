package nip17

import (
	"encoding/json"

	"github.com/nbd-wtf/go-nostr"
)

// UnmarshalEvent reads the members of an event (NIP-01), each of its type, and nothing
// more: go-nostr would let a member of another type pass, or panic. Members that are
// missing are zero, and nothing is verified. Errors: those of encoding/json.
func UnmarshalEvent(text []byte) (nostr.Event, error) {
	var e struct {
		ID        string     `json:"id"`
		PubKey    string     `json:"pubkey"`
		CreatedAt int64      `json:"created_at"`
		Kind      int        `json:"kind"`
		Tags      [][]string `json:"tags"`
		Content   string     `json:"content"`
		Sig       string     `json:"sig"`
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return nostr.Event{}, err
	}
	evt := nostr.Event{ID: e.ID, PubKey: e.PubKey, CreatedAt: nostr.Timestamp(e.CreatedAt), Kind: e.Kind,
		Tags: make(nostr.Tags, len(e.Tags)), Content: e.Content, Sig: e.Sig}
	for i, tag := range e.Tags {
		evt.Tags[i] = tag
	}
	return evt, nil
}
