package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/orders"
)

// About is what a relay says of itself (NIP-11), as far as a client of Waybill
// has a use for it.
type About struct {
	Self   string // its own public key (hex), "" where it names none
	MinPoW int    // the bits of work it asks for in every event (NIP-13)
}

// Ask reads the NIP-11 document of the relay at url (ws:// or wss://). EINVALID,
// EUNAVAILABLE.
func Ask(ctx context.Context, url string) (About, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(url, "ws", "http", 1), nil)
	if err != nil {
		return About{}, orders.Errorf(orders.EINVALID, "this is no relay URL: %s", url)
	}
	req.Header.Set("Accept", "application/nostr+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return About{}, orders.Errorf(orders.EUNAVAILABLE, "the relay does not answer: %w", err)
	}
	defer resp.Body.Close()
	var doc struct {
		Self       string `json:"self"`
		Limitation struct {
			MinPoW int `json:"min_pow_difficulty"`
		} `json:"limitation"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&doc); err != nil {
		return About{}, orders.Errorf(orders.EUNAVAILABLE, "the relay at %s does not describe itself (NIP-11)", url)
	}
	about := About{MinPoW: doc.Limitation.MinPoW}
	if nostr.IsValid32ByteHex(doc.Self) {
		about.Self = doc.Self
	}
	return about, nil
}

// RelayKey asks the relay at url (ws:// or wss://) for its own public key (hex).
// EUNAVAILABLE where it does not say.
func RelayKey(ctx context.Context, url string) (string, error) {
	about, err := Ask(ctx, url)
	if err == nil && about.Self == "" {
		err = orders.Errorf(orders.EUNAVAILABLE, "the relay at %s does not name a key of its own", url)
	}
	return about.Self, err
}

// work is the most that any of the relays asks for. One that does not say is
// taken to ask for none.
func work(ctx context.Context, relays []string) (bits int) {
	for _, url := range relays {
		if about, err := Ask(ctx, url); err == nil {
			bits = max(bits, about.MinPoW)
		}
	}
	return min(bits, maxWork)
}

// maxWork bounds the work done for a relay: some minutes on one core.
const maxWork = 28
