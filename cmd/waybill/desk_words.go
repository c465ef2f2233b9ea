package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// keysInWords is a list of keys for a message.
func keysInWords(list []enrol.Delegation) string {
	if len(list) == 0 {
		return "I hold no key of yours."
	}
	lines := []string{"These keys of yours are here:"}
	for _, g := range list {
		line := fmt.Sprintf("– %s (%s, %s)", orders.Npub(g.Pubkey), wayTitle(g.Way), g.State)
		if g.Waiting > 0 {
			line += fmt.Sprintf(", %d messages wait to be opened", g.Waiting)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// wayTitle names a way of taking part in words.
func wayTitle(way nip17.Way) string {
	for _, w := range enrol.Ways() {
		if w.Way == way {
			return strings.ToLower(w.Title[:1]) + w.Title[1:]
		}
	}
	return string(way)
}

// keyCame is what the owner of a key is told when the relay has begun to use it.
func keyCame(e nip17.Entry) string {
	text := fmt.Sprintf("A key of yours is now here, by which I read your messages: %s (%s).", orders.Npub(e.Pubkey), wayTitle(e.Way))
	if !e.RetiredAt.IsZero() {
		text = fmt.Sprintf("A key of yours is retired since %s, as you have announced another: %s. I keep it for older messages.",
			e.RetiredAt.UTC().Format(time.DateOnly), orders.Npub(e.Pubkey))
	}
	return text + fmt.Sprintf(" If that was not you, answer with: revoke %s", orders.Npub(e.Pubkey))
}

// keyWent is what its former owner is told.
func keyWent(e nip17.Entry) string {
	return fmt.Sprintf("I no longer hold the key %s (%s). What was read stays in your orders; what comes from now on stays closed to me.",
		orders.Npub(e.Pubkey), wayTitle(e.Way))
}
