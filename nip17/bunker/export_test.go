package bunker

import "time"

// PingEvery makes dead connections show in the time that a test has.
func PingEvery(d time.Duration) Option { return func(s *settings) { s.ping = d } }
