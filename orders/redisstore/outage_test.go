package redisstore_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// cutter is a connection that, when armed, loses the next reply: the server has
// done the work, and the client never hears of it.
type cutter struct {
	net.Conn
	armed *atomic.Bool
	cuts  *atomic.Int32
}

func (c cutter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil && c.armed.CompareAndSwap(true, false) {
		c.cuts.Add(1)
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// testLostReply relies on go-redis repeating what it got no reply to.
func testLostReply(t *testing.T, e *engine) {
	ctx := t.Context()
	opt, err := redis.ParseURL(e.url)
	if err != nil {
		t.Fatal(err)
	}
	opt.DisableIdentity = true
	var armed atomic.Bool
	var cuts atomic.Int32
	opt.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, opt.Network, opt.Addr)
		return cutter{c, &armed, &cuts}, err
	}
	client := redis.NewClient(opt)
	defer client.Close()
	s := redisstore.New(client)
	states := []*orders.Order{order("a", 1, pays(orders.PaymentConfirmed, 7)), order("b", 1, pays(orders.PaymentConfirmed, 5))}
	if err := s.Write(ctx, []*orders.Order{order("a", 0)}); err != nil { // loads the script and opens the connections
		t.Fatal(err)
	}
	armed.Store(true)
	if err := s.Write(ctx, states); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Advance(ctx, redisstore.Cursor{}, redisstore.Cursor{Ledger: "l"}); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	moved, err := s.Advance(ctx, redisstore.Cursor{Ledger: "l"}, redisstore.Cursor{Ledger: "l", Seq: 9})
	if err != nil || !moved {
		t.Errorf("advance: got %v, %v, want moved", moved, err)
	}
	if cuts.Load() != 2 {
		t.Fatalf("%d replies were lost, want 2", cuts.Load())
	}
	if err := e.other.Write(ctx, states); err != nil {
		t.Fatal(err)
	}
	e.raw.Del(ctx, "orders_cursor")
	e.foreignLess(t, e.otherRaw)
}

// TestOutage: a Redis that crashes is EUNAVAILABLE, and comes back as it was; an
// empty one in its place is noticed by the cursor.
func TestOutage(t *testing.T) {
	ctx := t.Context()
	server := redistest.Start(t)
	e := dial(t, "redis-server", server.URL(), server.URL()+"?db=1")
	at := redisstore.Cursor{Ledger: "l", Seq: 4}
	e.write(t, order("a", 1, boxes("f0")))
	if moved, err := e.Advance(ctx, redisstore.Cursor{}, at); !moved || err != nil {
		t.Fatal(moved, err)
	}
	before, _, err := e.Cursor(ctx)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for name, call := range map[string]func() error{
		"ping":    func() error { return e.Ping(ctx) },
		"write":   func() error { return e.Write(ctx, []*orders.Order{order("a", 2)}) },
		"remove":  func() error { _, err := e.Remove(ctx, "a"); return err },
		"order":   func() error { _, err := e.Order(ctx, "a"); return err },
		"list":    func() error { _, err := e.List(ctx, orders.List{}, orders.Query{}); return err },
		"stats":   func() error { _, err := e.Stats(ctx, orders.Buyer, people[0]); return err },
		"cursor":  func() error { _, _, err := e.Cursor(ctx); return err },
		"advance": func() error { _, err := e.Advance(ctx, at, at); return err },
		"prune":   func() error { _, err := e.Prune(ctx, owned()); return err },
		"snap":    func() error { _, err := e.Snapshot(ctx); return err },
		"dial":    func() error { _, err := redisstore.Dial(ctx, server.URL()); return err },
	} {
		code(t, name, call(), orders.EUNAVAILABLE)
	}
	server.Restart()
	back(t, e)
	if o, err := e.Order(ctx, "a"); err != nil || len(o.Boxes) != 1 {
		t.Errorf("after the crash: got %v, %v", o, err)
	}
	c, ok, err := e.Cursor(ctx)
	if c.Ledger != at.Ledger || c.Seq != at.Seq || c.Run == "" || c.Run == before.Run || !ok || err != nil {
		t.Errorf("cursor after the crash: got %v, %v, %v, want that of another run than %v", c, ok, err, before)
	}
	next := redisstore.Cursor{Ledger: "l", Seq: 5}
	if moved, err := e.Advance(ctx, before, next); moved || err != nil {
		t.Errorf("advance from a cursor of the run before the crash: got %v, %v, want not moved", moved, err)
	}
	if moved, err := e.Advance(ctx, c, next); !moved || err != nil {
		t.Errorf("advance after the crash: got %v, %v, want moved", moved, err)
	}
	server.Replace()
	back(t, e)
	if moved, err := e.Advance(ctx, at, redisstore.Cursor{Ledger: "l", Seq: 5}); moved || err != nil {
		t.Errorf("advance in another Redis: got %v, %v, want not moved", moved, err)
	}
	e.write(t, order("a", 2)) // the new server does not know the script
}

// back returns when the client has noticed that the server is back: after many
// failed attempts go-redis tries only once a second, for commands and for
// pipelines apart.
func back(t *testing.T, e *engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, one := e.Stats(ctx, orders.Buyer, people[0])
		if two := e.Ping(ctx); one == nil && two == nil {
			return
		} else if ctx.Err() != nil {
			t.Fatal("the client does not come back:", one, two)
		}
	}
}

func TestFullRedis(t *testing.T) {
	ctx := t.Context()
	server := redistest.Start(t)
	e := dial(t, "redis-server", server.URL(), server.URL()+"?db=1")
	e.write(t, order("a", 1, boxes("f0")))
	before := dump(t, e.raw)
	if err := e.raw.ConfigSet(ctx, "maxmemory", "1mb").Err(); err != nil {
		t.Fatal(err)
	}
	code(t, "write to a full Redis", e.Write(ctx, []*orders.Order{order("a", 2), order("b", 1)}), orders.EUNAVAILABLE)
	same(t, "half written", dump(t, e.raw), before)
}

func TestDialErrors(t *testing.T) {
	e, err := redisstore.StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	const secret = "hunter2"
	host := e.URL()[strings.Index(e.URL(), "@")+1:]
	for url, want := range map[string]orders.Code{
		"":                                           orders.EINVALID,
		"localhost:6379":                             orders.EINVALID,
		"http://:" + secret + "@host":                orders.EINVALID,
		"redis://:" + secret + "@h:port":             orders.EINVALID,
		"redis://h/" + secret:                        orders.EINVALID,
		"redis://h?" + secret + "=1":                 orders.EINVALID,
		"redis://:%zz" + secret + "@h":               orders.EINVALID,
		"redis://:" + secret + "@" + host:            orders.EUNAVAILABLE, // the wrong password
		"redis://" + host:                            orders.EUNAVAILABLE, // none
		"unix://:" + secret + "@/nonexistent/socket": orders.EUNAVAILABLE,
	} {
		_, err := redisstore.Dial(t.Context(), url)
		code(t, url, err, want)
		for ; err != nil; err = unwrap(err) {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error tells the password: %v", url, err)
			}
		}
	}
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}
