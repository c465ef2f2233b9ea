//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// asks has somebody write to the relay itself, and waits for its answer.
func (p *person) asks(text, want string) {
	p.w.t.Helper()
	var d delivery
	p.w.node.must(p.name, "chat", map[string]any{"to": []string{p.w.self}, "text": text}, &d)
	if !d.Copies[0].OK {
		p.w.t.Fatalf("a message to the relay was refused: %s", d.Copies[0].Reason)
	}
	p.told(want)
}

// told waits for a message of the relay's own that has these words.
func (p *person) told(want string) {
	p.w.t.Helper()
	within(p.w.t, patience, "an answer of the relay", func() error {
		var all []received
		p.w.node.must(p.name, "inbox", nil, &all)
		var said []string
		for _, m := range all {
			if m.Rumor.Pubkey == p.w.self {
				said = append(said, m.Rumor.Content)
			}
		}
		if !strings.Contains(strings.Join(said, "\n"), want) {
			return fmt.Errorf("it says %q, want %q", said, want)
		}
		return nil
	})
}

// http asks the API as nostr-tools does, signed in by NIP-98.
func (p *person) http(method, path string, body any, wantStatus int) string {
	p.w.t.Helper()
	return p.httpWith(map[string]any{"method": method, "url": p.w.http(path), "body": body}, wantStatus)
}

func (p *person) httpWith(args map[string]any, wantStatus int) string {
	p.w.t.Helper()
	var got struct {
		Status int
		Body   string
	}
	p.w.node.must(p.name, "http", args, &got)
	if got.Status != wantStatus {
		p.w.t.Errorf("%s %s by %s: got %d %s, want %d", args["method"], args["url"], p.name, got.Status, got.Body, wantStatus)
	}
	return got.Body
}

func (w *world) http(path string) string {
	return strings.Replace(w.daemon.url, "ws://", "http://", 1) + path
}

