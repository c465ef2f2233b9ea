//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/nbd-wtf/go-nostr/nip19"
)

// Needles are texts that must not be found, in every form in which a program may
// write one down. The zero value holds none.
type needles struct {
	texts   []string
	byStart map[[needleStart]byte][]needle
}

// A needle is one form of a text, or of a piece of it.
type needle struct {
	text, form string
	bytes      []byte
}

func (n needle) String() string { return fmt.Sprintf("%q (%s)", n.text, n.form) }

const (
	// needleStart is how many bytes every form must have: fewer stand anywhere by chance.
	needleStart = 8
	// What is longer than longNeedle is looked for piece by piece: it may have been cut,
	// or lie on two pages of a database.
	longNeedle, needlePiece = 96, 32
)

// add adds a text, and says whether it can be looked for.
func (ns *needles) add(text string) error {
	if len(text) < needleStart {
		return fmt.Errorf("%q is too short to be looked for: it stands anywhere by chance", text)
	}
	if slices.Contains(ns.texts, text) {
		return nil
	}
	ns.texts = append(ns.texts, text)
	ns.addForms(text, "", []byte(text))
	return nil
}

// addKey adds a key or a proof of payment also as the bytes that it stands for,
// and with the other name that such bytes have.
func (ns *needles) addKey(text string) error {
	if err := ns.add(text); err != nil {
		return err
	}
	digits := text
	if prefix, value, err := nip19.Decode(text); err == nil && prefix == "nsec" {
		digits = value.(string)
		ns.addForms(text, "in hex", []byte(digits))
	}
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) < needleStart {
		return nil // a token, a passphrase: nothing but a text
	}
	ns.addForms(text, "as bytes", raw)
	if nsec, err := nip19.EncodePrivateKey(digits); err == nil && nsec != text {
		ns.addForms(text, "as nsec", []byte(nsec))
	}
	return nil
}

// addForms adds what value looks like when it is written by one who escapes or
// encodes it.
func (ns *needles) addForms(text, as string, value []byte) {
	pieces := [][]byte{value}
	if len(value) > longNeedle {
		middle := (len(value) - needlePiece) / 2
		pieces = [][]byte{value[:needlePiece], value[middle : middle+needlePiece], value[len(value)-needlePiece:]}
	}
	for _, piece := range pieces {
		ns.addNeedle(needle{text, cmp.Or(as, "as it is"), piece})
		for form, b := range writtenForms(piece) {
			ns.addNeedle(needle{text, strings.TrimSpace(as + " " + form), b})
		}
	}
}

func (ns *needles) addNeedle(n needle) {
	if len(n.bytes) < needleStart {
		return
	}
	if ns.byStart == nil {
		ns.byStart = map[[needleStart]byte][]needle{}
	}
	start := [needleStart]byte(n.bytes)
	known := func(other needle) bool { return other.text == n.text && bytes.Equal(other.bytes, n.bytes) }
	if !slices.ContainsFunc(ns.byStart[start], known) {
		ns.byStart[start] = append(ns.byStart[start], n)
	}
}

// writtenForms are the encodings of a value, by name.
func writtenForms(value []byte) map[string][]byte {
	forms := map[string][]byte{
		"hex":           []byte(hex.EncodeToString(value)),
		"HEX":           []byte(strings.ToUpper(hex.EncodeToString(value))),
		"Go":            unquoted(strconv.Quote(string(value))),
		"Go, ASCII":     unquoted(strconv.QuoteToASCII(string(value))),
		"URL":           []byte(url.QueryEscape(string(value))),
		"URL path":      []byte(url.PathEscape(string(value))),
		"numbers":       []byte(strings.Trim(fmt.Sprint(value), "[]")),
		"numbers, JSON": []byte(strings.ReplaceAll(strings.Trim(fmt.Sprint(value), "[]"), " ", ",")),
	}
	inJSON := value
	for _, form := range []string{"JSON", "JSON in JSON"} {
		inJSON = escaped(inJSON, true)
		forms[form] = inJSON
	}
	forms["JSON, no HTML"] = escaped(value, false)
	for offset := range 3 {
		for name, alphabet := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			forms[fmt.Sprintf("%s at %d", name, offset)] = aligned(value, offset, alphabet)
		}
	}
	for _, unit := range utf16.Encode([]rune(string(value))) {
		forms["UTF-16LE"] = append(forms["UTF-16LE"], byte(unit), byte(unit>>8))
		forms["UTF-16BE"] = append(forms["UTF-16BE"], byte(unit>>8), byte(unit))
	}
	return forms
}

// aligned is what stays the same of value's base64 wherever offset more bytes, or
// three times as many, stand before it and anything behind it.
func aligned(value []byte, offset int, alphabet *base64.Encoding) []byte {
	whole := alphabet.AppendEncode(nil, append(make([]byte, offset), value...))
	first := (offset*8 + 5) / 6
	last := (offset + len(value)) * 8 / 6
	return whole[first:last]
}

