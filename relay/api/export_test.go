package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// endless is an index of so many orders of one seller, made when they are asked for.
type endless struct {
	orders.Index
	shop    *shop
	n       int
	failAt  int           // the order at which the index fails, 0: never
	looked  int           // pages
	waiting chan struct{} // each page waits for one, if not nil, and says that it does
	waits   chan struct{}
}

func (x *endless) Find(ctx context.Context, _ string, _ orders.Filter, q orders.Query) (found orders.Found, err error) {
	x.looked++
	if x.waiting != nil {
		select {
		case x.waits <- struct{}{}:
		case <-ctx.Done():
			return found, ctx.Err()
		}
		select {
		case <-x.waiting:
		case <-ctx.Done():
			return found, ctx.Err()
		}
	}
	from := 0
	if q.Cursor != "" {
		if from, err = strconv.Atoi(q.Cursor); err != nil {
			return found, err
		}
	}
	for i := from; i < min(from+q.Limit, x.n); i++ {
		if x.failAt > 0 && i >= x.failAt {
			return found, orders.Errorf(orders.EINTERNAL, "order %d is damaged in Redis: rebuild", i)
		}
		found.Items = append(found.Items, x.shop.order(fmt.Sprint("x", i)))
	}
	if from+q.Limit < x.n {
		found.Next = strconv.Itoa(from + q.Limit)
	}
	return found, nil
}

func (x *endless) Unbox(context.Context, []*orders.Order) error { return nil }

// TestExportStreams exports 100,000 orders (or WAYBILL_EXPORT_ORDERS) and looks at the
// heap of server and client together all the while.
func TestExportStreams(t *testing.T) {
	n := 100_000
	if m, err := strconv.Atoi(os.Getenv("WAYBILL_EXPORT_ORDERS")); err == nil {
		n = m
	}
	s := newShop(t)
	x := &endless{shop: s, n: n}
	h := newHouse(t, func(c *Config) { c.Orders = orders.NewReader(x, c.Admin) })
	for format, lines := range map[string]int{"csv": n + 1, "json": n + 2} {
		req, err := http.NewRequest("GET", h.url+"/api/v1/orders/export?format="+format, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header(h.token(s.seller, "GET", req.URL.String(), "")))
		before := settledHeap(t)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(resp.Body)
		got, bytes, peak := 0, 0, before
		for {
			line, err := in.ReadSlice('\n')
			bytes += len(line)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if got++; got%(n/10) == 0 {
				peak = max(peak, settledHeap(t))
			}
		}
		resp.Body.Close()
		grown := peak - before
		t.Logf("%s: %d orders, %d MiB, %d KiB of heap", format, n, bytes>>20, grown>>10)
		if got != lines || grown > 32<<20 {
			t.Errorf("%s: %d lines, want %d; the heap grew by %d bytes", format, got, lines, grown)
		}
	}
}

// settledHeap is what the heap holds (bytes) once nobody adds to it any more: the export
// of who does not read stands still as soon as the socket is full, and what it had just
// thrown away is no memory that it needs.
func settledHeap(t *testing.T) int64 {
	t.Helper()
	last, deadline := int64(-1), time.Now().Add(30*time.Second)
	for {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		heap := int64(now.HeapAlloc)
		if last >= 0 && max(heap-last, last-heap) < 256<<10 {
			return heap
		}
		if time.Now().After(deadline) {
			t.Fatalf("the heap never stands still: %d bytes, then %d", last, heap)
		}
		last = heap
	}
}

// What breaks off before the first byte is a problem, and after it no whole document.
func TestExportBreaksOff(t *testing.T) {
	s := newShop(t)
	for _, failAt := range []int{1, 300} {
		x := &endless{shop: s, n: 1000, failAt: failAt}
		h := newHouse(t, func(c *Config) { c.Orders = orders.NewReader(x, c.Admin) })
		if failAt == 1 {
			h.refused(ask{method: "GET", path: "/api/v1/orders/export", as: s.seller}, 500, "internal")
			continue
		}
		req, _ := http.NewRequest("GET", h.url+"/api/v1/orders/export?format=json", nil)
		req.Header.Set("Authorization", header(h.token(s.seller, "GET", req.URL.String(), "")))
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil || !strings.Contains(h.log.String(), "an export broke off") {
			t.Errorf("it ended as if it were whole: %v", err)
		}
	}
}

// An address has so many exports at once, and whoever hangs up gives his back.
func TestExportsAreLimited(t *testing.T) {
	s := newShop(t)
	x := &endless{shop: s, n: 1000, waiting: make(chan struct{}), waits: make(chan struct{})}
	h := newHouse(t, func(c *Config) { c.Orders = orders.NewReader(x, c.Admin) })
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	for range maxExportsPerAddress {
		req, _ := http.NewRequestWithContext(ctx, "GET", h.url+"/api/v1/orders/export", nil)
		req.Header.Set("Authorization", header(h.token(s.seller, "GET", req.URL.String(), "")))
		go func() {
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}()
		<-x.waits
	}
	refused := func(within time.Duration) bool {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, "GET", h.url+"/api/v1/orders/export", nil)
		req.Header.Set("Authorization", header(h.token(s.seller, "GET", req.URL.String(), "")))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false // it waits for its orders
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusTooManyRequests
	}
	if !refused(30 * time.Second) { // or it would wait for its orders
		t.Fatal("any number of exports")
	}
	deadline := time.Now().Add(30 * time.Second)
	hangUp()
	for refused(time.Second) {
		if time.Now().After(deadline) {
			t.Fatal("those who hung up still count")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
