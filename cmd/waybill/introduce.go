package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// introduce publishes who the relay itself is, into its own store: its profile
// (kind 0) and where it reads (kinds 10002 and 10050), so that clients can copy
// it into a message. The events are made anew only where they say something else.
func (d *daemon) introduce(ctx context.Context) error {
	profile, err := json.Marshal(map[string]string{"name": d.cfg.Relay.Name, "about": d.cfg.Relay.Description})
	if err != nil {
		return err
	}
	relays := func(name string) (tags nostr.Tags) {
		for _, u := range d.cfg.Relay.PublicURLs {
			tags = append(tags, nostr.Tag{name, u})
		}
		return tags
	}
	for _, evt := range []nostr.Event{
		{Kind: nostr.KindProfileMetadata, Content: string(profile), Tags: nostr.Tags{}},
		{Kind: nostr.KindRelayListMetadata, Tags: relays("r")},
		{Kind: nostr.KindDMRelayList, Tags: relays("relay")},
	} {
		if err := d.say(ctx, evt); err != nil {
			return err
		}
	}
	return nil
}

// say signs and stores an event of the relay's own, unless it stands there already.
func (d *daemon) say(ctx context.Context, evt nostr.Event) error {
	self := d.identity.PublicKey()
	filter := nostr.Filter{Kinds: []int{evt.Kind}, Authors: []string{self}, Limit: 1}
	for old, err := range d.ledger.Query(ctx, filter, "", 1) {
		if err != nil {
			return err
		}
		if old.Content == evt.Content && sameTags(old.Tags, evt.Tags) {
			return nil
		}
		// A replacement must be newer, also within one second.
		evt.CreatedAt = old.CreatedAt + 1
	}
	evt.CreatedAt = max(evt.CreatedAt, nostr.Now())
	if err := d.identity.Sign(ctx, &evt); err != nil {
		return err
	}
	_, err := d.ledger.Publish(ctx, &evt, time.Now().UnixMilli())
	return err
}

func sameTags(a, b nostr.Tags) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
