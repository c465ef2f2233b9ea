package dialect

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// letter is a message while it is being read.
type letter struct {
	Message
	kind    int      // 14, 16 or 17: the kind as which it is read
	other   string   // the party beside the author; "" for none
	toRelay bool     // addressed to the relay's own key and to nobody else
	parties []string // sorted

	parsed bool           // json is set
	json   map[string]any // the content where it is a JSON object, once a row has looked (object)
	form   *cbForm        // the content, once it is known to be a CultureBridge text

	shopstr shopstrForm // once it is known to be Shopstr's
}

// object is the content where it is a JSON object, else nil. It is parsed once,
// however many rows of the table look into it; the error is BadJSON.
func (l *letter) object() (map[string]any, error) {
	if l.parsed {
		return l.json, nil
	}
	obj, err := parseObject(strings.TrimSpace(withoutFrame(l.Rumor.Content)))
	if errors.Is(err, errNotJSON) {
		obj, err = nil, nil
	}
	l.json, l.parsed = obj, err == nil
	return obj, err
}

// findParties sets whom the message is between: the author and the single p.
// The relay's own key and the author's do not count among the p tags.
func (l *letter) findParties() error {
	author := l.Rumor.PubKey
	if !isHex32(l.Rumor.ID) || !isHex32(author) {
		return BadKey
	}
	addressed := false
	for tag := range l.tags("p") {
		if len(tag) < 2 || !isHex32(tag[1]) {
			return BadKey
		}
		addressed = true
		switch p := tag[1]; {
		case p == author || p == l.other:
		case p == l.Relay:
			l.toRelay = true
		case l.other != "":
			return GroupMessage
		default:
			l.other = p
		}
	}
	if !addressed {
		return NoRecipient
	}
	l.parties = []string{author}
	if l.other != "" {
		l.toRelay = false
		l.parties = append(l.parties, l.other)
		slices.Sort(l.parties)
	}
	return nil
}

// checkInbox refuses a copy that landed where none of the parties reads, nor who
// has proven that he wrote it. A wrap always lands in an inbox.
func (l *letter) checkInbox(st *orders.Statement) error {
	switch {
	case l.Owner == "" && l.Transport != orders.ByWrap:
		return nil
	case l.Owner == "":
		return NotYourInbox
	case l.Owner == l.Relay, l.Owner == st.Payee, slices.Contains(st.Parties, l.Owner):
		return nil
	case st.Trust == orders.Bound && l.Owner == l.Rumor.PubKey:
		return nil
	}
	return NotYourInbox
}

// claims makes st a statement of sender in a matter between the parties, who may
// be sender himself and somebody who is not known ("" in either place). Where
// another key has sealed it, that is his claim and no more: st is unbound. A key
// that is none, or both parties the same, is BadKey.
func (l *letter) claims(st *orders.Statement, sender string, parties ...string) error {
	st.Parties = nil
	for _, p := range parties {
		if p != "" {
			st.Parties = append(st.Parties, p)
		}
	}
	slices.Sort(st.Parties)
	for i, p := range st.Parties {
		if !isHex32(p) || p == l.Relay || i > 0 && p == st.Parties[i-1] {
			return BadKey
		}
	}
	if len(st.Parties) == 0 || len(st.Parties) > 2 || sender != "" && !slices.Contains(st.Parties, sender) {
		return BadKey
	}
	st.Sender, st.Key, st.Trust = sender, "", orders.Bound
	if sender != l.Rumor.PubKey {
		st.Key, st.Trust = l.Rumor.PubKey, orders.Unbound
	}
	return nil
}

// isRepost reports whether a kind 16 or 17 is what NIP-18 and NIP-25 mean by
// it: it names the kind of its subject, or carries the subject itself, or
// points at it and speaks of no order.
func (l *letter) isRepost() bool {
	if _, ok := l.tag("k"); ok || strings.Contains(strings.ToLower(l.value("alt")), "repost") {
		return true
	}
	if _, ok := l.tag("e"); !ok {
		return false
	}
	if _, ok := l.tag("order"); !ok {
		return true
	}
	return strings.HasPrefix(l.Rumor.Content, "{") && strings.Contains(l.Rumor.Content, `"sig"`)
}

// tags yields the tags of that name.
func (l *letter) tags(name string) iter.Seq[nostr.Tag] {
	return func(yield func(nostr.Tag) bool) {
		for _, t := range l.Rumor.Tags {
			if len(t) > 0 && t[0] == name && !yield(t) {
				return
			}
		}
	}
}

// tag is the first value of the first tag of that name, and whether there is
// such a tag: one that is there but empty says something else than none.
func (l *letter) tag(name string) (value string, ok bool) {
	for t := range l.tags(name) {
		if len(t) > 1 {
			return t[1], true
		}
		return "", true
	}
	return "", false
}

// value is the first value of the first tag of that name, or "".
func (l *letter) value(name string) string {
	v, _ := l.tag(name)
	return v
}

// orderID is the escaped order id of the order tags.
func (l *letter) orderID() (string, error) {
	id := l.value("order")
	for t := range l.tags("order") {
		if len(t) < 2 || t[1] != id {
			return "", BadOrderID
		}
	}
	if id == "" {
		return "", BadOrderID
	}
	return orders.EscapeID(id), nil
}

// orderOf sets the order of st: the one that the content names, unless a tag names
// one. Then the tag counts, and another in the content is flagged.
func (l *letter) orderOf(st *orders.Statement, inContent string) error {
	st.OrderID = orders.EscapeID(inContent)
	if l.value("order") == "" {
		return nil
	}
	id, err := l.orderID()
	if inContent != "" && st.OrderID != id {
		flag(st, FlagContentMismatch)
	}
	st.OrderID = id
	return err
}

// latest is the last time that is read, in Unix seconds: November 5138. What is
// greater can only be meant in milliseconds.
const latest = 99_999_999_999

// statement begins a statement of the author: everything but what is said.
func (l *letter) statement(dialect string, verb orders.Verb) orders.Statement {
	at := min(max(int64(l.Rumor.CreatedAt), 0), latest)
	st := orders.Statement{Fact: orders.Fact{
		ID: l.Rumor.ID, ReceivedAt: l.ReceivedAt,
		Inboxes: []string{}, Transports: []orders.Transport{l.Transport},
		Verb: verb, Sender: l.Rumor.PubKey, Parties: slices.Clone(l.parties),
		At: at * 1000, Trust: orders.Bound, Dialect: dialect,
	}}
	if l.Owner != "" {
		st.Inboxes = append(st.Inboxes, l.Owner)
	}
	if at != int64(l.Rumor.CreatedAt) {
		flag(&st, FlagBadTime)
	}
	st.Private.Content = l.Rumor.Content
	return st
}

func isHex32(s string) bool { return len(s) == 64 && isLowerHex(s) }

func isLowerHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
