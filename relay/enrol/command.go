package enrol

import (
	"slices"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
)

// Verb is what somebody asks of the desk in words.
type Verb string

// The verbs.
const (
	VerbHelp    Verb = "help"
	VerbKeys    Verb = "keys"    // which keys of mine are here?
	VerbEnrol   Verb = "enrol"   // take this key
	VerbConnect Verb = "connect" // let my remote signer find you
	VerbRevoke  Verb = "revoke"  // give a key back
	VerbNotices Verb = "notices" // how I want to be told of my orders
	VerbWebhook Verb = "webhook" // and which programs of mine
)

// A Command is what a message to the relay asks for.
type Command struct {
	Verb   Verb
	Offer  Offer  // of VerbEnrol and VerbConnect
	Pubkey string // of VerbRevoke (hex); "" for all
	// Args are the words behind VerbNotices and VerbWebhook, for package notify to read.
	Args []string
	Err  error // EINVALID: what is wrong with it, without a word of it
}

// Zero wipes a secret in it.
func (c Command) Zero() { c.Offer.Secret.Zero() }

// Usage is what can be said, a line each. No line begins with a verb: an answer
// that quotes it is no command, also not to another relay.
const Usage = `You can write to me:
– enrol KEY [since 2026-01-31] [invite CODE] – KEY is a bunker:// URL, or the nsec of an encryption key that your kind 10044 announces; the nsec of your identity only if nothing else will do
– connect – I answer with a nostrconnect:// URL for your remote signer
– keys – the keys of yours that I hold
– revoke NPUB, or revoke all
– notices – what you are told of your orders, and how; notices help says what can be changed
– webhook – the programs that are told; webhook help says more
– help`

// ParseCommand reads a message to the relay. ok: its first word is a verb, so that
// it is meant as a command and nothing else is to be made of it, for what follows
// may be a secret, well-formed or not.
func ParseCommand(text string) (c Command, ok bool) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return c, false
	}
	switch verb := strings.ToLower(words[0]); verb {
	case "enroll", "enrol":
		c.Verb = VerbEnrol
	case string(VerbHelp), string(VerbKeys), string(VerbConnect), string(VerbRevoke), string(VerbNotices), string(VerbWebhook):
		c.Verb = Verb(verb)
	default:
		// A key that somebody pastes without a word is an offer, too.
		if !looksLikeKey(words[0]) {
			return c, false
		}
		c.Verb, words = VerbEnrol, slices.Insert(words, 0, "enrol")
	}
	args := words[1:]
	switch c.Verb {
	case VerbEnrol:
		if len(args) == 0 {
			c.Err = orders.Errorf(orders.EINVALID, "enrol: a key is missing")
			return c, true
		}
		if c.Offer, c.Err = ParseKey(args[0], ""); c.Err == nil {
			c.Err = c.Offer.options(args[1:])
		}
	case VerbConnect:
		c.Err = c.Offer.options(args)
	case VerbRevoke:
		c.Pubkey, c.Err = parseRevoked(args)
	case VerbNotices, VerbWebhook:
		c.Args = args
	}
	return c, true
}

func looksLikeKey(word string) bool {
	word = strings.ToLower(word)
	return slices.ContainsFunc([]string{"nsec1", "ncryptsec1", "bunker:"}, func(prefix string) bool { return strings.HasPrefix(word, prefix) })
}

// ParseKey reads a key as people hand it over: a bunker:// URL, or a secret in any
// form of nip17.ParseSecret. The error is EINVALID and quotes nothing of it.
func ParseKey(text, passphrase string) (Offer, error) {
	if strings.HasPrefix(strings.ToLower(text), "bunker:") {
		return Offer{Bunker: text}, nil
	}
	secret, err := nip17.ParseSecret(text, passphrase)
	if err != nil {
		return Offer{}, orders.Errorf(orders.EINVALID, "the key: %w", err)
	}
	return Offer{Secret: secret}, nil
}

// options reads what may follow: pairs of a name and a value.
func (o *Offer) options(args []string) (err error) {
	for ; len(args) >= 2; args = args[2:] {
		switch strings.ToLower(args[0]) {
		case "since":
			if o.Since, err = ParseSince(args[1]); err != nil {
				return err
			}
		case "invite":
			o.Invite = args[1]
		default:
			return orders.Errorf(orders.EINVALID, `after the key, only "since" and a date, and "invite" and a code are understood`)
		}
	}
	if len(args) > 0 {
		return orders.Errorf(orders.EINVALID, `"since" needs a date behind it, and "invite" a code`)
	}
	return nil
}

// ParseSince reads a date (2026-01-31, in UTC) or an RFC 3339 time. The error is
// EINVALID.
func ParseSince(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, orders.Errorf(orders.EINVALID, "since: a date as 2026-01-31 is needed")
}

func parseRevoked(args []string) (string, error) {
	if len(args) != 1 {
		return "", orders.Errorf(orders.EINVALID, "revoke: the npub of one key is needed, or all")
	}
	if strings.EqualFold(args[0], "all") {
		return "", nil
	}
	key := args[0]
	if _, v, err := nip19.Decode(key); err == nil {
		if pubkey, ok := v.(string); ok && strings.HasPrefix(key, "npub1") {
			key = pubkey
		}
	}
	if !nip17.ValidPublicKey(key) {
		return "", orders.Errorf(orders.EINVALID, "revoke: this is no public key") // not quoted: it may be a secret
	}
	return key, nil
}
