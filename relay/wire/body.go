package wire

import (
	"container/list"
	"sync"

	"github.com/gobwas/ws"
)

const (
	// headroom is kept free before a payload, for the header of its frame.
	headroom = ws.MaxHeaderSize
	// smallBody is what a message may have before it is counted. Their number is
	// bounded by that of the connections.
	smallBody = 4 << 10
)

var smallBodies = sync.Pool{New: func() any { return new([smallBody]byte) }}

// A body is a message of the client's, while it comes in and until it is handed
// on: in one piece, unmasked.
type body struct {
	conn    *Conn
	op      ws.OpCode
	size    int64 // of the payload, as far as it was announced
	buf     []byte
	small   *[smallBody]byte // what buf is, at first
	excerpt *excerpt         // of a message that is too large; it has no buf
	grown   bool             // it is, or was, counted among the partials

	// Guarded by partials.mu.
	counted int64
	place   *list.Element // among the incomplete
	evicted bool
}

// room is where the next bytes go, of which left are announced. It is nil where
// the message has to make room for others.
func (b *body) room(left int64, limits *Limits) []byte {
	switch {
	case b.buf == nil:
		b.small = smallBodies.Get().(*[smallBody]byte)
		b.buf = b.small[:headroom]
	case len(b.buf) == cap(b.buf):
		// It grows with what has come, not with what was announced.
		size := int64(cap(b.buf))
		size = max(2*size, min(4*size, size+left))
		size = min(size, headroom+int64(limits.Message))
		size = max(size, int64(len(b.buf))+1) // the limit may have been lowered meanwhile
		b.grown = true
		if !b.conn.l.partials.grow(b, size, limits.Partial) {
			return nil
		}
		grown := make([]byte, len(b.buf), size)
		copy(grown, b.buf)
		b.buf = grown
		b.dropSmall()
	}
	return b.buf[len(b.buf):cap(b.buf)]
}

// add counts what was put into room; of a message that is too large it keeps
// the beginning and the end.
func (b *body) add(bytes []byte) {
	if b.excerpt != nil {
		b.excerpt.add(bytes)
		return
	}
	b.buf = b.buf[:len(b.buf)+len(bytes)]
}

// excerptOnly gives up a message that has turned out too large.
func (b *body) excerptOnly() {
	if b.excerpt == nil {
		b.excerpt = new(excerpt)
		b.excerpt.add(b.payload())
		b.release()
	}
}

func (b *body) payload() []byte {
	if b.buf == nil {
		return nil
	}
	return b.buf[headroom:]
}

// frame is the message as one masked frame. The mask is zero, so the payload
// stays as it is.
func (b *body) frame() []byte {
	if b.buf == nil {
		return maskedFrame(b.op, nil)
	}
	h := ws.Header{Fin: true, OpCode: b.op, Masked: true, Length: int64(len(b.buf) - headroom)}
	start := headroom - ws.HeaderSize(h)
	appendHeader(b.buf[start:start], h)
	return b.buf[start:]
}

func maskedFrame(op ws.OpCode, payload []byte) []byte {
	h := ws.Header{Fin: true, OpCode: op, Masked: true, Length: int64(len(payload))}
	return append(appendHeader(make([]byte, 0, headroom+len(payload)), h), payload...)
}

// complete tells that the message is here; false where it had been evicted just
// before. It stays counted until release, but nobody evicts it any more.
func (b *body) complete() bool { return !b.grown || b.conn.l.partials.complete(b) }

// release gives the buffer back. It may be called again, and of no body at all.
func (b *body) release() {
	if b == nil {
		return
	}
	if b.grown {
		b.conn.l.partials.release(b)
	}
	b.buf = nil
	b.dropSmall()
}

func (b *body) dropSmall() {
	if b.small != nil {
		smallBodies.Put(b.small)
		b.small = nil
	}
}

func (c *Conn) dropBody() {
	c.body.release()
	c.body = nil
}

type headerWriter []byte

func (w *headerWriter) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

func appendHeader(b []byte, h ws.Header) []byte {
	w := headerWriter(b)
	// Its only error is a negative length.
	_ = ws.WriteHeader(&w, h)
	return w
}
