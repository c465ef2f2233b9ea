package nip17

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip59"
	"pgregory.net/rapid"
)

func TestWrap(t *testing.T) {
	alice, bob, relay := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "relay")
	rumor := nostr.Event{Kind: 16, CreatedAt: 1_699_999_999, Tags: nostr.Tags{{"p", bob.pub}, {"order", "1"}}, Content: "<hello & \u2028 \x00 😀>"}
	wraps, err := Wrap(t.Context(), alice, rumor, []string{bob.pub, relay.pub}, Clock(clock))
	if err != nil {
		t.Fatal(err)
	}
	if one, err := Wrap(t.Context(), alice, rumor, []string{bob.pub}, Clock(clock), NoCopy()); err != nil || len(one) != 1 || one[0].Tags[0][1] != bob.pub {
		t.Errorf("without a copy: got %d wraps, %v", len(one), err)
	}
	want := []string{bob.pub, relay.pub, alice.pub}
	if len(wraps) != len(want) {
		t.Fatalf("got %d wraps, want %d", len(wraps), len(want))
	}
	kr := ring(t, alice.key(t, ""), bob.key(t, ""), relay.key(t, ""))
	times, keys, ids := map[nostr.Timestamp]bool{}, map[string]bool{}, map[string]bool{}
	for i, wrap := range wraps {
		if wrap.Kind != 1059 || len(wrap.Tags) != 1 || !slices.Equal(wrap.Tags[0], nostr.Tag{"p", want[i]}) {
			t.Errorf("wrap %d: got %v", i, wrap)
		}
		msg, err := Open(t.Context(), &wrap, kr, Clock(clock))
		if err != nil {
			t.Fatalf("wrap %d: %v", i, err)
		}
		if len(msg.Flags) != 0 || msg.Seal.Kind != 13 || len(msg.Seal.Tags) != 0 || msg.Seal.PubKey != alice.pub {
			t.Errorf("wrap %d: got %q, seal %v", i, msg.Flags, msg.Seal)
		}
		if msg.Rumor.Content != rumor.Content || msg.Rumor.CreatedAt != rumor.CreatedAt || msg.Rumor.Tags[1][1] != "1" {
			t.Errorf("wrap %d: got rumor %v", i, msg.Rumor)
		}
		for _, at := range []nostr.Timestamp{wrap.CreatedAt, msg.Seal.CreatedAt} {
			if back := clock().Unix() - int64(at); back < 0 || back > 172_800 {
				t.Errorf("wrap %d: backdated by %d s", i, back)
			}
			times[at] = true
		}
		keys[wrap.PubKey], ids[msg.Rumor.ID] = true, true

		// The same with another reader of the specification.
		reader := map[string]person{bob.pub: bob, relay.pub: relay, alice.pub: alice}[want[i]]
		other, err := nip59.GiftUnwrap(wrap, func(from, payload string) (string, error) {
			return reader.Decrypt(t.Context(), from, payload)
		})
		if err != nil || other.ID != msg.Rumor.ID {
			t.Errorf("wrap %d: go-nostr reads %v, %v", i, other, err)
		}
	}
	if len(keys) != 3 || len(ids) != 1 {
		t.Errorf("got %d throw-away keys and %d rumors, want 3 and 1", len(keys), len(ids))
	}
	if len(times) < 3 { // of six out of 172,801
		t.Errorf("the times are not independent: %v", times)
	}
}

