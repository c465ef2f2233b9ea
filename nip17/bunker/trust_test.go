package bunker_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/nip17/bunker"
	"github.com/waybill-relay/waybill/nip17/bunker/bunkertest"
	"github.com/waybill-relay/waybill/nip17/nip17test"
)

func TestBadPayloadOrWithdrawnPermission(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	const text = "to 5 Harbour Street"
	for range 3 {
		_, err := w.decrypt(t.Context(), k, w.bad(t))
		wantErr(t, err, nip17.ErrDecrypt)
		if nip17.Retryable(err) {
			t.Errorf("a bad payload is for later: %v", err)
		}
		w.reads(t, k)

		w.bunker.Deny()
		for _, payload := range []string{w.payload(t, text), w.bad(t)} {
			_, err = w.decrypt(t.Context(), k, payload)
			wantErr(t, err, bunker.ErrDenied, nip17.ErrKeyUnavailable)
			if strings.Contains(err.Error(), text) || strings.Contains(err.Error(), payload) {
				t.Errorf("the error quotes the signer: %v", err)
			}
		}
		k.await(t, bunker.Denied)
		w.failsFast(t, k, bunker.ErrDenied)
		wantErr(t, k.Prove(t.Context()), bunker.ErrDenied)
		w.bunker.Allow()
		k.await(t, bunker.Online)
		w.reads(t, k)
	}
}

// A proof is no proof for an error that comes after it.
func TestWithdrawnRightAfterAProof(t *testing.T) {
	w := newWorld(t)
	k := w.open(t, bunker.Backoff(patience, patience))
	payload := w.payload(t, "good")
	asked := 0
	w.bunker.Handle(func(r *bunkertest.Request) {
		if asked++; isPayload(r, payload) && asked == 1 {
			r.Refuse("busy")
			return
		}
		r.Pass() // the proof
		w.bunker.Deny()
	})
	_, err := w.decrypt(t.Context(), k, payload)
	wantErr(t, err, bunker.ErrDenied, nip17.ErrKeyUnavailable)
}

// An error of the moment does not lose a message.
func TestErrorOfTheMoment(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	var once sync.Once
	w.bunker.Handle(func(r *bunkertest.Request) {
		busy := false
		once.Do(func() { busy = true })
		if busy {
			r.Refuse("too many requests")
			return
		}
		r.Pass()
	})
	w.reads(t, k)
}

func TestOneCanaryForMany(t *testing.T) {
	const callers = 8
	w := newWorld(t)
	k := w.open(t)
	bad := w.bad(t)
	// All are refused at a time, before the canary of the first is answered.
	var mu sync.Mutex
	turn := sync.NewCond(&mu)
	arrived, refused := 0, 0
	w.bunker.Handle(func(r *bunkertest.Request) {
		mu.Lock()
		defer mu.Unlock()
		defer turn.Broadcast()
		if !isPayload(r, bad) {
			for refused%callers != 0 {
				turn.Wait()
			}
			r.Pass()
			return
		}
		arrived++
		turn.Broadcast()
		for all := (arrived + callers - 1) / callers * callers; arrived < all; {
			turn.Wait()
		}
		r.Pass()
		refused++
	})
	before := len(w.bunker.Asked())
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() { wantErr(t, second(w.decrypt(t.Context(), k, bad)), nip17.ErrDecrypt) })
	}
	wg.Wait()
	if got, most := len(w.bunker.Asked())-before, 2*callers+callers; got > most {
		t.Errorf("%d requests for %d bad payloads, want %d at most", got, callers, most)
	} else {
		t.Logf("%d requests for %d bad payloads", got, callers)
	}
}

func TestProveNotOwner(t *testing.T) {
	w := newWorld(t)
	// It holds another key: what is encrypted to this owner it cannot open.
	k := open(t, w.conn, w.alice.PublicKey())
	wantErr(t, k.Prove(t.Context()), bunker.ErrDenied)

	w.bunker.Handle(func(r *bunkertest.Request) { r.Reply("the same for everybody") })
	wantErr(t, k.Prove(t.Context()), bunker.ErrNotOwner, nip17.ErrKeyUnavailable)
	if s := k.State(); s.Code != bunker.Denied {
		t.Errorf("got %+v", s)
	}
}

