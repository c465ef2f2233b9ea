package relay

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// A Profile is what somebody says of himself in a kind 0 on this relay; nothing of it
// is checked.
type Profile struct {
	Name    string
	NIP05   string
	Picture string // a data: URL of an image, which needs no other server; else ""
}

// Directory tells what people and listings on this relay are called, for pages. It
// remembers, for a minute, what it has read.
type Directory struct {
	Ledger *ledger.Ledger

	profiles memory[Profile]
	titles   memory[string]
}

// maxPicture bounds the data: URL of a picture, which is in every page that shows it.
const maxPicture = 8 << 10

// Profiles are those of the public keys (hex) that have one here.
func (d *Directory) Profiles(ctx context.Context, pubkeys []string) (map[string]Profile, error) {
	return d.profiles.of(pubkeys, func(missing []string, found func(string, Profile)) error {
		f := nostr.Filter{Kinds: []int{nostr.KindProfileMetadata}, Authors: missing}
		for evt, err := range d.Ledger.Query(ctx, f, "", len(missing)) {
			if err != nil {
				return err
			}
			found(evt.PubKey, readMetadata(evt.Content).profile())
		}
		return nil
	})
}

// metadata is what somebody says of himself in a kind 0 (NIP-01, NIP-05, NIP-24), as it
// stands there and of any length.
type metadata struct{ name, displayName, nip05, picture string }

// readMetadata reads the content of a kind 0. What is not what it should be is "".
func readMetadata(content string) metadata {
	var said struct {
		Name        any `json:"name"`
		DisplayName any `json:"display_name"`
		NIP05       any `json:"nip05"`
		Picture     any `json:"picture"`
	}
	if json.Unmarshal([]byte(content), &said) != nil {
		return metadata{}
	}
	text := func(value any) string { s, _ := value.(string); return s }
	return metadata{text(said.Name), text(said.DisplayName), text(said.NIP05), text(said.Picture)}
}

// profile is what may be shown of that.
func (m metadata) profile() (p Profile) {
	if p.Name = oneLine(m.displayName); p.Name == "" {
		p.Name = oneLine(m.name)
	}
	p.NIP05 = oneLine(m.nip05)
	for _, kind := range []string{"png", "jpeg", "webp", "gif"} {
		if strings.HasPrefix(m.picture, "data:image/"+kind+";base64,") && len(m.picture) <= maxPicture {
			p.Picture = m.picture
		}
	}
	return p
}

// oneLine is a text that may stand in a line: at most 60 characters, without those that
// do not show, or turn the writing round.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:59]) + "…"
	}
	return text
}

// titled are the kinds of addressable events that have a title: listings (NIP-99), and
// shipping options (Gamma).
var titled = map[string]int{"30402": nostr.KindClassifiedListing, "30406": 30406}

// Titles are those of the listings and shipping options ("30402:<pubkey>:<d>",
// "30406:…") that are here.
func (d *Directory) Titles(ctx context.Context, addresses []string) (map[string]string, error) {
	return d.titles.of(addresses, func(missing []string, found func(string, string)) error {
		names := map[string][]string{} // by kind and author
		for _, a := range missing {
			kind, rest, _ := strings.Cut(a, ":")
			author, name, ok := strings.Cut(rest, ":")
			if titled[kind] != 0 && ok && nostr.IsValid32ByteHex(author) {
				names[kind+":"+author] = append(names[kind+":"+author], name)
			}
		}
		for of, all := range names {
			kind, author, _ := strings.Cut(of, ":")
			f := nostr.Filter{Kinds: []int{titled[kind]}, Authors: []string{author}, Tags: nostr.TagMap{"d": all}}
			for evt, err := range d.Ledger.Query(ctx, f, "", len(all)) {
				if err != nil {
					return err
				}
				if tag := evt.Tags.Find("title"); tag != nil {
					found(of+":"+evt.Tags.GetD(), oneLine(tag[1]))
				}
			}
		}
		return nil
	})
}

// A memory keeps what was read under a key for a minute, also that there was nothing.
type memory[V any] struct {
	mu   sync.Mutex
	kept map[string]remembered[V]
}

type remembered[V any] struct {
	value V
	known bool
	until time.Time
}

const (
	rememberFor  = time.Minute
	mostRemember = 10_000
)

// of returns what is known under the keys; read is asked for those that are not
// remembered, "" left out.
func (m *memory[V]) of(keys []string, read func(missing []string, found func(key string, v V)) error) (map[string]V, error) {
	now, known, missing := time.Now(), map[string]V{}, []string(nil)
	m.mu.Lock()
	for _, k := range keys {
		if r, ok := m.kept[k]; ok && now.Before(r.until) {
			if r.known {
				known[k] = r.value
			}
		} else if k != "" {
			missing = append(missing, k)
		}
	}
	m.mu.Unlock()
	if len(missing) == 0 {
		return known, nil
	}
	fresh := map[string]V{}
	if err := read(missing, func(k string, v V) { fresh[k] = v }); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) > mostRemember {
		m.kept = map[string]remembered[V]{}
	}
	for _, k := range missing {
		v, ok := fresh[k]
		m.kept[k] = remembered[V]{v, ok, now.Add(rememberFor)}
		if ok {
			known[k] = v
		}
	}
	return known, nil
}
