package main

import (
	"time"

	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/wire"
)

// memoryShare is how small a part of limits.memory the messages in flight may be,
// and as much again those that have not come in whole. Each takes many times its
// size while it is worked on: khatru's copies, the envelope's layers, the
// database's. And what is in flight is what a newcomer's message waits for.
const memoryShare = 128

// relayLimits are the limits of the configuration as the relay takes them.
func relayLimits(c config) relay.Limits {
	l := &c.Limits
	return relay.Limits{
		Wire: wire.Limits{
			Message: int(l.Message), Unanswered: l.Unanswered, WriteTimeout: time.Duration(l.WriteTimeout),
			InFlight: int64(l.Memory) / memoryShare, Partial: int64(l.Memory) / memoryShare,
			Subscriptions: l.Subscriptions, Filters: l.Filters,
			Connections: l.Connections, PerIP: l.ConnectionsPerIP, BytesPerSecond: int(l.BytesPerSecond),
			Exempt: l.exempt(), Proxies: c.Relay.proxies(),
		},
		WrapsPerRecipient: l.WrapsPerRecipient,
		AuthToWrite:       c.Relay.AuthRequiredToWrite,
		MinPoW:            c.Relay.MinPoW,
	}
}
