package orders

// Fold is being written.
func Fold(p Pair, facts []Fact) *Order { return &Order{} }
