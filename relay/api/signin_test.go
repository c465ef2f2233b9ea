package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

func TestReplay(t *testing.T) {
	h := newHouse(t)
	evt := h.token(newSigner(t), "GET", h.url+keysPath, "")
	if resp, _ := h.do(ask{method: "GET", path: keysPath, auth: header(evt)}); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	spaced, err := json.MarshalIndent(json.RawMessage(evt.String()), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, again := range []string{header(evt), "nostr " + base64.StdEncoding.EncodeToString(spaced)} {
			if p := h.refused(ask{method: "GET", path: keysPath, auth: again}, 401, "unauthenticated"); p["reason"] != "replayed" {
				t.Errorf("got %v", p)
			}
		}
		h.later(15 * time.Second)
	}
}

// Of many requests with one token, one is taken.
func TestReplayRace(t *testing.T) {
	h := newHouse(t)
	const body = `{"bunker":"bunker://x"}`
	auth := header(h.token(newSigner(t), "POST", h.url+keysPath, body))
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			req, err := http.NewRequest("POST", h.url+keysPath, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Authorization", auth)
			req.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	wg.Wait()
	if got := h.desk.calls(); got != 1 {
		t.Errorf("the desk was asked %d times", got)
	}
}

// A request that fails for its body does not use its token up: nobody else has it.
func TestTokenOfAFailedRequest(t *testing.T) {
	h := newHouse(t)
	const body = `{"bunker":"bunker://x"}`
	auth := header(h.token(newSigner(t), "POST", h.url+keysPath, body))
	h.refused(ask{method: "POST", path: keysPath, body: "{}", auth: auth}, 401, "unauthenticated")
	if resp, text := h.do(ask{method: "POST", path: keysPath, body: body, auth: auth}); resp.StatusCode != 201 {
		t.Errorf("got %s %s", resp.Status, text)
	}
}

// A token from before the start may have been used up then.
func TestTokenOfBeforeTheStart(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	if p := h.refused(ask{method: "GET", path: keysPath, auth: h.getting(who, h.url+keysPath, "GET", -5)}, 401, "unauthenticated"); p["reason"] != "time" {
		t.Errorf("got %v", p)
	}
	h.later(61 * time.Second)
	if resp, body := h.do(ask{method: "GET", path: keysPath, auth: h.getting(who, h.url+keysPath, "GET", -5)}); resp.StatusCode != 200 {
		t.Errorf("a minute later: %s %s", resp.Status, body)
	}
}

func TestForgedTokensAreLimited(t *testing.T) {
	h := newHouse(t)
	h.freeze()
	who := newSigner(t)
	forged := func() string {
		evt := h.token(who, "GET", h.url+keysPath, "")
		evt.Sig = strings.Repeat("1", 128)
		return header(evt)
	}
	for range 100 {
		h.refused(ask{method: "GET", path: keysPath, auth: forged()}, 401, "unauthenticated")
	}
	h.refused(ask{method: "GET", path: keysPath, auth: forged()}, 429, "rate_limited")
	h.refused(ask{method: "GET", path: keysPath, as: who}, 429, "rate_limited")
	// What costs nothing to refuse is still told what is wrong with it.
	h.refused(ask{method: "GET", path: keysPath, auth: "Basic x"}, 401, "unauthenticated")
	h.later(time.Minute)
	if resp, body := h.do(ask{method: "GET", path: keysPath, as: who}); resp.StatusCode != 200 {
		t.Errorf("later: %s %s", resp.Status, body)
	}
}

// Whoever does not sign in is not counted, nor who has a wrong clock, uses a token
// twice or asks for what is not his to do: others have the same address.
func TestMistakesAreNotLimited(t *testing.T) {
	h := newHouse(t)
	h.desk.err = orders.Errorf(orders.EFORBIDDEN, "not yours")
	who := newSigner(t)
	used := h.getting(who, h.url+keysPath, "GET", 0)
	if resp, body := h.do(ask{method: "GET", path: keysPath, auth: used}); resp.StatusCode != 403 {
		t.Fatal(resp.Status, body)
	}
	for range 200 {
		h.refused(ask{method: "GET", path: keysPath}, 401, "unauthenticated")
		h.refused(ask{method: "GET", path: keysPath, auth: used}, 401, "unauthenticated")
		h.refused(ask{method: "GET", path: keysPath, auth: h.getting(who, h.url+keysPath, "GET", -3600)}, 401, "unauthenticated")
		h.refused(ask{method: "POST", path: keysPath, body: "{}", auth: header(h.token(who, "POST", h.url+keysPath, "{ }"))}, 401, "unauthenticated")
		h.refused(ask{method: "GET", path: keysPath, as: who}, 403, "forbidden")
	}
}