func TestWrapRecipients(t *testing.T) {
	alice, bob, carol := somebody(t, "alice"), somebody(t, "bob"), somebody(t, "carol")
	for _, tt := range []struct {
		name     string
		to, want []string
	}{
		{"none", nil, []string{alice.pub}},
		{"sender absent", []string{bob.pub, carol.pub}, []string{bob.pub, carol.pub, alice.pub}},
		{"sender first", []string{alice.pub, bob.pub}, []string{alice.pub, bob.pub}},
		{"doubles", []string{bob.pub, alice.pub, bob.pub, alice.pub}, []string{bob.pub, alice.pub}},
	} {
		given := slices.Clone(tt.to)
		wraps, err := Wrap(t.Context(), alice, nostr.Event{Kind: 14, Content: "x"}, tt.to)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range wraps {
			got = append(got, w.Tags[0][1])
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(given, tt.to) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// switched is a remote signer that signs with another key than it announced.
type switched struct {
	*SecretSigner
	other *SecretSigner
}

func (s switched) Sign(ctx context.Context, evt *nostr.Event) error { return s.other.Sign(ctx, evt) }

func TestWrapRefuses(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		from  Signer
		rumor nostr.Event
		to    string
		want  error
	}{
		{"recipient off the curve", t.Context(), alice, nostr.Event{}, offCurve, ErrPublicKey},
		{"npub for hex", t.Context(), alice, nostr.Event{}, "npub1", ErrPublicKey},
		{"another's rumor", t.Context(), alice, nostr.Event{PubKey: bob.pub}, bob.pub, ErrImpersonation},
		{"signer with two keys", t.Context(), switched{alice.SecretSigner, bob.SecretSigner}, nostr.Event{}, bob.pub, ErrImpersonation},
		{"before 1970", t.Context(), alice, nostr.Event{CreatedAt: -1}, bob.pub, ErrCreatedAt},
		{"not UTF-8", t.Context(), alice, nostr.Event{Content: "\xff"}, bob.pub, ErrRumorFormat},
		{"tag not UTF-8", t.Context(), alice, nostr.Event{Tags: nostr.Tags{{"a", "\xff"}}}, bob.pub, ErrRumorFormat},
		{"no tag", t.Context(), alice, nostr.Event{Tags: nostr.Tags{nil}}, bob.pub, ErrRumorFormat},
		{"kind", t.Context(), alice, nostr.Event{Kind: 65_536}, bob.pub, ErrRumorFormat},
		{"rumor above NIP-44", t.Context(), alice, nostr.Event{Content: strings.Repeat("a", 65_536)}, bob.pub, ErrTooLarge},
		{"seal above NIP-44", t.Context(), alice, nostr.Event{Content: strings.Repeat("a", 45_000)}, bob.pub, ErrTooLarge},
		{"cancelled", cancelled, alice, nostr.Event{}, bob.pub, context.Canceled},
	} {
		wraps, err := Wrap(tt.ctx, tt.from, tt.rumor, []string{tt.to})
		if !errors.Is(err, tt.want) || wraps != nil {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestWrapLargest(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	wraps, err := Wrap(t.Context(), alice, nostr.Event{Kind: 14, Content: strings.Repeat("a", 39_700)}, []string{bob.pub})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), &wraps[0], ring(t, bob.key(t, ""))); err != nil {
		t.Fatal(err)
	}
}

// TestRumorReadsBack: whatever Wrap takes, Open reads as the same message.
func TestRumorReadsBack(t *testing.T) {
	author := somebody(t, "alice").pub
	rapid.Check(t, func(t *rapid.T) {
		rumor := nostr.Event{
			Kind:      rapid.IntRange(0, 65_535).Draw(t, "kind"),
			CreatedAt: nostr.Timestamp(rapid.Int64Range(1, clock().Unix()).Draw(t, "created_at")),
			Content:   rapid.String().Draw(t, "content"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "tags") {
			rumor.Tags = append(rumor.Tags, append(nostr.Tag{}, rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "tag")...))
		}
		text, err := finishRumor(rumor, author, clock())
		if err != nil {
			t.Fatal(err)
		}
		got, flags, err := openRumor(text, author, clock())
		if err != nil || len(flags) != 0 {
			t.Fatalf("%q, %v", flags, err)
		}
		if got.Content != rumor.Content || got.Kind != rumor.Kind || got.CreatedAt != rumor.CreatedAt || !slices.EqualFunc(got.Tags, rumor.Tags, slices.Equal) {
			t.Fatalf("got %v, want %v", got, rumor)
		}
	})
}

func TestSecretSigner(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	evt := nostr.Event{Kind: 1, Content: "x", PubKey: bob.pub}
	if err := alice.Sign(t.Context(), &evt); err != nil {
		t.Fatal(err)
	}
	if ok, err := evt.CheckSignature(); !ok || !evt.CheckID() || evt.PubKey != alice.pub {
		t.Errorf("got %v, %v", evt, err)
	}
	payload, err := alice.Encrypt(t.Context(), bob.pub, "hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ reader, peer person }{{bob, alice}, {alice, bob}} {
		if got, err := p.reader.Decrypt(t.Context(), p.peer.pub, payload); err != nil || got != "hello" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	for plain, want := range map[string]error{"": ErrEmpty, strings.Repeat("a", 65_536): ErrTooLarge} {
		if _, err := alice.Encrypt(t.Context(), bob.pub, plain); !errors.Is(err, want) {
			t.Errorf("%d bytes: got %v, want %v", len(plain), err, want)
		}
	}
	if _, err := alice.Encrypt(t.Context(), offCurve, "x"); !errors.Is(err, ErrPublicKey) {
		t.Errorf("off the curve: got %v", err)
	}

	// A keyring that removes the reading key leaves the signer whole.
	k, err := alice.ReadingKey()
	if err != nil {
		t.Fatal(err)
	}
	ring(t, k).Remove(alice.pub)
	if _, err := alice.Encrypt(t.Context(), bob.pub, "x"); err != nil {
		t.Error(err)
	}
	alice.Zero()
	if err := alice.Sign(t.Context(), &evt); !errors.Is(err, ErrSecret) {
		t.Errorf("after Zero: got %v", err)
	}
	if _, err := alice.Decrypt(t.Context(), bob.pub, payload); !errors.Is(err, ErrNotForUs) {
		t.Errorf("after Zero: got %v", err)
	}
	if _, err := alice.ReadingKey(); !errors.Is(err, ErrSecret) {
		t.Errorf("after Zero: got %v", err)
	}
}

// A wrap that expires says so on its outside (NIP-40), and opens all the same.
func TestWrapExpires(t *testing.T) {
	alice, bob := somebody(t, "alice"), somebody(t, "bob")
	wraps, err := Wrap(t.Context(), alice, nostr.Event{Kind: 14, Content: "for a while"}, []string{bob.pub}, Expires(time.Unix(1_800_000_000, 0)), Work(4))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wraps {
		if tag := w.Tags.Find("expiration"); tag == nil || tag[1] != "1800000000" {
			t.Errorf("got the tags %v", w.Tags)
		}
		if ok, err := w.CheckSignature(); !ok || err != nil {
			t.Errorf("the signature does not verify: %v", err)
		}
	}
	if _, err := Open(t.Context(), &wraps[0], ring(t, bob.key(t, ""))); err != nil {
		t.Error(err)
	}
}
