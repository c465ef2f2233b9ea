package bunkertest

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/coder/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"
)

// A line is a bunker's connection to one relay.
type line struct {
	bunker *Bunker
	url    string
	cancel context.CancelFunc
	out    chan []byte
	over   chan struct{}
	ready  chan struct{} // closed when the bunker is subscribed
	gone   chan struct{} // closed when the relay knows that it is no more
}

func dial(url string, b *Bunker) (*line, error) {
	ctx, cancel := context.WithCancel(context.Background())
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	conn.SetReadLimit(maxMessage)
	l := &line{
		bunker: b, url: url, cancel: cancel, out: make(chan []byte, 256),
		over: make(chan struct{}), ready: make(chan struct{}), gone: make(chan struct{}),
	}
	go l.write(ctx, conn)
	go l.read(ctx, conn)
	return l, nil
}

// listen returns when the bunker is subscribed.
func (l *line) listen() bool {
	l.subscribe()
	select {
	case <-l.ready:
		return true
	case <-l.over:
		return false
	}
}

func (l *line) subscribe() {
	l.put("REQ", "bunker", nostr.Filter{
		Kinds: []int{nostr.KindNostrConnect},
		Tags:  nostr.TagMap{"p": {l.bunker.PublicKey()}},
	})
}

func (l *line) put(parts ...any) {
	text, _ := json.Marshal(parts)
	select {
	case l.out <- text:
	case <-l.over:
	}
}

// close returns when the relay has nobody to hand requests to. It answers in
// order: what follows the CLOSE tells that it was read.
func (l *line) close() {
	l.put("CLOSE", "bunker")
	l.put("REQ", "bye", nostr.Filter{Kinds: []int{nostr.KindDeletion}})
	select {
	case <-l.gone:
	case <-l.over:
	}
	l.cancel()
	<-l.over
}

func (l *line) write(ctx context.Context, conn *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-l.out:
			_ = conn.Write(ctx, websocket.MessageText, text) // the reader sees it too
		}
	}
}

func (l *line) read(ctx context.Context, conn *websocket.Conn) {
	defer close(l.over)
	defer l.cancel()
	defer conn.CloseNow()
	ready, gone := sync.OnceFunc(func() { close(l.ready) }), sync.OnceFunc(func() { close(l.gone) })
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		envelope, _ := nostr.NewMessageParser().ParseMessage(string(text))
		switch e := envelope.(type) {
		case *nostr.EOSEEnvelope:
			if *e == "bye" {
				gone()
			} else {
				ready()
			}
		case *nostr.ClosedEnvelope: // of a relay that wants an AUTH
			if e.SubscriptionID == "bye" {
				gone()
			}
		case *nostr.EventEnvelope:
			l.bunker.received(&e.Event)
		case *nostr.AuthEnvelope:
			evt := nip42.CreateUnsignedAuthEvent(*e.Challenge, l.bunker.PublicKey(), l.url)
			if l.bunker.signer.Sign(ctx, &evt) == nil {
				l.put("AUTH", evt)
			}
			l.subscribe()
		}
	}
}
