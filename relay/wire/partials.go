package wire

import (
	"container/list"
	"sync"
)

// partials counts the bytes of all messages that have not been handed on. Where
// there are too many, the incomplete message that has been growing for the
// longest makes room: nobody waits for a client that does not send.
type partials struct {
	mu    sync.Mutex
	total int64
	order list.List // the incomplete bodies, by age
}

// grow makes a body's share size bytes. It returns false where the body itself
// was evicted.
func (s *partials) grow(b *body, size, most int64) bool {
	var victims []*Conn
	s.mu.Lock()
	if !b.evicted {
		if b.place == nil {
			b.place = s.order.PushBack(b)
		}
		s.total += size - b.counted
		b.counted = size
	}
	for s.total > most && s.order.Len() > 0 {
		oldest := s.order.Front().Value.(*body)
		s.forget(oldest)
		oldest.evicted = true
		if oldest != b {
			victims = append(victims, oldest.conn)
		}
	}
	ok := !b.evicted
	s.mu.Unlock()
	for _, c := range victims {
		c.evict()
	}
	return ok
}

func (s *partials) complete(b *body) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlist(b)
	return !b.evicted
}

func (s *partials) release(b *body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(b)
}

// forget is called with mu held, like unlist.
func (s *partials) forget(b *body) {
	s.unlist(b)
	s.total -= b.counted
	b.counted = 0
}

func (s *partials) unlist(b *body) {
	if b.place != nil {
		s.order.Remove(b.place)
		b.place = nil
	}
}

func (s *partials) bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}
