package bunker

import (
	"encoding/json"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// What a relay sends (NIP-01, NIP-42), of which the rest is ignored.
type envelope struct {
	label string
	id    string       // subscription, or event of an OK
	ok    bool         // of OK
	text  string       // reason of OK and CLOSED, challenge of AUTH
	event *nostr.Event // of EVENT
}

// parseEnvelope reads a message of a relay. ok is false for what is none, or of
// no interest.
func parseEnvelope(frame []byte) (e envelope, ok bool) {
	var parts []json.RawMessage
	if json.Unmarshal(frame, &parts) != nil || len(parts) < 2 {
		return envelope{}, false
	}
	read := func(i int, into any) bool {
		return i < len(parts) && json.Unmarshal(parts[i], into) == nil
	}
	if !read(0, &e.label) {
		return envelope{}, false
	}
	switch e.label {
	case "EVENT":
		evt, err := nip17.UnmarshalEvent(parts[len(parts)-1])
		if err != nil {
			return envelope{}, false
		}
		e.event = &evt
		return e, len(parts) == 3 && read(1, &e.id)
	case "OK":
		_ = read(3, &e.text) // some leave it out
		return e, read(1, &e.id) && read(2, &e.ok)
	case "EOSE":
		return e, read(1, &e.id)
	case "CLOSED":
		_ = read(2, &e.text)
		return e, read(1, &e.id)
	case "AUTH":
		return e, read(1, &e.text)
	}
	return envelope{}, false
}

// frame is a message to a relay.
func frame(parts ...any) []byte {
	text, err := json.Marshal(parts)
	if err != nil {
		return nil // strings and events always marshal
	}
	return text
}
