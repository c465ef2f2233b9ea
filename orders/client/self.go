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

// RelayKey asks the relay at url (ws:// or wss://) for its own public key (hex):
// the field self of its NIP-11 document. EUNAVAILABLE where it does not say.
func RelayKey(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(url, "ws", "http", 1), nil)
	if err != nil {
		return "", orders.Errorf(orders.EINVALID, "this is no relay URL: %s", url)
	}
	req.Header.Set("Accept", "application/nostr+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", orders.Errorf(orders.EUNAVAILABLE, "the relay does not answer: %w", err)
	}
	defer resp.Body.Close()
	var doc struct {
		Self string `json:"self"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&doc); err != nil || !nostr.IsValid32ByteHex(doc.Self) {
		return "", orders.Errorf(orders.EUNAVAILABLE, "the relay at %s does not name a key of its own", url)
	}
	return doc.Self, nil
}
