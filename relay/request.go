package relay

import (
	"slices"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// A Request is what a participant asks of the relay itself, in a direct message
// that nobody else gets (NIP-17 kind 14): to take a key, or to give one back.
type Request struct {
	From    string    // hex; the seal proves it
	At      time.Time // when it says that it was written
	Command enrol.Command
}

// reasonRequest stands in the inbox row of a request. It says nothing about an
// order, and leaves no box: what is in it may be a secret, which the sender's own
// copy has, too.
const reasonRequest = "request"

// request reads a message to the relay as a request, nil where it is none.
func (d *Decoder) request(msg nip17.Message) *Request {
	to := recipients(&msg.Rumor)
	if msg.Rumor.Kind != nostr.KindDirectMessage || len(to) == 0 ||
		slices.ContainsFunc(to, func(p string) bool { return p != d.self && p != msg.Rumor.PubKey }) || !slices.Contains(to, d.self) {
		return nil
	}
	command, ok := enrol.ParseCommand(msg.Rumor.Content)
	if !ok {
		return nil
	}
	return &Request{From: msg.Rumor.PubKey, At: msg.Rumor.CreatedAt.Time(), Command: command}
}
