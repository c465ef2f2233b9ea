package nip17

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

func flip(hex string) string {
	if hex[0] == '0' {
		return "1" + hex[1:]
	}
	return "0" + hex[1:]
}

// TestOpenRefuses is the forgery matrix: what go-nostr's nip59.GiftUnwrap lets
// pass or misattributes, and whatever else an envelope can get wrong.
func TestOpenRefuses(t *testing.T) {
	alice, bob, mallory := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "mallory")
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	insert := func(member string) func(string) string {
		return func(s string) string { return "{" + member + "," + s[1:] }
	}
	drop := func(old, new string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("no %q to replace", old)
			}
			return strings.Replace(s, old, new, 1)
		}
	}
	tests := []struct {
		name string
		f    forgery
		want error
	}{
		// The wrap.
		{"kind 1", forgery{wrap: func(w *nostr.Event) { w.Kind = 1 }}, ErrWrapKind},
		{"ephemeral wrap", forgery{wrap: func(w *nostr.Event) { w.Kind = 21059 }}, ErrWrapKind},
		{"content too large", forgery{wrap: func(w *nostr.Event) { w.Content = strings.Repeat("A", MaxContent+1) }}, ErrTooLarge},
		{"content above NIP-44 v2", forgery{wrap: func(w *nostr.Event) { w.Content = strings.Repeat("A", maxPayload+4) }}, ErrTooLarge},
		{"no p tag", forgery{wrap: func(w *nostr.Event) { w.Tags = nostr.Tags{} }}, ErrRecipients},
		{"empty p tag", forgery{wrap: func(w *nostr.Event) { w.Tags = nostr.Tags{{"p"}} }}, ErrRecipients},
		{"p tag in upper case", forgery{wrap: func(w *nostr.Event) { w.Tags[0][1] = strings.ToUpper(bob.pub) }}, ErrRecipients},
		{"second p tag of a stranger", forgery{wrap: tag("p", alice.pub)}, ErrRecipients},
		{"three p tags", forgery{wrap: func(w *nostr.Event) { tag("p", bob.pub)(w); tag("p", bob.pub)(w) }}, ErrRecipients},
		{"p tag of somebody else", forgery{wrap: func(w *nostr.Event) { w.Tags[0][1] = alice.pub }}, ErrNotForUs},
		{"wrong id", forgery{wrapped: func(w *nostr.Event) { w.ID = flip(w.ID) }}, ErrWrapID},
		{"no id", forgery{wrapped: func(w *nostr.Event) { w.ID = "" }}, ErrWrapID},
		{"id in upper case", forgery{wrapped: func(w *nostr.Event) { w.ID = strings.ToUpper(w.ID) }}, ErrWrapID},
		{"pubkey not hex", forgery{wrapped: func(w *nostr.Event) { w.PubKey = `","` + w.PubKey[3:]; w.ID = w.GetID() }}, ErrWrapID},
		{"bad signature", forgery{wrapped: func(w *nostr.Event) { w.Sig = flip(w.Sig) }}, ErrWrapSignature},
		{"no signature", forgery{wrapped: func(w *nostr.Event) { w.Sig = "" }}, ErrWrapSignature},
		{"changed and re-hashed", forgery{wrapped: func(w *nostr.Event) { w.CreatedAt++; w.ID = w.GetID() }}, ErrWrapSignature},
		{"encrypted to somebody else", forgery{wrapTo: alice.pub}, ErrDecrypt},
		{"not base64", forgery{wrap: func(w *nostr.Event) { w.Content = strings.Repeat("*", 200) }}, ErrDecrypt},
		{"empty content", forgery{wrap: func(w *nostr.Event) { w.Content = "" }}, ErrDecrypt},
		// go-nostr's nip44.Decrypt panics on this one.
		{"base64 of line ends only", forgery{wrap: func(w *nostr.Event) { w.Content = strings.Repeat("\n", 132) }}, ErrDecrypt},
		{"unknown NIP-44 version", forgery{wrap: func(w *nostr.Event) { w.Content = "#" + w.Content[1:] }}, ErrDecrypt},

		// The seal.
		{"seal is null", forgery{sealText: text("null")}, ErrSealFormat},
		{"seal is an array", forgery{sealText: text("[1]")}, ErrSealFormat},
		{"seal is {}", forgery{sealText: text("{}")}, ErrSealFormat},
		{"seal is no JSON", forgery{sealText: text("hello")}, ErrSealFormat},
		{"seal without sig", forgery{sealed: func(s *nostr.Event) { s.Sig = "" }}, ErrSealFormat},
		{"seal with a member twice", forgery{sealText: insert(`"kind":1`)}, ErrSealFormat},
		{"seal with trailing text", forgery{sealText: func(s string) string { return s + "{}" }}, ErrSealFormat},
		{"seal nested deep", forgery{sealText: insert(`"x":` + deep)}, ErrSealFormat},
		{"seal pubkey in upper case", forgery{sealed: func(s *nostr.Event) { s.PubKey = strings.ToUpper(s.PubKey); s.ID = s.GetID() }}, ErrSealFormat},
		{"seal with a wrong id", forgery{sealed: func(s *nostr.Event) { s.ID = flip(s.ID) }}, ErrSealID},
		{"seal kind 1", forgery{seal: func(s *nostr.Event) { s.Kind = 1 }}, ErrSealKind},
		{"seal kind 14", forgery{seal: func(s *nostr.Event) { s.Kind = 14 }}, ErrSealKind},
		{"seal expired", forgery{seal: tag("expiration", fmt.Sprint(clock().Unix()))}, ErrSealExpired},
		{"seal expired before 1970", forgery{seal: tag("expiration", "-5")}, ErrSealExpired},
		{"seal with a bad signature", forgery{sealed: func(s *nostr.Event) { s.Sig = flip(s.Sig) }}, ErrSealSignature},
		{"seal changed and re-hashed", forgery{sealed: func(s *nostr.Event) { s.CreatedAt++; s.ID = s.GetID() }}, ErrSealSignature},
		{"seal signed by Mallory, named Alice", forgery{sealBy: &mallory, sealed: func(s *nostr.Event) { s.PubKey = alice.pub; s.ID = s.GetID() }}, ErrSealSignature},
		{"seal pubkey off the curve", forgery{sealed: func(s *nostr.Event) { s.PubKey = offCurve; s.ID = s.GetID() }}, ErrSealSignature},
		{"seal encrypted to somebody else", forgery{sealTo: mallory.pub}, ErrDecrypt},
		{"seal encrypted by somebody else", forgery{encrypted: &mallory}, ErrDecrypt},
		{"seal with line ends for content", forgery{seal: func(s *nostr.Event) { s.Content = strings.Repeat("\r\n", 80) }}, ErrDecrypt},

		// The rumor.
		{"rumor is {}", forgery{rumorText: text("{}")}, ErrRumorFormat},
		{"rumor is null", forgery{rumorText: text("null")}, ErrRumorFormat},
		{"rumor is a string", forgery{rumorText: text(`"hello"`)}, ErrRumorFormat},
		{"rumor nested 10,000 deep", forgery{rumorText: text(deep)}, ErrRumorFormat},
		{"rumor with a member nested 10,000 deep", forgery{rumorText: insert(`"x":` + deep)}, ErrRumorFormat},
		{"rumor with objects nested 10,000 deep", forgery{rumorText: insert(`"x":` + strings.Repeat(`{"":`, 10_000))}, ErrRumorFormat},
		{"rumor with kind twice", forgery{rumorText: insert(`"kind":15`)}, ErrRumorFormat},
		{"rumor with kind twice, once escaped", forgery{rumorText: insert(`"k\u0069nd":15`)}, ErrRumorFormat},
		{"rumor with pubkey twice", forgery{rumorText: insert(`"pubkey":"` + mallory.pub + `"`)}, ErrRumorFormat},
		{"rumor with an inner member twice", forgery{rumorText: insert(`"x":[{"y":{"a":1,"b":2,"a":1}}]`)}, ErrRumorFormat},
		{"rumor with PUBKEY for pubkey", forgery{rumorText: drop(`"pubkey"`, `"PUBKEY"`)}, ErrRumorFormat},
		{"rumor without tags", forgery{rumorText: drop(`"tags":[["p","`+bob.pub+`"]],`, ``)}, ErrRumorFormat},
		{"rumor without created_at", forgery{rumorText: drop(`"created_at":1699999940,`, ``)}, ErrRumorFormat},
		{"rumor with kind as text", forgery{rumorText: drop(`"kind":14`, `"kind":"14"`)}, ErrRumorFormat},
		{"rumor with kind 14.0", forgery{rumorText: drop(`"kind":14`, `"kind":14.0`)}, ErrRumorFormat},
		{"rumor with kind 65536", forgery{rumorText: drop(`"kind":14`, `"kind":65536`)}, ErrRumorFormat},
		{"rumor with created_at 17e8", forgery{rumorText: drop(`1699999940`, `17e8`)}, ErrRumorFormat},
		{"rumor with created_at beyond int64", forgery{rumorText: drop(`1699999940`, `9999999999999999999`)}, ErrRumorFormat},
		{"rumor with a number in a tag", forgery{rumorText: drop(`["p",`, `[1,`)}, ErrRumorFormat},
		{"rumor with null for content", forgery{rumorText: drop(`"content":"hello"`, `"content":null`)}, ErrRumorFormat},
		{"rumor with half a surrogate pair", forgery{rumorText: drop(`hello`, `\ud800`)}, ErrRumorFormat},
		{"rumor that is not UTF-8", forgery{rumorText: drop(`hello`, "\xff\xfe")}, ErrRumorFormat},
		{"rumor signed", forgery{rumor: func(r *nostr.Event) { r.Sig = strings.Repeat("ab", 64) }}, ErrRumorSigned},
		{"rumor signed with anything", forgery{rumor: func(r *nostr.Event) { r.Sig = "x" }}, ErrRumorSigned},
		{"rumor of Alice sealed by Mallory", forgery{sealBy: &mallory}, ErrImpersonation},
		{"rumor of Mallory sealed by Alice", forgery{rumor: func(r *nostr.Event) { r.PubKey = mallory.pub }}, ErrImpersonation},
		{"rumor of nobody", forgery{rumor: func(r *nostr.Event) { r.PubKey = "" }}, ErrImpersonation},
		{"rumor with a wrong id", forgery{rumorText: drop(`hello`, `hullo`)}, ErrRumorID},
		{"rumor with a short id", forgery{rumor: func(r *nostr.Event) { r.ID = "ab" }}, ErrRumorID},
		{"rumor before 1970", forgery{rumor: func(r *nostr.Event) { r.CreatedAt = -1 }}, ErrCreatedAt},
		{"rumor beyond what JSON counts", forgery{rumor: func(r *nostr.Event) { r.CreatedAt = 1 << 53 }}, ErrCreatedAt},
	}
	kr := ring(t, bob.key(t, ""))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wrap := tt.f.make(t, alice, bob.pub)
			got, err := Open(t.Context(), wrap, kr, Clock(clock))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v (%s), want %v", err, Reason(err), tt.want)
			}
			if Reason(err) != Reason(tt.want) || Retryable(err) {
				t.Errorf("got reason %q, retryable %v", Reason(err), Retryable(err))
			}
			if got.Rumor.Content != "" || got.Seal.ID != "" {
				t.Errorf("a refused message came with %+v", got)
			}
			for _, private := range []string{"hello", alice.pub, bob.pub, mallory.pub, wrap.Content} {
				if private != "" && strings.Contains(err.Error(), private) {
					t.Errorf("the error quotes what it read: %v", err)
				}
			}
		})
	}
}

