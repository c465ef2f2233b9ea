package main

import (
	"time"

	"github.com/waybill-relay/waybill/relay"
	"github.com/waybill-relay/waybill/relay/wire"
)

// What a message costs while it is worked on is many times its size: khatru's
// copies, the envelope's layers, the database's. And what is in flight is what a
// newcomer's message waits for. What has not come in whole costs its size.
const (
	inFlightShare = 512 // of limits.memory: more is not faster, and makes everybody wait longer
	partialShare  = 16
)

// relayLimits are the limits of the configuration as the relay takes them.
func relayLimits(c config) relay.Limits {
	l := &c.Limits
	return relay.Limits{
		Wire: wire.Limits{
			Message: int(l.Message), Unanswered: l.Unanswered, WriteTimeout: time.Duration(l.WriteTimeout),
			InFlight: int64(l.Memory) / inFlightShare, Partial: int64(l.Memory) / partialShare,
			Subscriptions: l.Subscriptions, Filters: l.Filters,
			Connections: l.Connections, PerIP: l.ConnectionsPerIP, BytesPerSecond: int(l.BytesPerSecond),
			Exempt: l.exempt(), Proxies: c.Relay.proxies(),
		},
		WrapsPerRecipient: l.WrapsPerRecipient,
		AuthToWrite:       c.Relay.AuthRequiredToWrite,
		MinPoW:            c.Relay.MinPoW,
	}
}
