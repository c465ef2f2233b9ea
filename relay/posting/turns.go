package posting

import (
	"context"
	"sync"
)

// turns lets one in at a time for each name.
type turns struct {
	mu sync.Mutex
	of map[string]*turn
}

type turn struct {
	free  chan struct{} // holds a token while nobody is in
	users int           // who is in, or waits
}

// take waits for the caller's turn; leave ends it. The error is ctx's.
func (t *turns) take(ctx context.Context, name string) (leave func(), err error) {
	t.mu.Lock()
	if t.of == nil {
		t.of = map[string]*turn{}
	}
	one := t.of[name]
	if one == nil {
		one = &turn{free: make(chan struct{}, 1)}
		one.free <- struct{}{}
		t.of[name] = one
	}
	one.users++
	t.mu.Unlock()
	select {
	case <-one.free:
		return func() {
			one.free <- struct{}{}
			t.done(name, one)
		}, nil
	case <-ctx.Done():
		t.done(name, one)
		return nil, ctx.Err()
	}
}

func (t *turns) done(name string, one *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(t.of, name)
	}
}