func TestOpenTakes(t *testing.T) {
	alice, bob, enc, sender := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "bob's encryption key"), somebody(t, "alice's encryption key")
	kr := ring(t, bob.key(t, ""), enc.key(t, bob.pub))
	now := clock().Unix()
	noID := func(s string) string {
		i := strings.Index(s, `"pubkey"`)
		return "{" + s[i:]
	}
	emptyID := func(s string) string { return `{"id":"",` + noID(s)[1:] }
	tests := []struct {
		name  string
		f     forgery
		to    string // p tag
		key   string
		flags []Flag
	}{
		{"plain", forgery{}, bob.pub, bob.pub, nil},
		{"relay hint on the p tag", forgery{wrap: func(w *nostr.Event) { w.Tags[0] = append(w.Tags[0], "wss://a.example") }}, bob.pub, bob.pub, nil},
		{"other tags on the wrap", forgery{wrap: tag("expiration", "1")}, bob.pub, bob.pub, nil},
		{"seal of kind 1059", forgery{seal: func(s *nostr.Event) { s.Kind = 1059 }}, bob.pub, bob.pub, []Flag{FlagSealKind1059}},
		{"rumor without id", forgery{rumorText: noID}, bob.pub, bob.pub, []Flag{FlagNoRumorID}},
		{"rumor with an empty id", forgery{rumorText: emptyID}, bob.pub, bob.pub, []Flag{FlagNoRumorID}},
		{"as CultureBridge sends it", forgery{seal: func(s *nostr.Event) { s.Kind = 1059 }, rumorText: noID}, bob.pub, bob.pub, []Flag{FlagSealKind1059, FlagNoRumorID}},
		{"empty sig on the rumor", forgery{rumorText: func(s string) string { return `{"sig":"",` + s[1:] }}, bob.pub, bob.pub, nil},
		{"unknown members", forgery{rumorText: func(s string) string { return `{"x":{"a":[1.5e3,true,null,"é"]},"y":-0,` + s[1:] }}, bob.pub, bob.pub, nil},
		{"space around", forgery{rumorText: func(s string) string { return " \r\n\t" + s + "\n" }}, bob.pub, bob.pub, nil},
		{"seal that expires later", forgery{seal: tag("expiration", fmt.Sprint(now+1))}, bob.pub, bob.pub, nil},
		{"seal with a p tag", forgery{seal: tag("p", alice.pub)}, bob.pub, bob.pub, []Flag{FlagSealTags}},
		{"seal with a malformed expiration", forgery{seal: tag("expiration", "soon")}, bob.pub, bob.pub, []Flag{FlagSealTags}},
		{"seal with a malformed n", forgery{seal: tag("n", "soon")}, bob.pub, bob.pub, []Flag{FlagSealTags}},
		{"seal encrypted by the key in its n tag", forgery{encrypted: &sender, seal: tag("n", sender.pub)}, bob.pub, bob.pub, nil},
		{"ten minutes ahead", forgery{rumor: func(r *nostr.Event) { r.CreatedAt = nostr.Timestamp(now + 600) }}, bob.pub, bob.pub, nil},
		{"more than that", forgery{rumor: func(r *nostr.Event) { r.CreatedAt = nostr.Timestamp(now + 601) }}, bob.pub, bob.pub, []Flag{FlagFuture}},
		{"to the encryption key", forgery{}, enc.pub, enc.pub, nil},
		{"to the encryption key, identity second", forgery{wrap: tag("p", bob.pub)}, enc.pub, enc.pub, nil},
		{"to the identity, encrypted to the encryption key", forgery{wrapTo: enc.pub, sealTo: enc.pub}, bob.pub, enc.pub, nil},
		{"to the identity twice", forgery{wrap: tag("p", bob.pub)}, bob.pub, bob.pub, nil},
		{"control characters", forgery{rumor: func(r *nostr.Event) { r.Content = "\x00\b\f\n\r\t\x1f\x7f\u2028\"\\/😀" }}, bob.pub, bob.pub, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wrap := tt.f.make(t, alice, tt.to)
			got, err := Open(t.Context(), wrap, kr, Clock(clock))
			if err != nil {
				t.Fatal(err)
			}
			if got.Owner != bob.pub || got.Key != tt.key || got.WrapID != wrap.ID {
				t.Errorf("got owner %s, key %s, wrap %s", got.Owner, got.Key, got.WrapID)
			}
			if !slices.Equal(got.Flags, tt.flags) {
				t.Errorf("got flags %q, want %q", got.Flags, tt.flags)
			}
			if ok, _ := got.Seal.CheckSignature(); !ok || !got.Seal.CheckID() || got.Seal.PubKey != alice.pub {
				t.Errorf("the seal is no evidence: %v", got.Seal)
			}
			if got.Rumor.ID != got.Rumor.GetID() || got.Rumor.PubKey != alice.pub || got.Rumor.Sig != "" || got.Rumor.Content == "" {
				t.Errorf("got rumor %v", got.Rumor)
			}
		})
	}
}

