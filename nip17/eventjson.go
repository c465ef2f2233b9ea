package nip17

import (
	"strings"
	"unicode/utf8"

	"github.com/nbd-wtf/go-nostr"
)

const (
	// An event needs three levels; what a client adds of its own may go deeper.
	maxDepth = 16
	// Members of one object. Bounds the search for duplicates.
	maxMembers = 64
)

// The members of an event, as a set.
type fields uint8

const (
	hasID fields = 1 << iota
	hasPubKey
	hasCreatedAt
	hasKind
	hasTags
	hasContent
	hasSig
)

// A fault says what is wrong with a text that should be an event. It is
// constant: it never quotes the text.
type fault string

func (f fault) Error() string { return string(f) }

const (
	faultSyntax    fault = "not JSON"
	faultEncoding  fault = "not Unicode"
	faultDepth     fault = "nested too deep"
	faultMembers   fault = "too many members"
	faultDuplicate fault = "a member twice"
	faultType      fault = "a member of the wrong type"
	faultMissing   fault = "a member is missing"
)

// parseEvent reads one NIP-01 event, and tells which members it had. Members
// that NIP-01 does not know are skipped, but must be sound.
//
// It is stricter than encoding/json and easyjson, which agree with each other
// neither on a member that comes twice, nor on "PubKey" for "pubkey", nor on
// half a surrogate pair: what two readers take differently, one can be shown
// and another made to act on. null is nowhere a value.
func parseEvent(text string) (evt nostr.Event, has fields, err error) {
	if !utf8.ValidString(text) {
		return evt, 0, faultEncoding
	}
	p := parser{text: text}
	if p.space(); p.peek() != '{' {
		return evt, 0, faultType
	}
	err = p.object(1, func(name string) (err error) {
		var n int64
		switch name {
		case "id":
			has |= hasID
			evt.ID, err = p.string()
		case "pubkey":
			has |= hasPubKey
			evt.PubKey, err = p.string()
		case "created_at":
			has |= hasCreatedAt
			n, err = p.integer()
			evt.CreatedAt = nostr.Timestamp(n)
		case "kind":
			has |= hasKind
			if n, err = p.integer(); err == nil && (n < 0 || n > 65_535) {
				err = faultType
			}
			evt.Kind = int(n)
		case "tags":
			has |= hasTags
			evt.Tags, err = p.tags()
		case "content":
			has |= hasContent
			evt.Content, err = p.string()
		case "sig":
			has |= hasSig
			evt.Sig, err = p.string()
		default:
			err = p.skip(2)
		}
		return err
	})
	if err != nil {
		return nostr.Event{}, 0, err
	}
	if p.space(); p.at != len(p.text) {
		return nostr.Event{}, 0, faultSyntax
	}
	return evt, has, nil
}

// parser reads JSON (RFC 8259) from valid UTF-8. Each method starts at the
// first byte of its value and ends behind the last.
type parser struct {
	text string
	at   int
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) take(c byte) bool {
	if p.peek() != c || p.at >= len(p.text) {
		return false
	}
	p.at++
	return true
}

// object calls member at each value, with the name before it.
func (p *parser) object(depth int, member func(name string) error) error {
	var names []string
	return p.list(depth, '{', '}', func() error {
		name, err := p.string()
		if err != nil {
			return err
		}
		for _, earlier := range names {
			if earlier == name {
				return faultDuplicate
			}
		}
		if names = append(names, name); len(names) > maxMembers {
			return faultMembers
		}
		if p.space(); !p.take(':') {
			return faultSyntax
		}
		p.space()
		return member(name)
	})
}

// list calls element at each element between open and end.
func (p *parser) list(depth int, open, end byte, element func() error) error {
	if depth > maxDepth {
		return faultDepth
	}
	if !p.take(open) {
		return faultType
	}
	if p.space(); p.take(end) {
		return nil
	}
	for {
		p.space()
		if err := element(); err != nil {
			return err
		}
		p.space()
		if p.take(end) {
			return nil
		}
		if !p.take(',') {
			return faultSyntax
		}
	}
}

func (p *parser) tags() (nostr.Tags, error) {
	tags := nostr.Tags{}
	err := p.list(2, '[', ']', func() error {
		tag := nostr.Tag{}
		err := p.list(3, '[', ']', func() error {
			s, err := p.string()
			tag = append(tag, s)
			return err
		})
		tags = append(tags, tag)
		return err
	})
	return tags, err
}

// skip reads any value and forgets it.
func (p *parser) skip(depth int) (err error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth, func(string) error { return p.skip(depth + 1) })
	case c == '[':
		return p.list(depth, '[', ']', func() error { return p.skip(depth + 1) })
	case c == '"':
		_, err = p.string()
	case c == '-' || c >= '0' && c <= '9':
		_, err = p.number()
	default:
		for _, word := range []string{"true", "false", "null"} {
			if strings.HasPrefix(p.text[p.at:], word) {
				p.at += len(word)
				return nil
			}
		}
		return faultSyntax
	}
	return err
}
