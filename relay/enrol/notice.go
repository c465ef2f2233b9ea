package enrol

import (
	"slices"

	"github.com/nbd-wtf/go-nostr"
)

// NoticeTag marks the rumors that a Waybill relay writes itself: answers to
// participants, and notices about their orders. A message that has it says nothing
// about an order and asks for nothing, whichever relay wrote it: two relays that each
// hold the other's participants never answer each other.
var NoticeTag = nostr.Tag{"waybill", "notice"}

// IsNotice reports whether a relay wrote the rumor.
func IsNotice(rumor *nostr.Event) bool {
	return slices.ContainsFunc(rumor.Tags, func(t nostr.Tag) bool { return slices.Equal(t, NoticeTag) })
}
