package nip17

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a JSON string. One without escapes, such as a ciphertext or a
// key, is a part of the text and costs no copy.
func (p *parser) string() (string, error) {
	if !p.take('"') {
		return "", faultType
	}
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[start:p.at]
			p.at++
			return s, nil
		case c == '\\':
			return p.escaped(p.text[start:p.at])
		case c < ' ':
			return "", faultSyntax
		}
	}
	return "", faultSyntax
}

// escaped reads on from the first backslash of a string that began with head.
func (p *parser) escaped(head string) (string, error) {
	var b strings.Builder
	b.WriteString(head)
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			return b.String(), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		case c < ' ':
			return "", faultSyntax
		default:
			b.WriteByte(c)
		}
	}
	return "", faultSyntax
}

// escape reads what follows a backslash.
func (p *parser) escape() (rune, error) {
	c := p.peek()
	p.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		first, err := p.hex4()
		if err != nil || !utf16.IsSurrogate(first) {
			return first, err
		}
		// Half a pair stands for no character. Readers replace it by U+FFFD, and
		// the id is then the hash of something that nobody wrote.
		if !p.take('\\') || !p.take('u') {
			return 0, faultEncoding
		}
		second, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, nil
		}
		return 0, faultEncoding
	}
	return 0, faultSyntax
}

func (p *parser) hex4() (rune, error) {
	if len(p.text)-p.at < 4 {
		return 0, faultSyntax
	}
	digits := p.text[p.at : p.at+4]
	for _, c := range []byte(digits) {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return 0, faultSyntax
		}
	}
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return 0, faultSyntax
	}
	p.at += 4
	return rune(n), nil
}

// integer reads a number without fraction and exponent.
func (p *parser) integer() (int64, error) {
	literal, err := p.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(literal, 10, 64)
	if err != nil {
		return 0, faultType
	}
	return n, nil
}

func (p *parser) number() (literal string, err error) {
	start := p.at
	digits := func() bool {
		from := p.at
		for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
			p.at++
		}
		return p.at > from
	}
	if c := p.peek(); c != '-' && (c < '0' || c > '9') {
		return "", faultType
	}
	p.take('-')
	if !p.take('0') && !digits() {
		return "", faultSyntax
	}
	if p.take('.') && !digits() {
		return "", faultSyntax
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if !digits() {
			return "", faultSyntax
		}
	}
	return p.text[start:p.at], nil
}
