package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fasthttp/websocket"
	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip42"

	"github.com/waybill-relay/waybill/nip17/nip17test"
	"github.com/waybill-relay/waybill/orders"
)

// relay is a real WebSocket server that answers every EVENT with what verdict
// says ("" takes it), given the key that has authenticated ("" for none).
func relay(t *testing.T, verdict func(evt nostr.Event, authed string) string) (url string) {
	t.Helper()
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.WriteJSON([]any{"NOTICE", "hello"})
		_ = conn.WriteJSON([]any{"AUTH", "challenge"})
		authed := ""
		for {
			var m []json.RawMessage
			if conn.ReadJSON(&m) != nil {
				return
			}
			var evt nostr.Event
			if json.Unmarshal(m[1], &evt) != nil {
				return
			}
			reason := ""
			if string(m[0]) == `"AUTH"` {
				authed, _ = nip42.ValidateAuthEvent(&evt, "challenge", "ws://"+r.Host)
			} else {
				reason = verdict(evt, authed)
			}
			_ = conn.WriteJSON([]any{"OK", evt.ID, reason == "", reason})
		}
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http", "ws", 1)
}

func draft(to string) orders.Draft {
	return orders.Draft{Verb: orders.Note, OrderID: "A-1", To: to, Private: orders.Private{Note: "soon"}}
}

func TestSend(t *testing.T) {
	me, other := nip17test.Signer(t), nip17test.Signer(t)
	self := nip17test.Signer(t).PublicKey()
	to := func(evt nostr.Event) string { return evt.Tags[0][1] }
	tests := map[string]struct {
		verdict func(evt nostr.Event, authed string) string
		copyIn  bool
		wraps   int
		missed  []string
		code    orders.Code
	}{
		"taken":       {func(nostr.Event, string) string { return "" }, false, 2, nil, ""},
		"with a copy": {func(nostr.Event, string) string { return "" }, true, 3, nil, ""},
		"wants AUTH first": {func(_ nostr.Event, authed string) string {
			if authed != me.PublicKey() {
				return "auth-required: who are you?"
			}
			return ""
		}, false, 2, nil, ""},
		"takes only the own copy": {func(evt nostr.Event, _ string) string {
			if to(evt) != me.PublicKey() {
				return "restricted: not a participant"
			}
			return ""
		}, false, 2, []string{other.PublicKey()}, ""},
		"takes nothing": {func(nostr.Event, string) string { return "blocked: no" }, false, 2, nil, orders.EUNAVAILABLE},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Client{Relays: []string{relay(t, tt.verdict)}, Self: self, Copy: tt.copyIn}
			sent, err := c.Send(context.Background(), me, draft(other.PublicKey()))
			if orders.ErrorCode(err) != tt.code {
				t.Fatalf("got %v, want %q", err, tt.code)
			}
			if len(sent.Wraps) != tt.wraps || strings.Join(sent.Missed, " ") != strings.Join(tt.missed, " ") {
				t.Errorf("got %+v", sent)
			}
		})
	}
}

// One relay of several is enough, and a draft without a form goes nowhere.
func TestSendToSeveral(t *testing.T) {
	me, other := nip17test.Signer(t), nip17test.Signer(t)
	takes := relay(t, func(nostr.Event, string) string { return "" })
	refuses := relay(t, func(nostr.Event, string) string { return "blocked: no" })
	for name, relays := range map[string][]string{"refused, then taken": {refuses, takes}, "unreachable, then taken": {"ws://127.0.0.1:1", takes}} {
		c := &Client{Relays: relays}
		if sent, err := c.Send(context.Background(), me, draft(other.PublicKey())); err != nil || len(sent.Missed) > 0 {
			t.Errorf("%s: got %+v, %v", name, sent, err)
		}
	}
	c := &Client{Relays: []string{takes}}
	if _, err := c.Send(context.Background(), me, orders.Draft{Verb: "sing", To: other.PublicKey()}); orders.ErrorCode(err) != orders.EINVALID {
		t.Errorf("got %v, want an invalid draft", err)
	}
}
