package redisstore

import "time"

// SetPatience shortens what takes a daemon 10 s.
func (c *Claim) SetPatience(d time.Duration) { c.patience = d }
