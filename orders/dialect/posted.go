package dialect

import (
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// What is posted to the API is a message of Waybill's own form (form.go) that its
// author has signed himself, kind 16 or 17, and its author's program has sealed what
// is private before it signed. Nobody on the way can read that, the relay included:
//
//	["sealed", "<reader>", "<payload>"]   one for each reader (hex): nip44.encrypt(author's secret,
//	                                      reader, JSON of orders.Private). The author reads his own copy too
//	["private", "<field>", …]             the names of the fields that are in there (orders.Field)
//	["payment_hash", "<hex>"]             of the invoice that is sealed as the payment link, or that is paid
//
// A payment tag holds the medium alone. The content is empty. All else that stands in
// the message must be known to be public: a tag that is not, or that could hold a
// free text, is InClear. Nothing is read leniently: a value that another transport
// would leave out or cut is BadTag.
//
// A preimage proves a payment only to who sees it, so what is posted is a claim.

// A TagError is why a posted message is not taken, and where ("content" for that).
type TagError struct {
	Refusal
	Tag string
}

func (e *TagError) Error() string { return e.Refusal.Error() + " (" + e.Tag + ")" }

func (e *TagError) Unwrap() error { return e.Refusal }

func at(tag string, why Refusal) error { return &TagError{why, tag} }

// IsPosted reports whether an event has the tags of a message for the API.
func IsPosted(evt *nostr.Event) bool {
	return evt.Tags.Find("sealed") != nil || evt.Tags.Find("private") != nil
}

// A public tag, by its values. Only a few may stand in a message more than once.
type publicTag struct {
	most int // values
	many bool
	ok   func(l *letter, values []string) bool
}

var publicTags = map[string]publicTag{
	"p": {most: 2, many: true, ok: func(_ *letter, v []string) bool {
		return len(v) > 0 && isHex32(v[0]) && (len(v) == 1 || isRelayHint(v[1]))
	}},
	"order":          {most: 1, ok: first(isPlain)},
	"type":           {most: 1, ok: first(func(s string) bool { return len(s) == 1 && s >= "1" && s <= "4" })},
	"subject":        {most: 1, ok: first(func(s string) bool { return slices.ContainsFunc(forms, func(f form) bool { return f.subject == s }) })},
	"status":         {most: 1, ok: isStatus},
	"amount":         {most: 1, ok: first(isNumber)},
	"currency":       {most: 1, ok: first(func(s string) bool { return word(s) != "" && len(s) <= 10 })},
	"item":           {most: 6, many: true, ok: func(*letter, []string) bool { return true }}, // readItems flags what is off
	"shipping":       {most: 1, ok: first(isShippingOption)},
	"payment":        {most: 1, ok: first(func(s string) bool { return slices.Contains(media, strings.ToLower(s)) })},
	"payment_hash":   {most: 1, ok: first(isHex32)},
	"expiration":     {most: 1, ok: first(isNumber)},
	"eta":            {most: 1, ok: first(isNumber)},
	"shipping_quote": {most: 1, ok: first(isNumber)},
	"tracking":       {most: 1, ok: first(isPlain)},
	"carrier":        {most: 1, ok: first(isPlain)},
	"checkout":       {most: 1, ok: first(isPlain)},
	"outcome":        {most: 1, ok: first(func(s string) bool { return orders.Outcome(s).Valid() })},
	"buyer":          {most: 1, ok: first(isHex32)},
	"seller":         {most: 1, ok: first(isHex32)},
	"nonce": {most: 2, ok: func(_ *letter, v []string) bool {
		return !slices.ContainsFunc(v, func(s string) bool { return !isNumber(s) })
	}},
	"-": {most: 0, ok: func(*letter, []string) bool { return true }}, // NIP-70: for no other relay
}

// first holds for a tag whose first value does.
func first(ok func(string) bool) func(*letter, []string) bool {
	return func(_ *letter, values []string) bool { return len(values) > 0 && ok(values[0]) }
}

func isNumber(s string) bool { _, ok := decimal(s); return ok }

func isRelayHint(s string) bool {
	return s == "" || isPlain(s) && (strings.HasPrefix(s, "wss://") || strings.HasPrefix(s, "ws://"))
}

// isPlain is one line of some length.
func isPlain(s string) bool {
	return s != "" && len(s) <= maxURL && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, isUnshown)
}

// isShippingOption is the address of one (kind 30406).
func isShippingOption(s string) bool {
	parts := strings.SplitN(s, ":", 3)
	return len(parts) == 3 && parts[0] == "30406" && isHex32(parts[1]) && isPlain(parts[2]) && len(s) <= maxAddress
}

func isStatus(l *letter, values []string) bool {
	if len(values) == 0 {
		return false
	}
	table := orderStatus
	if l.value("type") == "4" {
		table = shippingStatus
	}
	folded := strings.ToLower(values[0])
	if s, ok := spelling[folded]; ok {
		folded = s
	}
	_, known := table[folded]
	return known
}

// checkPosted holds a message to the form of what is posted. It says nothing about
// what a tag means.
func (l *letter) checkPosted() error {
	if l.kind != kindOrder && l.kind != kindReceipt {
		return ErrNotAnOrder
	}
	if l.Rumor.Content != "" {
		return at("content", InClear)
	}
	seen := map[string]bool{}
	for _, tag := range l.Rumor.Tags {
		if len(tag) == 0 {
			return at("", BadTag)
		}
		name, values := tag[0], tag[1:]
		if name == "sealed" || name == "private" {
			continue
		}
		rule, known := publicTags[name]
		switch {
		case !known:
			return at(name, InClear)
		case len(values) > rule.most && name == "payment":
			return at(name, InClear) // a link, a proof
		case len(values) > rule.most, seen[name] && !rule.many, !rule.ok(l, values):
			return at(name, BadTag)
		}
		seen[name] = true
	}
	return nil
}
