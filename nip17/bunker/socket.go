package bunker

import (
	"context"
	"io"
	"time"

	"github.com/coder/websocket"
)

const (
	maxFrame = 256 << 10 // of a relay, in bytes; what is larger is skipped
	maxSkip  = 4 << 20   // what is larger ends the connection

	outboxSize = 64 // frames
)

// connect makes one connection, and returns when it is over. A relay has the
// time-out to become ready: to shake hands, to authenticate, to take the REQ.
func (ls *lines) connect(ctx context.Context, l *line) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tooLate := time.AfterFunc(ls.set.timeout, cancel)
	defer tooLate.Stop()

	conn, _, err := websocket.Dial(ctx, l.url, &websocket.DialOptions{
		HTTPClient:      ls.http,
		CompressionMode: websocket.CompressionDisabled, // ciphertext does not shrink
	})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxSkip)

	out := &outbox{frames: make(chan []byte, outboxSize)}
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer cancel()
		out.drain(ctx, conn, ls.set)
	}()
	s := &session{lines: ls, line: l, out: out, ready: func() { tooLate.Stop() }}
	s.run(ctx, conn)
	cancel()
	ls.lower(l)
	<-written
}

// readFrame returns nil for a message that is no text, or too large to be of
// use: that one is skipped without being kept.
func readFrame(ctx context.Context, conn *websocket.Conn) ([]byte, error) {
	kind, r, err := conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFrame {
		_, err := io.Copy(io.Discard, r)
		return nil, err
	}
	if kind != websocket.MessageText {
		return nil, nil
	}
	return data, nil
}

// An outbox is what waits to be written: whoever puts something in never waits
// for the network.
type outbox struct{ frames chan []byte }

// put reports whether there was room.
func (o *outbox) put(frame []byte) bool {
	select {
	case o.frames <- frame:
		return true
	default:
		return false
	}
}

// drain writes until ctx ends, or until the connection does not take a frame, or
// does not answer a ping, within the time-out.
func (o *outbox) drain(ctx context.Context, conn *websocket.Conn, set settings) {
	ping := time.NewTicker(set.ping)
	defer ping.Stop()
	within := func(do func(context.Context) error) bool {
		ctx, cancel := context.WithTimeout(ctx, set.timeout)
		defer cancel()
		return do(ctx) == nil
	}
	for {
		select {
		case <-ctx.Done():
			return
		case frame := <-o.frames:
			if !within(func(ctx context.Context) error { return conn.Write(ctx, websocket.MessageText, frame) }) {
				return
			}
		case <-ping.C:
			if !within(conn.Ping) {
				return
			}
		}
	}
}
