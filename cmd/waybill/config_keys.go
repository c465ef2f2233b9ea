package main

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/waybill-relay/waybill/relay/enrol"
)

func (c *keysConfig) check() error {
	for _, u := range c.SignerRelays {
		if p, err := url.Parse(u); err != nil || p.Host == "" || p.Scheme != "ws" && p.Scheme != "wss" {
			return fmt.Errorf("keys.signer_relays: %q is no ws:// or wss:// URL", u)
		}
	}
	return nil
}

func (c *participantsConfig) check() (err error) {
	if !slices.Contains([]enrol.Mode{enrol.Open, enrol.Invited, enrol.Listed}, enrol.Mode(c.Policy)) {
		return fmt.Errorf("participants.policy: %q is none of open, invite, list", c.Policy)
	}
	for i, p := range c.List {
		if c.List[i], err = publicKey(p); err != nil {
			return fmt.Errorf("participants.list: %w", err)
		}
	}
	return nil
}