func TestOpenSecondTagBeforeItsKey(t *testing.T) {
	// The identity is enrolled, the encryption key in the first p tag not yet: it
	// waits for that key instead of being refused.
	alice, bob, enc := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "bob's encryption key")
	wrap := forgery{wrap: tag("p", bob.pub)}.make(t, alice, enc.pub)
	kr := ring(t, bob.key(t, ""))
	if _, err := Open(t.Context(), wrap, kr, Clock(clock)); !errors.Is(err, ErrNotForUs) {
		t.Fatalf("got %v, want %v", err, ErrNotForUs)
	}
	if err := kr.Add(enc.key(t, bob.pub)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), wrap, kr, Clock(clock)); err != nil {
		t.Fatal(err)
	}
}

func TestOpenNotForUsBeforeCryptography(t *testing.T) {
	// Nothing in this wrap would verify; it is not looked at.
	wrap := &nostr.Event{Kind: 1059, Tags: nostr.Tags{{"p", somebody(t, "bob").pub}}, Content: "x", Sig: "x"}
	if _, err := Open(t.Context(), wrap, new(Keyring)); !errors.Is(err, ErrNotForUs) {
		t.Errorf("got %v, want %v", err, ErrNotForUs)
	}
	if _, err := Open(t.Context(), nil, new(Keyring)); !errors.Is(err, ErrWrapKind) {
		t.Errorf("got %v, want %v", err, ErrWrapKind)
	}
}

