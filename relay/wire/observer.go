package wire

import "github.com/gobwas/ws"

// answerSize is how much of a message of the server's is looked at: a label, and
// the longest subscription id with every character of it escaped.
const answerSize = 512

// An observer follows the frames that the server writes, in whatever pieces.
type observer struct {
	head   []byte // a header that has not come whole
	header ws.Header
	within bool   // a frame
	left   int64  // of its payload
	open   bool   // a message has begun and not ended
	text   []byte // how it begins
}

// between tells whether a message may be inserted here.
func (o *observer) between() bool { return !o.within && !o.open && len(o.head) == 0 }

// feed follows b and reports the messages that end in it, and the close frame.
func (o *observer) feed(b []byte, message func(text []byte), hungUp func()) error {
	for len(b) > 0 || o.within && o.left == 0 {
		switch {
		case !o.within:
			before := len(o.head)
			whole := b
			if before > 0 {
				whole = append(o.head, b[:min(len(b), ws.MaxHeaderSize)]...)
			}
			h, n, err := parseHeader(whole)
			if err != nil {
				return err
			}
			if n == 0 {
				o.head = append(o.head, b...)
				return nil
			}
			b = b[n-before:]
			o.head, o.header, o.left, o.within = nil, h, h.Length, true
		case o.left > 0:
			n := min(o.left, int64(len(b)))
			if !o.header.OpCode.IsControl() {
				o.look(b[:n])
			}
			b, o.left = b[n:], o.left-n
		default:
			o.within = false
			o.end(message, hungUp)
		}
	}
	return nil
}

// look remembers how a message begins. Most are in one piece, which needs no copy.
func (o *observer) look(b []byte) {
	n := min(len(b), answerSize-len(o.text))
	if len(o.text) == 0 && int64(len(b)) == o.header.Length && o.header.Fin {
		o.text = b[:n]
		return
	}
	o.text = append(o.text, b[:n]...)
}

func (o *observer) end(message func(text []byte), hungUp func()) {
	switch {
	case o.header.OpCode == ws.OpClose:
		hungUp()
	case o.header.OpCode.IsControl():
	case o.header.Fin:
		message(o.text)
		o.text, o.open = nil, false
	default:
		o.open = true
	}
}
