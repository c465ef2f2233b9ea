package bunkertest

import (
	"context"
	"encoding/json"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// A Request is what a client asks a Bunker. It can be answered by any of the
// methods, any number of times, or not at all.
type Request struct {
	Client string   `json:"-"` // public key (hex)
	ID     string   `json:"id"`
	Method string   `json:"method"`
	Params []string `json:"params"`

	bunker *Bunker
}

func (b *Bunker) read(evt *nostr.Event) (*Request, bool) {
	text, err := b.signer.Decrypt(context.Background(), evt.PubKey, evt.Content)
	if err != nil {
		return nil, false
	}
	r := &Request{bunker: b, Client: evt.PubKey}
	return r, json.Unmarshal([]byte(text), r) == nil
}

// Pass answers as the bunker does by itself.
func (r *Request) Pass() {
	b := r.bunker
	b.mu.Lock()
	known, spent, denied := b.clients[r.Client], b.spent, b.denied
	if r.Method == "connect" && len(r.Params) > 1 && r.Params[1] == Token && !spent {
		b.clients[r.Client], b.spent = true, true
	}
	b.mu.Unlock()
	switch {
	case r.Method == "connect" && spent:
		r.Refuse("already connected")
	case r.Method == "connect" && len(r.Params) > 1 && r.Params[1] == Token:
		r.Reply("ack")
	case r.Method == "get_public_key" && known:
		r.Reply(b.user.PublicKey())
	case r.Method == "nip44_decrypt" && known && len(r.Params) == 2:
		plain, err := b.decrypt(r.Params[0], r.Params[1])
		switch {
		case denied:
			r.Refuse("no permission to read: " + plain)
		case err != nil:
			r.Refuse("cannot decrypt " + r.Params[1])
		default:
			r.Reply(plain)
		}
	default:
		r.Refuse("no permission")
	}
}

// Reply answers with a result.
func (r *Request) Reply(result string) {
	r.send(map[string]any{"id": r.ID, "result": result, "error": nil})
}

// Refuse answers with an error.
func (r *Request) Refuse(text string) {
	r.send(map[string]any{"id": r.ID, "result": "", "error": text})
}

// AskApproval answers that the user has to approve at url first.
func (r *Request) AskApproval(url string) {
	r.send(map[string]any{"id": r.ID, "result": "auth_url", "error": url})
}

func (r *Request) send(message any) {
	text, _ := json.Marshal(message)
	r.Write(string(text))
}

// Write answers with any text.
func (r *Request) Write(text string) { r.WriteAs(r.bunker.signer, text) }

// WriteAs answers with any text in the name of another key.
func (r *Request) WriteAs(author *nip17.SecretSigner, text string) {
	r.bunker.publish(r.Event(author, text, nil))
}

// Event is the event that carries a text to the client, from the bunker where the
// author is nil. edit changes it before it is signed; nil for nothing.
func (r *Request) Event(author *nip17.SecretSigner, text string, edit func(*nostr.Event)) nostr.Event {
	if author == nil {
		author = r.bunker.signer
	}
	content, err := author.Encrypt(context.Background(), r.Client, text)
	if err != nil {
		r.bunker.t.Errorf("bunkertest: encrypt a reply: %v", err)
	}
	evt := nostr.Event{
		CreatedAt: nostr.Now(),
		Kind:      nostr.KindNostrConnect,
		Tags:      nostr.Tags{{"p", r.Client}},
		Content:   content,
	}
	if edit != nil {
		edit(&evt)
	}
	if err := author.Sign(context.Background(), &evt); err != nil {
		r.bunker.t.Errorf("bunkertest: sign a reply: %v", err)
	}
	return evt
}
