package relay

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// Names knows who calls himself by which NIP-05 name in the profiles (kind 0) on this
// relay. Nobody checks that the name's domain agrees: it serves to find one's own
// orders, among which somebody with a false name stands beside whoever has it.
type Names struct {
	Ledger *ledger.Ledger

	mu   sync.Mutex
	read time.Time
	keys map[string][]string // name → public keys (hex)
}

const (
	// maxProfiles is how many profiles are read, the newest.
	maxProfiles = 20_000
	namesFor    = time.Minute
)

// Of returns the keys (hex) that call themselves by the name, as the profiles were up
// to a minute ago.
func (n *Names) Of(ctx context.Context, name string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.keys == nil || time.Since(n.read) > namesFor {
		keys := map[string][]string{}
		for evt, err := range n.Ledger.Query(ctx, nostr.Filter{Kinds: []int{nostr.KindProfileMetadata}}, "", maxProfiles) {
			if err != nil {
				return nil, err
			}
			if nip05 := readMetadata(evt.Content).nip05; nip05 != "" {
				name := canonical(nip05)
				keys[name] = append(keys[name], evt.PubKey)
			}
		}
		n.keys, n.read = keys, time.Now()
	}
	return n.keys[canonical(name)], nil
}

// canonical is a name as NIP-05 compares it: a domain alone stands for _@domain.
func canonical(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if !strings.Contains(name, "@") {
		return "_@" + name
	}
	return name
}
