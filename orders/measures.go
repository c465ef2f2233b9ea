package orders

import "slices"

// Measures are the product's measures of success over a set of orders: make it with
// new, Add every order, then read it. Orders that look like spam (Held) are left out.
type Measures struct {
	Orders   int64             // that were added
	Answered int64             // of them: the seller has said something
	Paid     int64             // somebody has said that it is paid
	Disputed int64             // it is, or was, disputed
	Open     int64             // it is disputed
	Closed   map[Closing]int64 // it ended, by how
	Viewed   int64             // its buyer has looked at it in time

	stays map[Status][]int64 // ms
}

// EngagedWithin is how soon (ms) a buyer looks at an order that he cares to follow.
const EngagedWithin = int64(7 * 24 * 60 * 60_000)

// Add counts an order; viewed is when its buyer first looked at it (ms), 0 for never.
func (m *Measures) Add(o *Order, viewed int64) {
	if o.Held {
		return
	}
	if m.Closed == nil {
		m.Closed, m.stays = map[Closing]int64{}, map[Status][]int64{}
	}
	count := func(n *int64, is bool) {
		if is {
			*n++
		}
	}
	m.Orders++
	count(&m.Answered, o.Answered())
	count(&m.Paid, o.WasPaid())
	count(&m.Disputed, o.WasDisputed())
	count(&m.Open, o.Status == StatusDisputed)
	count(&m.Viewed, viewed != 0 && viewed-o.CreatedTimestamp <= EngagedWithin)
	if c := o.Closing(); c != "" {
		m.Closed[c]++
	}
	path := o.Path()
	for i := 0; i+1 < len(path); i++ {
		m.stays[path[i].Status] = append(m.stays[path[i].Status], path[i+1].From-path[i].From)
	}
}

// Ended is how many orders ended in any way.
func (m *Measures) Ended() (n int64) {
	for _, c := range m.Closed {
		n += c
	}
	return n
}

// Stayed tells how long orders were in a status that they have left: how many there
// were, and within which time (ms) half of them and nine in ten had left it.
func (m *Measures) Stayed(s Status) (n int64, half, most int64) {
	took := m.stays[s]
	if len(took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(took)
	nearest := func(percent int) int64 { return took[(len(took)*percent+99)/100-1] }
	return int64(len(took)), nearest(50), nearest(90)
}
