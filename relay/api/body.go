package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"
)

// readBody reads the whole body into c, once, within the limits. finish ends it.
func (s *server) readBody(w http.ResponseWriter, c *call) error {
	if c.ContentLength == 0 {
		return nil
	}
	most, room := int64(s.cfg.MaxBody), s.bodies
	if c.large {
		most, room = maxBulkBody, s.bulks
	}
	if c.ContentLength > most {
		return tooLarge(w)
	}
	if err := room.enter(c.addr); err != nil {
		return err
	}
	c.room = room
	// One allocation, which finish clears: one that grows leaves copies behind.
	size := c.ContentLength
	if size < 0 { // chunked
		size = most
	}
	buf := make([]byte, size+1)
	for n := 0; ; {
		m, err := c.Request.Body.Read(buf[n:])
		n += m
		c.body = buf[:n]
		switch {
		case n > int(size):
			return tooLarge(w)
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			w.Header().Set("Connection", "close")
			return fail(codeTimeout, "The body did not come in whole in time.")
		default:
			w.Header().Set("Connection", "close")
			return fail(codeMalformed, "The body broke off.")
		}
	}
}

// finish gives back what a body took, and wipes it.
func (s *server) finish(c *call) {
	clear(c.body)
	if c.room != nil {
		c.room.leave(c.addr)
	}
}

// tooLarge also ends the connection, or the server would read the rest of it.
func tooLarge(w http.ResponseWriter) error {
	w.Header().Set("Connection", "close")
	return fail(codeTooLarge, "The body is too large.")
}

func wantJSON(h http.Header) error {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset, has := params["charset"]
	if err != nil || kind != "application/json" || has && !strings.EqualFold(charset, "utf-8") ||
		h.Get("Content-Encoding") != "" && !strings.EqualFold(h.Get("Content-Encoding"), "identity") {
		return fail(codeType, "The body must be JSON in UTF-8, uncompressed: Content-Type: application/json.")
	}
	return nil
}

// fields are what a JSON object may hold: each reads its value, and says what it
// should have been.
type fields map[string]func(value []byte) (want string, ok bool)

// read decodes an object, strictly: a name that is not known, a name twice, or a
// value of another type are refused by name, and so is one that is required and not
// there. No value is ever quoted.
func (f fields) read(body []byte, required ...string) error {
	if !utf8.Valid(body) || !json.Valid(body) {
		return fail(codeMalformed, "The body is not JSON.")
	}
	seen := map[string]bool{}
	object := eachMember(body, func(name string, value []byte) error {
		read, known := f[name]
		switch {
		case !known:
			return fail(codeMalformed, "The body has no field "+named(name)+".").with("field", named(name))
		case seen[name]:
			return fail(codeMalformed, named(name)+" is there twice.").with("field", named(name))
		}
		seen[name] = true
		if want, ok := read(value); !ok {
			return fail(codeMalformed, name+" must be "+want+".").with("field", name)
		}
		return nil
	})
	if errors.Is(object, errNoObject) {
		return fail(codeMalformed, "The body must be a JSON object.")
	}
	if object != nil {
		return object
	}
	for _, name := range required {
		if !seen[name] {
			return fail(codeMalformed, name+" is missing.").with("field", name)
		}
	}
	return nil
}

func text(to *string) func([]byte) (string, bool) {
	return func(value []byte) (string, bool) {
		return "a string", value[0] == '"' && json.Unmarshal(value, to) == nil
	}
}

// named is a name that a client made up, for an answer. One that does not look
// like a name may be a value in the wrong place, such as a key.
func named(name string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
	if len(name) == 0 || len(name) > 32 || strings.Trim(name, letters) != "" {
		return "of that name"
	}
	return name
}

var errNoObject = errors.New("no object")

// eachMember goes through the members of an object in JSON that is known to be
// valid. The values are parts of text: a decoder would make copies of them that
// nobody can wipe.
func eachMember(text []byte, f func(name string, value []byte) error) error {
	rest := bytes.TrimSpace(text)
	if len(rest) == 0 || rest[0] != '{' {
		return errNoObject
	}
	for {
		rest = bytes.TrimLeft(rest[1:], " \t\r\n") // past { or ,
		if rest[0] == '}' {
			return nil
		}
		n := valueLength(rest)
		var name string
		if err := json.Unmarshal(rest[:n], &name); err != nil {
			return errNoObject
		}
		rest = bytes.TrimLeft(rest[n:], " \t\r\n")
		rest = bytes.TrimLeft(rest[1:], " \t\r\n") // past :
		n = valueLength(rest)
		if err := f(name, rest[:n]); err != nil {
			return err
		}
		if rest = bytes.TrimLeft(rest[n:], " \t\r\n"); rest[0] == '}' {
			return nil
		}
	}
}

// valueLength is how long the value is that text begins with.
func valueLength(text []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
			if !quoted && depth == 0 {
				return i + 1
			}
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			if depth == 0 {
				return i // the end of what a number or a word is in
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			return i
		}
	}
	return len(text)
}

// decoded reads a value of any type, and nothing where it is null.
func decoded[T any](want string, to *T) func([]byte) (string, bool) {
	return func(value []byte) (string, bool) {
		return want, value[0] != 'n' && json.Unmarshal(value, to) == nil
	}
}
