//go:build e2e

package e2e

import (
	"net"
	"sync"
	"testing"
	"time"
)

// A proxy stands between a daemon and its Redis and makes the way bad. It knows
// nothing of what passes but its direction.
type proxy struct {
	to       string // the Unix socket of the server
	listener net.Listener
	pumps    sync.WaitGroup

	bench sync.Mutex // held while the judge thinks

	mu    sync.Mutex
	delay time.Duration // of every piece, in each direction
	open  chan struct{} // closed while bytes may pass
	judge judge
	conns map[net.Conn]struct{}
}

// A judge sees every piece before it passes and says how much of it may. Where that
// is not all of it, the connection is cut right after.
type judge func(toServer bool, piece []byte) (pass int)

// newProxy listens in front of the server at the Unix socket.
func newProxy(t *testing.T, socket string) *proxy {
	t.Helper()
	p := &proxy{to: socket, listener: must(net.Listen("tcp", "127.0.0.1:0"))(t), open: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(p.open)
	p.pumps.Go(p.serve)
	t.Cleanup(func() {
		p.listener.Close()
		p.resume()
		p.cut()
		p.pumps.Wait()
	})
	return p
}

func (p *proxy) url() string { return "redis://" + p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", p.to)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.pumps.Go(func() { p.pump(server, client, true) })
		p.pumps.Go(func() { p.pump(client, server, false) })
	}
}

// pump carries bytes one way until either end is gone.
func (p *proxy) pump(to, from net.Conn, toServer bool) {
	defer func() {
		to.Close()
		from.Close()
		p.mu.Lock()
		delete(p.conns, to)
		delete(p.conns, from)
		p.mu.Unlock()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		p.hold()
		pass := p.judged(toServer, buf[:n])
		if _, err := to.Write(buf[:pass]); err != nil || pass < n {
			return
		}
	}
}

// hold keeps a piece back for as long as it is to be late.
func (p *proxy) hold() {
	p.mu.Lock()
	delay, open := p.delay, p.open
	p.mu.Unlock()
	if delay > 0 {
		<-time.After(delay)
	}
	<-open
}

// judged is how much of a piece may pass. While a judge thinks nothing else does.
func (p *proxy) judged(toServer bool, piece []byte) int {
	p.bench.Lock()
	defer p.bench.Unlock()
	p.mu.Lock()
	judge := p.judge
	p.mu.Unlock()
	if judge == nil {
		return len(piece)
	}
	return judge(toServer, piece)
}

// slow delays every piece in each direction; 0 ends it.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// stall holds everything back until resume.
func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
}

func (p *proxy) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}

// watch sets the judge; nil lets everything pass.
func (p *proxy) watch(j judge) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judge = j
}

// cut ends every connection that is open.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}