// Whatever else comes before the reply, the reply is taken, and only that.
func TestRepliesAndOthers(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	stranger := nip17test.Signer(t)
	answer := func(id, result string) string {
		text, _ := json.Marshal(map[string]string{"id": id, "result": result})
		return string(text)
	}
	for name, before := range map[string]func(*bunkertest.Request){
		"nothing":        func(*bunkertest.Request) {},
		"twice":          func(r *bunkertest.Request) { r.Pass() },
		"another id":     func(r *bunkertest.Request) { r.Write(answer("unknown", "forged")) },
		"no JSON":        func(r *bunkertest.Request) { r.Write("forged") },
		"no object":      func(r *bunkertest.Request) { r.Write(`["` + r.ID + `","forged"]`) },
		"no id":          func(r *bunkertest.Request) { r.Write(`{"result":"forged"}`) },
		"a number as id": func(r *bunkertest.Request) { r.Write(`{"id":1,"result":"forged"}`) },
		"a stranger":     func(r *bunkertest.Request) { w.relay.Inject(r.Event(stranger, answer(r.ID, "forged"), nil)) },
		"not for us": func(r *bunkertest.Request) {
			w.relay.Inject(r.Event(nil, answer(r.ID, "forged"), func(evt *nostr.Event) { evt.Tags[0][1] = stranger.PublicKey() }))
		},
		"another kind": func(r *bunkertest.Request) {
			w.relay.Inject(r.Event(nil, answer(r.ID, "forged"), func(evt *nostr.Event) { evt.Kind = 1 }))
		},
		"not signed": func(r *bunkertest.Request) {
			evt := r.Event(nil, answer(r.ID, "forged"), nil)
			sig, id := evt.Sig, evt.ID
			for _, evt.Sig = range []string{"", "x", sig[2:], another(sig)} {
				w.relay.Inject(evt)
			}
			evt.Sig, evt.ID = sig, another(id)
			w.relay.Inject(evt)
		},
		"forged by the relay": func(r *bunkertest.Request) {
			evt := r.Event(stranger, answer(r.ID, "forged"), nil)
			evt.PubKey = w.bunker.PublicKey()
			w.relay.Inject(evt)
			evt.ID = evt.GetID()
			w.relay.Inject(evt)
		},
		"garbage of the relay": func(*bunkertest.Request) {
			for _, text := range []string{"", "x", "{}", "[]", `["EVENT"]`, `["EVENT",1,2]`, `["OK"]`, `["OK","x"]`, `["EOSE",{}]`,
				`["AUTH",[]]`, `["AUTH",""]`, `["NOTICE","x"]`, `["CLOSED","another","x"]`, `["EVENT","another",{}]`, "\xff"} {
				w.relay.Send(text)
			}
		},
		"huge": func(r *bunkertest.Request) {
			evt := r.Event(nil, "x", nil)
			evt.Content = long(100 << 10)
			w.relay.Inject(evt)
			evt.Content = long(1 << 20)
			w.relay.Inject(evt)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.bunker.Handle(func(r *bunkertest.Request) {
				before(r)
				r.Pass()
			})
			for range 3 {
				w.reads(t, k)
			}
		})
	}
	if s := k.State(); s.Code != bunker.Online || s.Failures != 0 {
		t.Errorf("got %+v", s)
	}
}

func TestTooHugeForAnyUse(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	w.relay.Send(fmt.Sprintf(`["NOTICE","%s"]`, long(5<<20)))
	k.await(t, bunker.Offline)
	k.await(t, bunker.Online)
	w.reads(t, k)
}

// What signers write for a refusal.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	k := w.open(t)
	for name, text := range map[string]string{
		"text":         `{"id":"%s","error":"no"}`,
		"with result":  `{"id":"%s","result":"x","error":"no"}`,
		"object":       `{"id":"%s","result":null,"error":{"code":1}}`,
		"no result":    `{"id":"%s"}`,
		"null result":  `{"id":"%s","result":null,"error":null}`,
		"empty":        `{"id":"%s","result":"","error":""}`,
		"not a string": `{"id":"%s","result":{"plaintext":"x"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			payload := w.payload(t, "x")
			w.bunker.Handle(func(r *bunkertest.Request) {
				if isPayload(r, payload) {
					r.Write(fmt.Sprintf(text, r.ID))
					return
				}
				r.Pass()
			})
			wantErr(t, second(w.decrypt(t.Context(), k, payload)), nip17.ErrDecrypt)
		})
	}
}

// another is the digits with the last one changed.
func another(digits string) string {
	if strings.HasSuffix(digits, "0") {
		return digits[:len(digits)-1] + "1"
	}
	return digits[:len(digits)-1] + "0"
}
