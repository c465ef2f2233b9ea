package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/enrol"
)

func (c *keysConfig) check() error {
	for _, u := range c.SignerRelays {
		if !isRelayURL(u) {
			return errors.New("keys.signer_relays: each is a ws:// or wss:// URL") // not quoted: it may be a secret
		}
	}
	return nil
}

func (c *participantsConfig) check() (err error) {
	if !slices.Contains([]enrol.Mode{enrol.Open, enrol.Invited, enrol.Listed}, enrol.Mode(c.Policy)) {
		return errors.New("participants.policy: open, invite or list is needed")
	}
	for i, p := range c.List {
		if c.List[i], err = publicKey(p); err != nil {
			return fmt.Errorf("participants.list: %w", err)
		}
	}
	return nil
}

// publicKey reads an npub or 64 hex digits.
func publicKey(s string) (string, error) {
	if strings.HasPrefix(s, "npub1") {
		if _, v, err := nip19.Decode(s); err == nil {
			if key, ok := v.(string); ok && nip17.ValidPublicKey(key) {
				return key, nil
			}
		}
	}
	if nostr.IsValid32ByteHex(s) && nip17.ValidPublicKey(s) {
		return s, nil
	}
	return "", errors.New("this is no public key (npub1… or 64 lower-case hex digits)") // not quoted: it may be a secret
}
