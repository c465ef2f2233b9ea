package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/waybill-relay/waybill/orders"
)

// A benchSender is one connection: a writer and a reader that share the window.
type benchSender struct {
	ws       *websocket.Conn
	load     *benchLoad
	m        *benchMeasure
	window   chan struct{} // one for each event on the way
	patience time.Duration
	gone     chan struct{} // closed with the reader

	// The reader's.
	answered int
	broken   string // why it ended
}

func (f *benchFlags) connect(ctx context.Context, load *benchLoad, m *benchMeasure) (*benchSender, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, NetDialContext: dialLoopback, WriteBufferSize: 16 << 10}
	ws, _, err := dialer.DialContext(ctx, f.url, nil)
	if err != nil {
		return nil, orders.Errorf(orders.EUNAVAILABLE, "the relay does not answer: %w", err)
	}
	return &benchSender{
		ws: ws, load: load, m: m, patience: f.patience,
		window: make(chan struct{}, f.window), gone: make(chan struct{}),
	}, nil
}

// dialLoopback makes sure of what the name localhost only promises.
func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		conn.Close()
		return nil, errors.New("it is not on this machine")
	}
	return conn, nil
}

// run sends what no other connection has taken, until all is taken and answered.
func (s *benchSender) run(ctx context.Context) {
	go func() {
		defer close(s.gone)
		s.read()
	}()
	taken := s.write(ctx)
	for range cap(s.window) { // who holds the whole window has every answer
		if !s.acquire(ctx) {
			break
		}
	}
	s.ws.Close()
	<-s.gone
	if open := taken - s.answered; open > 0 {
		s.m.fail(s.broken, open)
	}
}

func (s *benchSender) acquire(ctx context.Context) bool {
	select {
	case s.window <- struct{}{}:
		return true
	case <-s.gone:
	case <-ctx.Done():
	}
	return false
}

// write returns how many orders it took, whether or not they went out.
func (s *benchSender) write(ctx context.Context) (taken int) {
	for s.acquire(ctx) {
		i := int(s.m.next.Add(1)) - 1
		if i >= len(s.load.orders) {
			<-s.window
			return taken
		}
		taken++
		s.m.sent[i].Store(int64(time.Since(s.m.start)))
		if s.ws.WriteMessage(websocket.TextMessage, s.load.orders[i].frame) != nil {
			return taken
		}
	}
	return taken
}

// read counts the answers until the socket is closed, by either side.
func (s *benchSender) read() {
	for {
		_ = s.ws.SetReadDeadline(time.Now().Add(s.patience)) // fails where the next read does
		_, message, err := s.ws.ReadMessage()
		now := time.Since(s.m.start)
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			s.broken = fmt.Sprintf("no answer within %v", s.patience)
			return
		case err != nil:
			s.broken = "the connection was lost"
			return
		}
		event, ok, reason, isOK := parseOK(message)
		i, ours := s.load.byWrap[event]
		if !isOK || !ours { // AUTH, NOTICE
			continue
		}
		s.answered++
		if ok {
			s.m.ok[i] = now
			s.m.accepted <- i
		} else {
			s.m.fail(plain(reason), 1)
		}
		<-s.window
	}
}

// parseOK reads ["OK", <event id>, <accepted>, <reason>] (NIP-01).
func parseOK(message []byte) (event string, ok bool, reason string, isOK bool) {
	var label string
	fields := []any{&label, &event, &ok, &reason}
	if json.Unmarshal(message, &fields) != nil || len(fields) != 4 {
		return "", false, "", false
	}
	return event, ok, reason, label == "OK"
}