func escaped(value []byte, html bool) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(html)
	_ = enc.Encode(string(value)) // of a string: never fails
	return unquoted(strings.TrimSuffix(b.String(), "\n"))
}

func unquoted(s string) []byte { return []byte(s[1 : len(s)-1]) }

// in finds the needles in a text, each once.
func (ns *needles) in(hay []byte) (found []needle) {
	if len(ns.byStart) == 0 {
		return nil
	}
	// Two bytes rule most places out before the map is asked.
	var begins [1 << 16]bool
	for start := range ns.byStart {
		begins[int(start[0])<<8|int(start[1])] = true
	}
	seen := map[string]bool{}
	for i := 0; i+needleStart <= len(hay); i++ {
		if !begins[int(hay[i])<<8|int(hay[i+1])] {
			continue
		}
		for _, n := range ns.byStart[[needleStart]byte(hay[i:])] {
			if !seen[n.String()] && bytes.HasPrefix(hay[i:], n.bytes) {
				seen[n.String()] = true
				found = append(found, n)
			}
		}
	}
	return found
}

// TestNeedles: what is hidden is found in every form, wherever it stands, and
// where there is nothing nothing is found.
func TestNeedles(t *testing.T) {
	const key = "d5c1a3f0e9b87766554433221100ffeeddccbbaa99887766554433221100f0e1"
	raw := must(hex.DecodeString(key))(t)
	nsec := must(nip19.EncodePrivateKey(key))(t)
	const text = "Rua \"das\" Flores <12>\n4050-262 Pôrto ? & 2/3"
	long := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 20)
	b64 := func(enc *base64.Encoding, before string, v []byte) string {
		return enc.EncodeToString(append([]byte(before), append(slices.Clone(v), "and more"...)...))
	}
	type plant struct{ name, needle, hay string }
	plants := []plant{
		{"as it is", text, "xx" + text + "yy"},
		{"in JSON", text, string(must(json.Marshal(map[string]string{"a": text}))(t))},
		{"in JSON in JSON", text, string(must(json.Marshal(string(must(json.Marshal(text))(t))))(t))},
		{"in JSON without HTML's escapes", text, `"Rua \"das\" Flores <12>\n4050-262 Pôrto ? & 2/3"`},
		{"quoted by Go", text, fmt.Sprintf("%q", text)},
		{"in ASCII", text, fmt.Sprintf("%+q", text)},
		{"in a URL", text, "https://x.example/?a=" + url.QueryEscape(text)},
		{"in a path", text, "https://x.example/" + url.PathEscape(text)},
		{"in hex", text, "0x" + hex.EncodeToString([]byte(text))},
		{"in upper-case hex", text, fmt.Sprintf("%X", text)},
		{"as a list of numbers", text, fmt.Sprintf("%v", []byte(text))},
		{"in UTF-16", text, string(writtenForms([]byte(text))["UTF-16LE"])},
		{"a key", key, "key=" + key},
		{"a key in upper case", key, strings.ToUpper(key)},
		{"a key's bytes", key, "\x00\x01" + string(raw) + "\x02"},
		{"a key's bytes in a list", key, fmt.Sprint(raw)},
		{"a key's nsec", key, "x " + nsec},
		{"an nsec's key", nsec, key},
		{"an nsec's bytes", nsec, string(raw)},
		{"the first 100 of many", long, long[:100]},
		{"the last 100 of many", long, long[len(long)-100:]},
		{"half of many, in base64", long, b64(base64.StdEncoding, "x", []byte(long[:len(long)/2]))},
	}
	for _, before := range []string{"", "1", "12", "123", "1234", "12345"} {
		for name, enc := range map[string]*base64.Encoding{
			"base64": base64.StdEncoding, "raw base64": base64.RawStdEncoding, "base64url": base64.URLEncoding, "raw base64url": base64.RawURLEncoding,
		} {
			plants = append(plants, plant{name + " behind " + strconv.Quote(before), text, b64(enc, before, []byte(text))},
				plant{"a key's bytes in " + name + " behind " + strconv.Quote(before), key, b64(enc, before, raw)})
		}
	}
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			var ns needles
			for _, other := range []string{"another text", "aaaaaaaaaaaaaaaa"} {
				if err := ns.add(other); err != nil {
					t.Fatal(err)
				}
			}
			if err := ns.addKey(p.needle); err != nil {
				t.Fatal(err)
			}
			if found := ns.in([]byte(p.hay)); len(found) == 0 || found[0].text != p.needle {
				t.Errorf("not found in %q: got %v", p.hay, found)
			}
			if found := ns.in([]byte(strings.Repeat("nothing of the kind, and aaaaaaaaaaa too", 100))); len(found) > 0 {
				t.Errorf("found where there is nothing: %v", found)
			}
		})
	}
	if err := new(needles).add("short"); err == nil {
		t.Error("a text that stands anywhere by chance was taken")
	}
}
