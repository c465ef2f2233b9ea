package relay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"
	"github.com/rs/zerolog"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/ledger"
)

func unreadable(reason string) *ledger.Arrival {
	return &ledger.Arrival{Event: &nostr.Event{Kind: nostr.KindGiftWrap}, State: ledger.Unreadable, Reason: reason}
}

// A logbook is read while others write.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take is what was written since it was last called.
func (b *logbook) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// However many messages strangers send, a minute of the log is bounded, and says what
// it has left out.
func TestJournalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logbook
		j := newJournal(zerolog.New(&out).Level(zerolog.InfoLevel))
		lines := func() (n int, omitted map[string]int) {
			for line := range strings.Lines(out.take()) {
				var l struct{ Omitted map[string]int }
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				if n++; l.Omitted != nil {
					omitted = l.Omitted
				}
			}
			return n, omitted
		}
		for i := range 1000 {
			j.message(int64(i), unreadable([]string{"decrypt", "rumor-id"}[i%2]))
			j.message(int64(i), &ledger.Arrival{Event: &nostr.Event{}, State: ledger.Waiting, Reason: "not-for-us"})
			j.message(int64(i), &ledger.Arrival{Event: &nostr.Event{}, State: ledger.Opened, Facts: []orders.Fact{{Verb: orders.Note}}})
		}
		if n, omitted := lines(); n != refusalsPerMinute+readPerMinute || omitted != nil {
			t.Errorf("%d lines, %v left out", n, omitted)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		n, omitted := lines()
		half := (1000 - refusalsPerMinute) / 2
		want := map[string]int{"unreadable: decrypt": half, "unreadable: rumor-id": half, "opened": 1000 - readPerMinute}
		if diff := cmp.Diff(want, omitted); n != 1 || diff != "" {
			t.Errorf("%d lines, left out (-want +got):\n%s", n, diff)
		}
		time.Sleep(time.Hour)
		j.message(1, unreadable("decrypt"))
		if n, _ := lines(); n != 1 {
			t.Errorf("%d lines in another minute, want 1", n)
		}
		j.flush()
		if n, _ := lines(); n != 0 {
			t.Errorf("%d lines about nothing", n)
		}
	})
}

// At level debug every message has its line, and nothing is left out.
func TestJournalDebug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		j := newJournal(zerolog.New(&out))
		for i := range 100 {
			j.message(int64(i+1), unreadable("decrypt"))
		}
		j.flush()
		for i := range 100 {
			if want := fmt.Sprintf(`"id":"m-%d","kind":"wrap","state":"unreadable","reason":"decrypt"`, i+1); !strings.Contains(out.String(), want) {
				t.Errorf("the log lacks %s", want)
			}
		}
		if strings.Contains(out.String(), "omitted") {
			t.Errorf("something is left out:\n%s", out.String())
		}
	})
}

func TestMessageID(t *testing.T) {
	if seq, ok := ParseMessageID(MessageID(17)); seq != 17 || !ok {
		t.Errorf("got %d, %v", seq, ok)
	}
	for _, wrong := range []string{"", "17", "m-", "m-0", "m--1", "m-+1", "m-017", "m-1x", "m-99999999999999999999"} {
		if seq, ok := ParseMessageID(wrong); ok {
			t.Errorf("%q is taken for %d", wrong, seq)
		}
	}
}

func BenchmarkJournal(b *testing.B) {
	var out bytes.Buffer
	j := newJournal(zerolog.New(&out).Level(zerolog.InfoLevel))
	a := unreadable("decrypt")
	for b.Loop() {
		j.message(1, a)
	}
}

// A message that was posted to the API has its line as well, once: the same again is
// not a message.
func TestPostedIsLogged(t *testing.T) {
	h := newHouse(t)
	var out logbook
	h.decoder.journal = newJournal(zerolog.New(&out))
	buyer := newSigner(t)
	evt := signed(t, buyer, nostr.Event{Kind: 16, CreatedAt: nostr.Now(), Tags: nostr.Tags{
		{"p", h.admin.PublicKey()}, {"type", "1"}, {"order", "A-1"}, {"item", "mug", "1"},
	}})
	for _, want := range []string{`"kind":"order","state":"opened","dialect":"gamma","says":["intent"]`, ""} {
		a, err := h.relay.ReadPosted(t.Context(), &evt, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.relay.KeepPosted(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if got := out.take(); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("logged %q, want %q", got, want)
		}
	}
}
