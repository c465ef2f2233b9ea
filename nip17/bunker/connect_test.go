package bunker_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
)

func TestConnectAgain(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	k.Zero()

	// With the used token, as after a crash before it was forgotten.
	k = w.open(t)
	w.reads(t, k)
	k.Zero()
	if got := count(w.bunker.Asked(), "connect"); got != 2 {
		t.Errorf("connected %d times, want 2", got)
	}

	// The client is known: there is nothing to connect for.
	w.conn.Token = ""
	k = w.open(t)
	w.reads(t, k)
	if got := count(w.bunker.Asked(), "connect"); got != 2 {
		t.Errorf("connected %d times, want 2", got)
	}
}

func TestConnectSays(t *testing.T) {
	for name, ack := range map[string]func(*bunkertest.Request){
		"ack":       func(r *bunkertest.Request) { r.Reply("ack") },
		"the token": func(r *bunkertest.Request) { r.Reply(bunkertest.Token) },
		"an error":  func(r *bunkertest.Request) { r.Refuse("already connected") },
		"nothing":   func(*bunkertest.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			said := make(chan []string, 64)
			w.bunker.Handle(func(r *bunkertest.Request) {
				if r.Method != "connect" {
					r.Pass()
					return
				}
				said <- r.Params
				ack(r)
			})
			w.bunker.Accept("nostrconnect://" + w.conn.Client.PublicKey())
			timeout := bunker.Timeout(patience)
			if name == "nothing" {
				timeout = bunker.Timeout(400 * time.Millisecond)
			}
			w.reads(t, w.open(t, timeout, bunker.Application("Waybill", "https://relay.example")))
			want := []string{w.bunker.PublicKey(), bunkertest.Token, "nip44_decrypt", `{"name":"Waybill","url":"https://relay.example"}`}
			if got := <-said; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// The greeting is lost, though the signer is there.
func TestConnectIsLost(t *testing.T) {
	w := newWorld(t)
	var lost atomic.Bool
	w.bunker.Handle(func(r *bunkertest.Request) {
		if r.Method != "connect" || lost.Swap(true) {
			r.Pass()
		}
	})
	w.reads(t, w.open(t, bunker.Timeout(400*time.Millisecond), bunker.Backoff(time.Hour, time.Hour)))
}

// An address need not have a secret; the signer then learns of the client by the
// greeting all the same.
func TestConnectWithoutToken(t *testing.T) {
	w := newWorld(t)
	known := atomic.Bool{}
	w.bunker.Handle(func(r *bunkertest.Request) {
		switch {
		case r.Method == "connect":
			w.bunker.Accept("nostrconnect://" + r.Client)
			known.Store(true)
			r.Reply("ack")
		case !known.Load():
			r.Refuse("who are you?")
		default:
			r.Pass()
		}
	})
	w.conn.Token = ""
	w.reads(t, w.open(t))
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, err := bunker.Identify(t.Context(), w.conn)
	if owner != w.user.PublicKey() || err != nil {
		t.Fatalf("got %s, %v", owner, err)
	}
	if got, want := w.bunker.Asked(), []string{"connect", "get_public_key"}; !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
	w.conn.Token = ""
	k := open(t, w.conn, owner)
	if err := k.Prove(t.Context()); err != nil {
		t.Error(err)
	}

	for name, tt := range map[string]struct {
		handle func(*bunkertest.Request)
		want   error
	}{
		"refused":  {func(r *bunkertest.Request) { r.Refuse("no") }, bunker.ErrDenied},
		"no key":   {func(r *bunkertest.Request) { r.Reply("npub1xyz") }, bunker.ErrReply},
		"nothing":  {func(*bunkertest.Request) {}, bunker.ErrOffline},
		"approval": {func(r *bunkertest.Request) { r.AskApproval("https://signer.example/1") }, bunker.ErrApproval},
	} {
		t.Run(name, func(t *testing.T) {
			w.bunker.Handle(tt.handle)
			shown := make(chan string, 8)
			_, err := bunker.Identify(t.Context(), w.conn, bunker.Timeout(fast), bunker.Patience(fast),
				bunker.OnApproval(func(url string) { shown <- url }))
			wantErr(t, err, tt.want)
			if name == "approval" && <-shown != "https://signer.example/1" {
				t.Error("the URL is not shown")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.bunker.Handle(func(*bunkertest.Request) { cancel() })
	_, err = bunker.Identify(ctx, w.conn)
	wantErr(t, err, bunker.ErrOffline, context.Canceled)
	_, err = bunker.Identify(t.Context(), bunker.Connection{})
	wantErr(t, err, bunker.ErrConnection)
}

func TestAuth(t *testing.T) {
	w := newWorld(t)
	w.relay.RequireAuth()
	w.bunker.Away()
	w.bunker.Back()
	w.reads(t, w.open(t))
}

// The relay begins to ask when the client listens already.
func TestAuthToPublish(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	w.relay.RequireAuth()
	w.bunker.Away()
	w.bunker.Back()
	w.reads(t, k)
}

func TestDialer(t *testing.T) {
	w := newWorld(t)
	forbidden := errors.New("forbidden")
	var dialled atomic.Value
	k := open(t, w.conn, w.user.PublicKey(), bunker.Dialer(func(_ context.Context, network, addr string) (net.Conn, error) {
		dialled.Store(network + " " + addr)
		return nil, forbidden
	}))
	wantErr(t, k.Prove(t.Context()), bunker.ErrOffline)
	if got, want := dialled.Load(), "tcp "+strings.TrimPrefix(w.relay.URL(), "ws://"); got != want {
		t.Errorf("dialled %v, want %v", got, want)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(http.RedirectHandler(strings.Replace(w.relay.URL(), "ws", "http", 1), http.StatusTemporaryRedirect))
	defer server.Close()
	conn := w.conn
	conn.Relays = []string{strings.Replace(server.URL, "http", "ws", 1)}
	wantErr(t, open(t, conn, w.user.PublicKey()).Prove(t.Context()), bunker.ErrOffline)
}

func TestConnectionMarshal(t *testing.T) {
	w := newWorld(t)
	data, err := w.conn.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := bunker.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Signer != w.conn.Signer || !slices.Equal(got.Relays, w.conn.Relays) || got.Token != bunkertest.Token ||
		got.Client.PublicKey() != w.conn.Client.PublicKey() {
		t.Error("another connection came back")
	}
	for _, v := range []any{w.conn, &w.conn, map[string]any{"conn": w.conn}, struct{ C bunker.Connection }{w.conn}} {
		text, err := json.Marshal(v)
		if err != nil || strings.Contains(string(text), bunkertest.Token) || !strings.Contains(string(text), "[bunker connection]") {
			t.Errorf("got %s, %v", text, err)
		}
	}
	for name, text := range map[string]string{
		"nothing":         "",
		"no JSON":         "x",
		"another version": strings.Replace(string(data), `"version":1`, `"version":2`, 1),
		"another signer":  strings.Replace(string(data), `"signer":"`, `"signer":"0`, 1),
		"no relay":        strings.Replace(string(data), `"ws://`, `"http://`, 1),
		"no client":       string(data[:len(data)-3]) + `"}`,
	} {
		if _, err := bunker.Unmarshal([]byte(text)); !errors.Is(err, bunker.ErrConnection) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	got.Client.Zero()
	_, err = got.Marshal()
	wantErr(t, err, bunker.ErrConnection)
}
