package main

import (
	"errors"
	"fmt"
	"slices"

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