func TestOpenVerified(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	kr := ring(t, bob.key(t, ""))
	badWrap := forgery{wrapped: func(w *nostr.Event) { w.Sig = flip(w.Sig) }}.make(t, alice, bob.pub)
	if _, err := Open(t.Context(), badWrap, kr, Clock(clock), Verified()); err != nil {
		t.Errorf("the wrap was checked again: %v", err)
	}
	// It vouches for the wrap only.
	badSeal := forgery{sealed: func(s *nostr.Event) { s.Sig = flip(s.Sig) }}.make(t, alice, bob.pub)
	if _, err := Open(t.Context(), badSeal, kr, Clock(clock), Verified()); !errors.Is(err, ErrSealSignature) {
		t.Errorf("got %v, want %v", err, ErrSealSignature)
	}
	offCurveWrap := forgery{wrapped: func(w *nostr.Event) { w.PubKey = offCurve }}.make(t, alice, bob.pub)
	if _, err := Open(t.Context(), offCurveWrap, kr, Clock(clock), Verified()); !errors.Is(err, ErrDecrypt) {
		t.Errorf("got %v, want %v", err, ErrDecrypt)
	}
}

func TestOpenUnavailableKey(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	wrap := forgery{}.make(t, alice, bob.pub)
	quoting := errors.New("hello")
	tests := []struct {
		name      string
		answer    func() (string, error)
		want      error
		retryable bool
	}{
		{"offline", func() (string, error) { return "", fmt.Errorf("%w: %w", ErrKeyUnavailable, quoting) }, ErrKeyUnavailable, true},
		{"timed out", func() (string, error) { return "", context.DeadlineExceeded }, ErrKeyUnavailable, true},
		{"cannot", func() (string, error) { return "", quoting }, ErrDecrypt, false},
		{"revoked meanwhile", func() (string, error) { return "", ErrNotForUs }, ErrNotForUs, false},
		{"answers too much", func() (string, error) { return strings.Repeat(" ", MaxContent+1), nil }, ErrTooLarge, false},
		{"answers nonsense", func() (string, error) { return "", nil }, ErrSealFormat, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kr := ring(t, remote{bob.key(t, ""), tt.answer})
			_, err := Open(t.Context(), wrap, kr, Clock(clock))
			if !errors.Is(err, tt.want) || Retryable(err) != tt.retryable {
				t.Errorf("got %v, retryable %v; want %v, %v", err, Retryable(err), tt.want, tt.retryable)
			}
			if errors.Is(err, quoting) || strings.Contains(err.Error(), "hello") {
				t.Errorf("the key's own words came through: %v", err)
			}
		})
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, wrap, ring(t, bob.key(t, "")), Clock(clock))
	if !errors.Is(err, ErrKeyUnavailable) || !errors.Is(err, context.Canceled) || !Retryable(err) {
		t.Errorf("with a cancelled context: got %v", err)
	}
	// One of two keys is offline and the other does not fit: that is not final.
	enc := somebody(t, "bob's encryption key")
	offline := remote{enc.key(t, bob.pub), func() (string, error) { return "", ErrKeyUnavailable }}
	toEnc := forgery{wrapTo: enc.pub, sealTo: enc.pub}.make(t, alice, bob.pub)
	if _, err := Open(t.Context(), toEnc, ring(t, bob.key(t, ""), offline), Clock(clock)); !Retryable(err) {
		t.Errorf("one key offline: got %v", err)
	}
}

func TestReason(t *testing.T) {
	for err, want := range map[error]string{
		nil:                             "",
		ErrNotForUs:                     "not-for-us",
		ErrImpersonation:                "impersonation",
		ErrSealSignature:                "seal-signature",
		context.Canceled:                "key-unavailable",
		errors.New("disk is full"):      "internal",
		fmt.Errorf("x: %w", ErrRumorID): "rumor-id",
	} {
		if got := Reason(err); got != want {
			t.Errorf("Reason(%v) = %q, want %q", err, got, want)
		}
	}
}