// Participants hand over and take back their own keys by every door, and nobody
// else's; each attempt is in the audit log, and no secret is anywhere.
func TestEnrol(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"buyer", "seller", "mallory"}, embedded: "memory"})
	buyer, seller, mallory := w.person("buyer"), w.person("seller"), w.person("mallory")
	key := w.newPerson("the seller's encryption key") // not one of w.people: it speaks to nobody

	buyer.send(seller, intent(seller, "E-1", "hello", 1000))
	if _, err := w.redis.read("E-1"); err == nil {
		t.Fatal("an order without any key")
	}

	t.Run("http", func(t *testing.T) {
		mallory.http("POST", "/api/v1/keys", map[string]any{"secret": seller.secret}, 403)
		got := seller.http("POST", "/api/v1/keys", map[string]any{"secret": seller.secret}, 201)
		if strings.Contains(got, seller.secret) {
			t.Error("the secret is in the answer")
		}
		w.redis.order("E-1", stands("intent-sent", "none", "intent"))
		seller.told("A key of yours is now here")
		mallory.http("DELETE", "/api/v1/keys/"+seller.pubkey, nil, 404)
		if got := mallory.http("GET", "/api/v1/keys", nil, 200); strings.Contains(got, seller.pubkey) {
			t.Errorf("mallory sees %s", got)
		}
		if got := seller.http("GET", "/api/v1/keys", nil, 200); !strings.Contains(got, `"identity-key"`) {
			t.Errorf("the seller sees %s", got)
		}
		mallory.httpWith(map[string]any{"method": "GET", "url": w.http("/api/v1/keys"), "again": true}, 401)
	})

	t.Run("revoked", func(t *testing.T) {
		seller.asks("revoke all", "I no longer hold the key")
		buyer.send(seller, intent(seller, "E-2", "hello again", 1000))
		if _, err := w.redis.read("E-2"); err == nil {
			t.Error("a revoked key goes on opening")
		}
	})

	t.Run("nip42", func(t *testing.T) {
		transfer := func(p *person, content string, want bool) {
			t.Helper()
			var reply copyOf
			w.node.must(p.name, "post", map[string]any{"kind": 4455, "content": content, "tags": [][]string{{"p", w.self}}}, &reply)
			if reply.OK != want {
				t.Errorf("%s: OK %v %s, want %v", p.name, reply.OK, reply.Reason, want)
			}
		}
		sealed := func(p *person, text string) (payload string) {
			t.Helper()
			w.node.must(p.name, "seal", map[string]any{"to": w.self, "text": text}, &payload)
			return payload
		}
		transfer(seller, sealed(seller, key.secret), false) // nothing shows that it is his
		transfer(mallory, sealed(mallory, "revoke "+seller.npub), false)
		var reply copyOf
		w.node.must("seller", "post", map[string]any{"kind": 10044, "content": "", "tags": [][]string{{"n", key.pubkey}}}, &reply)
		if !reply.OK {
			t.Fatalf("a kind 10044 was refused: %s", reply.Reason)
		}
		transfer(seller, sealed(seller, key.secret), true)
		seller.told(orders.Npub(key.pubkey))
		if events := w.req("seller", nostr.Filter{Kinds: []int{4455}}); len(events) > 0 {
			t.Error("what hands over a key is served")
		}
		// A sender who knows kind 10044 encrypts to that key.
		buyer.sendTo([]string{key.pubkey}, intent(seller, "E-3", "encrypted to another key", 1000))
		w.redis.order("E-3", stands("intent-sent", "none", "intent"))
	})

	t.Run("messages", func(t *testing.T) {
		seller.asks("keys", "a key that only decrypts")
		mallory.asks("keys", "I hold no key of yours")
		mallory.asks("enroll "+nsecOf(t, seller.secret), "Not done")
		mallory.asks("enrol nsec1nonsense", "Not done")
		mallory.asks("connect", "Not done") // no relay to meet at is configured
		seller.asks("help", "bunker://")
		// Another encryption key: the first is retired, and still opens.
		next := w.newPerson("another encryption key")
		var reply copyOf
		w.node.must("seller", "post", map[string]any{"kind": 10044, "content": "", "tags": [][]string{{"n", next.pubkey}},
			"created_at": time.Now().Unix() + 2}, &reply) // of two of one second the lower id would stand
		seller.told("is retired")
		seller.asks("enrol "+nsecOf(t, next.secret), orders.Npub(next.pubkey))
		for i, k := range []*person{key, next} {
			id := fmt.Sprint("R-", i)
			buyer.sendTo([]string{k.pubkey}, intent(seller, id, "hello", 1000))
			w.redis.order(id, stands("intent-sent", "none", "intent"))
		}
		if list := w.daemon.do("keys", "list"); !strings.Contains(list, "retired") || !strings.Contains(list, "encryption-key") {
			t.Errorf("keys list: %s", list)
		}
	})

	var log []enrol.Record
	decode(t, w.daemon.do("keys", "log", "--json"), &log)
	seen := map[string]bool{}
	for _, r := range log {
		seen[fmt.Sprint(r.Door, " ", r.Action, " ", r.Outcome)] = true
	}
	for _, want := range []string{"nip98 enrol refused", "nip98 enrol done", "nip98 revoke refused", "dm revoke done", "nip42 enrol refused",
		"nip42 enrol done", "dm enrol refused", "dm enrol done", "dm connect refused"} {
		if !seen[want] {
			t.Errorf("the audit log lacks %q: %v", want, seen)
		}
	}
	w.nothingLeaked()
}

// The operator decides who may.
func TestEnrolPolicy(t *testing.T) {
	w := newWorld(t, worldOf{people: []string{"seller", "mallory"}, embedded: "memory", settings: map[string]string{"PARTICIPANTS_POLICY": "invite"}})
	seller, mallory := w.person("seller"), w.person("mallory")
	code := strings.TrimSpace(w.daemon.do("keys", "invite"))
	offer := func(p *person, invite string) map[string]any {
		return map[string]any{"secret": p.secret, "invite": invite}
	}
	seller.http("POST", "/api/v1/keys", map[string]any{"secret": seller.secret}, 403)
	seller.http("POST", "/api/v1/keys", offer(seller, code), 201)
	mallory.http("POST", "/api/v1/keys", offer(mallory, code), 403) // it was used
	w.hide(code)
	w.nothingLeaked()
}

func nsecOf(t *testing.T, secret string) string {
	t.Helper()
	nsec, err := nip19.EncodePrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return nsec
}

// req asks the relay once as somebody.
func (w *world) req(who string, filter nostr.Filter) []nostr.Event {
	w.t.Helper()
	raw, err := json.Marshal(filter)
	if err != nil {
		w.t.Fatal(err)
	}
	var got heard
	w.node.must(who, "req", map[string]any{"filters": []json.RawMessage{raw}}, &got)
	return got.Events
}
