package wire

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/nbd-wtf/go-nostr"
)

// A message is one of a client's that khatru answers in a way that is known
// beforehand: EVENT and AUTH with an OK of their id, REQ with EOSE or CLOSED,
// COUNT with COUNT or CLOSED, CLOSE not at all.
type message struct {
	label   string
	id      string // of the event, or the subscription
	filters int    // of a REQ
	key     string // that signed an AUTH (hex)
	relay   string // for which an AUTH is
	body    *body

	refusal []byte // what the client is told instead; nil: khatru is asked
	why     reason
}

// parser is khatru's own, so that nothing is handed on that khatru reads in
// another way. (It has no state.)
var parser = nostr.NewMessageParser()

// readMessage says what khatru will make of a payload. Whatever it could not
// parse, would ignore, or would answer with something that cannot be told from
// another's answer, is refused here.
func readMessage(payload []byte, limits *Limits) *message {
	if !utf8.Valid(payload) {
		return refused(payload, "the message is not UTF-8")
	}
	// The envelope copies what it keeps, but for the ids; see strings.Clone below.
	envelope, err := parser.ParseMessage(unsafe.String(unsafe.SliceData(payload), len(payload)))
	if err != nil {
		return refused(payload, "it cannot be read: "+firstOf(err.Error()))
	}
	switch e := envelope.(type) {
	case *nostr.EventEnvelope:
		if !nostr.IsValid32ByteHex(e.Event.ID) {
			return refused(payload, "the id of an event is 64 digits of lower-case hex")
		}
		return &message{label: "EVENT", id: strings.Clone(e.Event.ID)}
	case *nostr.AuthEnvelope:
		if !nostr.IsValid32ByteHex(e.Event.ID) {
			return refused(payload, "an AUTH has a signed event with its id")
		}
		m := &message{label: "AUTH", id: strings.Clone(e.Event.ID), key: strings.Clone(e.Event.PubKey)}
		if tag := e.Event.Tags.Find("relay"); tag != nil {
			m.relay = strings.Clone(tag[1])
		}
		return m
	case *nostr.ReqEnvelope:
		if len(e.Filters) > limits.Filters {
			return closed(e.SubscriptionID, "invalid: a REQ has at most "+strconv.Itoa(limits.Filters)+" filters", malformedMessage)
		}
		return question("REQ", e.SubscriptionID, len(e.Filters))
	case *nostr.CountEnvelope:
		return question("COUNT", e.SubscriptionID, 1)
	case *nostr.CloseEnvelope:
		return &message{label: "CLOSE", id: strings.Clone(string(*e))}
	}
	return refused(payload, "this is for a relay to say, not for a client")
}

// question is a REQ or a COUNT. go-nostr writes the id back without escaping it,
// so an id that needs it would make an answer that nobody can read.
func question(label, id string, filters int) *message {
	switch {
	case id == "" || len(id) > maxSubscriptionID:
		return closed(id, "invalid: a subscription id has 1 to "+strconv.Itoa(maxSubscriptionID)+" bytes", malformedMessage)
	case strings.ContainsFunc(id, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' || c == utf8.RuneError }):
		return closed(id, "invalid: the subscription id has characters that it must not have", malformedMessage)
	}
	return &message{label: label, id: strings.Clone(id), filters: filters}
}

func closed(id, reason string, why reason) *message {
	return &message{refusal: answer("CLOSED", id[:min(len(id), 4*maxSubscriptionID)], reason), why: why}
}

// refused says OK false to an event, where it has an id that can be found, and
// NOTICE to everything else.
func refused(payload []byte, reason string) *message {
	reason = "invalid: " + reason
	if label := labelOf(payload); label == "EVENT" || label == "AUTH" {
		if id := eventID(payload); id != "" {
			return &message{refusal: answer("OK", id, false, reason), why: malformedMessage}
		}
	}
	return &message{refusal: answer("NOTICE", reason), why: malformedMessage}
}

// firstOf shortens an error of the parser's, which may quote the whole message:
// nobody is to be sent back what he sends.
func firstOf(text string) string {
	const enough = 120
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "…"
}

// labelOf is what stands between the first two quotes, as go-nostr has it.
func labelOf(text []byte) string {
	_, rest, _ := bytes.Cut(text, []byte{'"'})
	label, _, ok := bytes.Cut(rest, []byte{'"'})
	if !ok || len(label) > len("NEG-CLOSE") {
		return ""
	}
	return string(label)
}
