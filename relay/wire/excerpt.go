package wire

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// An excerpt is what is kept of a message that is too large: enough to say which
// event it was.
type excerpt struct{ head, tail []byte }

const excerptSize = 2 << 10

func (e *excerpt) add(b []byte) {
	n := min(len(b), excerptSize-len(e.head))
	e.head = append(e.head, b[:n]...)
	b = b[n:]
	if len(b) > excerptSize {
		b = b[len(b)-excerptSize:]
	}
	if over := len(e.tail) + len(b) - excerptSize; over > 0 {
		e.tail = append(e.tail[:0], e.tail[over:]...)
	}
	e.tail = append(e.tail, b...)
}

// refusal is what the client is told.
func (e *excerpt) refusal(most int) []byte {
	why := fmt.Sprintf("invalid: the message is too large, this relay takes %d bytes", most)
	if labelOf(e.head) == "EVENT" {
		if id := eventID(e.head, e.tail); id != "" {
			return answer("OK", id, false, why)
		}
	}
	return answer("NOTICE", why)
}

// idField finds the id of an event. Within a string of JSON the quotes would be
// escaped, so it cannot be a quotation.
var idField = regexp.MustCompile(`"id"\s*:\s*"([0-9a-f]{64})"`)

func eventID(texts ...[]byte) string {
	for _, text := range texts {
		if m := idField.FindSubmatch(text); m != nil {
			return string(m[1])
		}
	}
	return ""
}

// answer is a message to the client.
func answer(parts ...any) []byte {
	// Strings and booleans always have a JSON form.
	b, _ := json.Marshal(parts)
	return b
}
