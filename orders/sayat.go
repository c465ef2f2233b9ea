package orders

// SayAt is the time (ms) for a message of the verb v whose sender knows the order as it
// is: now, or one second after what stands in it already and would otherwise count after
// the new message. Times of messages are whole seconds, and within one second the verbs'
// ranks decide, or chance: a dispute that is raised again would be one that was settled
// before, and of two addresses either might win.
func (o *Order) SayAt(v Verb, now int64) int64 {
	const second = 1000
	at := now
	for i := range o.Timeline {
		e := &o.Timeline[i]
		if e.OK && e.At/second >= at/second && ruleOf[e.Verb].Rank >= ruleOf[v].Rank {
			at = (e.At/second + 1) * second
		}
	}
	return at
}
