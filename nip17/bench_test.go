package nip17

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// BenchmarkOpen opens wraps of one correspondent whose conversation key is
// kept, as the relay does: it has checked the wrap itself. The rumor is of the
// size of an order.
func BenchmarkOpen(b *testing.B) {
	alice, bob := somebody(b, "alice"), somebody(b, "bob")
	order := forgery{rumor: func(r *nostr.Event) { r.Content = strings.Repeat("an order of two ", 10) }}
	wrap := order.make(b, alice, bob.pub)
	for _, bench := range []struct {
		name string
		opts []Option
	}{
		{"verified", []Option{Clock(clock), Verified()}},
		{"unverified", []Option{Clock(clock)}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			kr := ring(b, bob.key(b, ""))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Open(b.Context(), wrap, kr, bench.opts...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpenNotForUs is what a stranger's wrap costs.
func BenchmarkOpenNotForUs(b *testing.B) {
	wrap := forgery{}.make(b, somebody(b, "alice"), somebody(b, "bob").pub)
	kr := ring(b, somebody(b, "carol").key(b, ""))
	for b.Loop() {
		if _, err := Open(b.Context(), wrap, kr); err == nil {
			b.Fatal("opened")
		}
	}
}

func BenchmarkConversationKey(b *testing.B) {
	alice, bob := somebody(b, "alice"), somebody(b, "bob")
	k := bob.key(b, "")
	for b.Loop() {
		if _, err := k.conversationKey(alice.pub); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEvent(b *testing.B) {
	text := `{"x":0,` + nostr.Event{Kind: 14, Tags: nostr.Tags{{"p", offCurve}}, Content: strings.Repeat("a \"b\" ", 50)}.String()[1:]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, err := parseEvent(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealer(b *testing.B) {
	s := NewSealer(0)
	defer s.Close()
	readers := []string{somebody(b, "alice").pub, somebody(b, "bob").pub}
	for _, size := range []int{350, 16 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			box := []byte(strings.Repeat("a", size))
			for b.Loop() {
				if _, _, err := s.Seal(box, readers); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
