package nip17

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"
	"pgregory.net/rapid"
)

func TestParseEventFaults(t *testing.T) {
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,"m` + strings.Repeat("x", i) + `":0`)
		}
		return `{"kind":1` + b.String() + `}`
	}
	nested := func(n int) string { return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for text, want := range map[string]error{
		``: faultType, ` `: faultType, `null`: faultType, `[]`: faultType, `"x"`: faultType, `1`: faultType,
		`{}`: nil, " {\n} ": nil, `{"kind":1}`: nil, `{"kind":65535}`: nil, `{"kind":-0}`: nil, `{"created_at":-1}`: nil,
		`{`: faultType, `{"`: faultSyntax, `{"kind"`: faultSyntax, `{"kind":`: faultType, `{"kind":1`: faultSyntax,
		`{"kind":1,}`: faultType, `{,}`: faultType, `{kind:1}`: faultType, `{"kind" 1}`: faultSyntax, `{"kind":1}x`: faultSyntax, `{"kind":1}{}`: faultSyntax,
		`{"kind":01}`: faultSyntax, `{"kind":1.}`: faultSyntax, `{"kind":1e}`: faultSyntax, `{"kind":-}`: faultSyntax, `{"kind":+1}`: faultType,
		`{"kind":1.0}`: faultType, `{"kind":1e0}`: faultType, `{"kind":-1}`: faultType, `{"kind":65536}`: faultType, `{"kind":null}`: faultType, `{"kind":"1"}`: faultType,
		`{"created_at":9223372036854775808}`: faultType,
		`{"id":1}`:                           faultType, `{"sig":null}`: faultType, `{"content":[]}`: faultType,
		`{"tags":[]}`: nil, `{"tags":[[]]}`: nil, `{"tags":[["a"],["b","c"]]}`: nil,
		`{"tags":{}}`: faultType, `{"tags":null}`: faultType, `{"tags":[null]}`: faultType, `{"tags":[[null]]}`: faultType, `{"tags":[[1]]}`: faultType, `{"tags":["a"]}`: faultType, `{"tags":[["a"]`: faultSyntax, `{"tags":[["a",]]}`: faultType,
		`{"kind":1,"kind":1}`: faultDuplicate, `{"a":1,"\u0061":1}`: faultDuplicate, `{"x":{"a":1,"a":1}}`: faultDuplicate, `{"x":[{"":1,"":2}]}`: faultDuplicate,
		`{"x":[{"a":1},{"a":1}],"y":{"x":{"x":1}}}`: nil,
		`{"x":[true,false,null,1.5E-3,"a",{}]}`:     nil,
		`{"x":tru}`:                                 faultSyntax, `{"x":nullx}`: faultSyntax, `{"x":}`: faultSyntax, `{"x":'a'}`: faultSyntax, `{"x":NaN}`: faultSyntax,
		`{"content":"` + "\n" + `"}`: faultSyntax, `{"content":"\x"}`: faultSyntax, `{"content":"\u12"}`: faultSyntax, `{"content":"\u12g4"}`: faultSyntax, `{"content":"\`: faultSyntax, `{"content":"a\n`: faultSyntax,
		`{"content":"\ud83d\ude00"}`: nil, `{"content":"\ud83d"}`: faultEncoding, `{"content":"\ude00\ud83d"}`: faultEncoding, `{"content":"\ud83dx"}`: faultEncoding, `{"content":"\ud83d\u0041"}`: faultEncoding, `{"content":"\ud83d\u00`: faultSyntax,
		"{\"content\":\"\xff\"}":  faultEncoding,
		"\ufeff{}":                faultType,
		members(maxMembers - 1):   nil,
		members(maxMembers):       faultMembers,
		nested(maxDepth - 1):      nil,
		nested(maxDepth):          faultDepth,
		nested(10_000):            faultDepth,
		strings.Repeat("[", 10e6): faultType,
	} {
		if _, _, err := parseEvent(text); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%.80q: got %v, want %v", text, err, want)
		}
	}
}

func TestParseEventReadsBack(t *testing.T) {
	str := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\"\\/\b\f\n\r\t\x00\x1f\u2028😀"))))
	rapid.Check(t, func(t *rapid.T) {
		want := nostr.Event{
			ID: str.Draw(t, "id"), PubKey: str.Draw(t, "pubkey"), Sig: str.Draw(t, "sig"), Content: str.Draw(t, "content"),
			CreatedAt: nostr.Timestamp(rapid.Int64().Draw(t, "created_at")),
			Kind:      rapid.IntRange(0, 65535).Draw(t, "kind"),
			Tags:      nostr.Tags{},
		}
		for range rapid.IntRange(0, 4).Draw(t, "tags") {
			want.Tags = append(want.Tags, append(nostr.Tag{}, rapid.SliceOfN(str, 0, 4).Draw(t, "tag")...))
		}
		text, err := encodeEvent(&want)
		if err != nil {
			t.Fatal(err)
		}
		// easyjson, which other relays and clients write with, escapes differently.
		for _, text := range []string{text, want.String()} {
			got, _, err := parseEvent(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q: %s", text, diff)
			}
		}
	})
}

// FuzzParseEvent holds the parser against encoding/json: what it takes is JSON
// and means the same there.
func FuzzParseEvent(f *testing.F) {
	f.Add(`{"id":"a","pubkey":"b","created_at":1,"kind":14,"tags":[["p","c"]],"content":"d\u00e9\ud83d\ude00","sig":""}`)
	f.Add(`{"x":{"a":[1.5e3,true,null,"é"]},"kind":1}`)
	f.Add(`{"kind":1,"Kind":2}`)
	f.Add(`{"content":"\ud800"}`)
	f.Add(`{"a":1,"a":2}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		got, has, err := parseEvent(text)
		if err != nil {
			var known fault
			if !errors.As(err, &known) || has != 0 || got.Tags != nil || got.Content != "" {
				t.Fatalf("got %v with %+v", err, got)
			}
			return
		}
		if !utf8.ValidString(text) {
			t.Fatal("took what is not UTF-8")
		}
		var raw map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &raw); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		for _, m := range []struct {
			name string
			bit  fields
			got  any
		}{
			{"id", hasID, got.ID}, {"pubkey", hasPubKey, got.PubKey}, {"sig", hasSig, got.Sig}, {"content", hasContent, got.Content},
			{"created_at", hasCreatedAt, int64(got.CreatedAt)}, {"kind", hasKind, int64(got.Kind)}, {"tags", hasTags, got.Tags},
		} {
			value, ok := raw[m.name]
			if ok != (has&m.bit != 0) {
				t.Fatalf("%s: there: %v, seen: %v", m.name, ok, !ok)
			}
			if ok && !same(value, m.got) {
				t.Fatalf("%s: got %q, encoding/json reads %s", m.name, m.got, value)
			}
		}
	})
}

func same(raw json.RawMessage, got any) bool {
	switch got := got.(type) {
	case string:
		var want string
		return json.Unmarshal(raw, &want) == nil && want == got
	case int64:
		var want int64
		return json.Unmarshal(raw, &want) == nil && want == got
	case nostr.Tags:
		var want nostr.Tags
		return json.Unmarshal(raw, &want) == nil && slices.EqualFunc(want, got, slices.Equal)
	}
	return false
}
