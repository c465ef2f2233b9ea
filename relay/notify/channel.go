package notify

import "strings"

// Channel is the kind of a lane, for logs and people: a relay's URL may say who reads
// there.
func Channel(lane string) string {
	switch {
	case lane == laneDM, lane == laneMail:
		return lane
	case strings.HasPrefix(lane, dmTo):
		return laneDM
	}
	return ByWebhook
}

// ByWebhook is the Channel of a lane that is a webhook's id.
const ByWebhook = "webhook"

// RelayOf is the relay elsewhere (URL) that direct messages on the lane go to; "" for
// every other lane.
func RelayOf(lane string) string {
	url, ok := strings.CutPrefix(lane, dmTo)
	if !ok {
		return ""
	}
	return url
}

func isHook(lane string) bool { return Channel(lane) == ByWebhook }
