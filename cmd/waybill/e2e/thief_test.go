//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/orders"
)

// A deal is an order with everything in it that is private, of one message each.
type deal struct {
	*world
	id                             string
	buyer, seller, admin, stranger *person
	address, link, preimage, note  string
	complaint, ruling              string
}

// strike plays the deal, and waits until all of it is known here.
func strike(w *world) *deal {
	w.t.Helper()
	d := &deal{world: w, id: "T-1", buyer: w.person("buyer"), seller: w.person("seller"), admin: w.person("admin"), stranger: w.person("stranger"),
		address: w.hide("Rua do Ouro 7, 1100-060 Lisboa"), link: w.hide("till-of-thieves@pay.example"),
		preimage: w.secret("6b1f0c9e3d2f4a6b8c0d1e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c7a"),
		note:     w.hide("he haggles: no rebate next time"), complaint: w.hide("the glaze is cracked all over"),
		ruling: w.hide("the photographs show it: pay him back"),
	}
	buyer, seller, id := d.buyer, d.seller, d.id
	buyer.send(seller, intent(seller, id, "", 9_000, tag("address", d.address)))
	seller.send(buyer, request(buyer, id, d.link, 9_000))
	buyer.send(seller, receipt(seller, id, d.link, d.preimage, 9_000))
	seller.sendTo(nil, rumor{Kind: 14, Content: d.note, CreatedAt: time.Now().Unix(),
		Tags: [][]string{{"p", seller.pubkey}, {"order", id}, {"status", "note"}}})
	buyer.send(seller, status(seller, id, "disputed", "", tag("reason", d.complaint)))
	w.redis.order(id, said("disputed", "claimed", "intent", "request", "paid", "note", "dispute"))
	d.admin.sendTo([]string{w.self}, rumor{Kind: 16, Tags: [][]string{
		{"p", w.self}, {"subject", "order-info"}, {"type", "3"}, {"order", id}, {"status", "resolved"},
		{"buyer", buyer.pubkey}, {"seller", seller.pubkey}, {"outcome", "cancelled"}, {"resolution", d.ruling},
	}})
	w.redis.order(id, said("cancelled", "claimed", "intent", "request", "paid", "note", "dispute", "resolved"))
	return d
}

// texts are the private parts of the deal.
func (d *deal) texts() []string {
	return []string{d.address, d.link, d.preimage, d.note, d.complaint, d.ruling}
}

// sealedToItsReaders checks for every box who may open it: those find in it what
// was said, and nobody else has a copy.
func (d *deal) sealedToItsReaders(t *testing.T) {
	o := d.redis.order(d.id, func(*orders.Order) error { return nil })
	both, alsoAdmins := []*person{d.buyer, d.seller}, []*person{d.buyer, d.seller, d.admin}
	for name, c := range map[string]struct {
		verb    orders.Verb
		text    string
		readers []*person
	}{
		"the address":                  {orders.Intent, d.address, both},
		"the payment link":             {orders.Request, d.link, both},
		"the preimage":                 {orders.Paid, d.preimage, both},
		"the seller's note to himself": {orders.Note, d.note, []*person{d.seller}},
		"what the dispute says":        {orders.Dispute, d.complaint, alsoAdmins},
		"the ruling":                   {orders.Resolved, d.ruling, alsoAdmins},
	} {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(o.Timeline, func(e orders.TimelineEntry) bool { return e.Verb == c.verb })
			if i < 0 {
				t.Fatalf("there is no %s in %q", c.verb, told(o))
			}
			box := d.redis.box(d.id, o.Timeline[i].Fact)
			var want []string
			for _, reader := range c.readers {
				want = append(want, reader.pubkey)
				var plain string
				d.node.must(reader.name, "open", map[string]any{"by": box.SealedBy, "box": box.For[reader.pubkey]}, &plain)
				if !holds(plain, c.text) {
					t.Errorf("%s does not find it in the box", reader.name)
				}
			}
			if got := slices.Sorted(maps.Keys(box.For)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("sealed to %q, want %q", got, want)
			}
			// Nothing but its reader's key opens a copy.
			for _, payload := range box.For {
				if err := d.node.call(d.stranger.name, "open", map[string]any{"by": box.SealedBy, "box": payload}, nil); err == nil {
					t.Error("a stranger opens it")
				}
			}
		})
	}
}

// holds reports whether a box's plaintext has the text among its values.
func holds(plain, text string) bool {
	var values map[string]any
	if json.Unmarshal([]byte(plain), &values) != nil {
		return false
	}
	for _, v := range values {
		if v == text {
			return true
		}
	}
	return false
}

// TestThief: what whoever takes the disk, Redis and the configuration can read.
func TestThief(t *testing.T) {
	people := []string{"buyer", "seller", "admin", "stranger"}

	// The way in which no key is handed over: the relay gets a copy of everything.
	t.Run("the relay's own copies", func(t *testing.T) {
		d := strike(newWorld(t, worldOf{people: people, admins: []string{"admin"}, copyRelay: true}))
		t.Run("boxes", d.sealedToItsReaders)
		copied := d.copied()
		boxes := d.boxes()
		own := func(t *testing.T, th *thief) {
			if !th.has(d.self) {
				t.Errorf("the thief did not make out the relay's own key, only %q", th.keysOf())
			}
			for _, payload := range boxes {
				if opened, found := th.sealed[payload]; !found || opened {
					t.Errorf("a box: found %t, opened with the relay's identity %t; want found and closed", found, opened)
				}
			}
			th.readsNothing(t, d.texts()...)
		}
		d.daemon.serves.kill()
		t.Run("are never written", func(t *testing.T) {
			// Not for a moment: what is deleted later stands in the write-ahead log, in pieces.
			for _, f := range append(d.daemon.files(), ledgerValues(t, d.daemon.ledgerFile())...) {
				if found := copied.in(f.content); len(found) > 0 {
					t.Errorf("a copy stands in %s", f.name)
				}
			}
		})
		t.Run("from a machine that was switched off", func(t *testing.T) { own(t, d.burglary()) })
		d.daemon.start()
		d.daemon.stop()
		t.Run("after a stop", func(t *testing.T) { own(t, d.burglary()) })
		t.Run("without the master key", func(t *testing.T) {
			th := d.burglary("master.key")
			if len(th.keys) > 0 {
				t.Errorf("the thief has the keys of %q", th.keysOf())
			}
			th.readsNothing(t, d.texts()...)
		})
	})

	// A key that was handed over, as long as it is here and when it is no more.
	t.Run("a delegated key", func(t *testing.T) {
		w := newWorld(t, worldOf{people: people, admins: []string{"admin"}})
		w.daemon.do("keys", "add", "--file", w.person("seller").keyFile())
		d := strike(w)
		t.Run("boxes", d.sealedToItsReaders)
		d.daemon.stop()
		t.Run("with the master key the inbox opens", func(t *testing.T) {
			th := d.burglary()
			if want := slices.Sorted(slices.Values([]string{d.self, d.seller.pubkey})); !slices.Equal(th.keysOf(), want) {
				t.Errorf("the thief has the keys of %q, want the seller's and the relay's", th.keysOf())
			}
			// What was written to the seller or by him; the ruling came to the relay alone,
			// and is in boxes that open for him.
			th.readsAll(t, d.texts()...)
		})
		t.Run("without the master key nothing opens", func(t *testing.T) {
			th := d.burglary("master.key")
			if len(th.keys) > 0 {
				t.Errorf("the thief has the keys of %q", th.keysOf())
			}
			th.readsNothing(t, d.texts()...)
		})
		d.daemon.start()
		d.daemon.said("the delegated keys have changed", func() { d.daemon.do("keys", "remove", d.seller.npub) })
		d.daemon.stop()
		t.Run("once it is revoked nothing opens", func(t *testing.T) {
			th := d.burglary()
			if !slices.Equal(th.keysOf(), []string{d.self}) {
				t.Errorf("the thief has the keys of %q, want the relay's alone", th.keysOf())
			}
			th.readsNothing(t, d.texts()...)
		})
		t.Run("nor from a machine that was switched off", func(t *testing.T) {
			d.daemon.start()
			d.daemon.serves.kill()
			d.burglary().readsNothing(t, d.texts()...)
		})
	})
}

// copied sends the relay one more copy, and is what to know it by.
func (d *deal) copied() (wraps needles) {
	d.t.Helper()
	wrap := speakerOf(d.t, d.buyer.secret).wrap(intent(d.seller, "T-2", d.hide("and a saucer, if there is one"), 500), d.self)[0]
	if v, err := dial(d.t, d.daemon.url).publish(wrap); err != nil || !v.ok {
		d.t.Fatalf("the copy was answered OK %t %q, error %v", v.ok, v.reason, err)
	}
	d.redis.order("T-2", stands("intent-sent", "none", "intent"))
	if err := wraps.add(wrap.Content); err != nil {
		d.t.Fatal(err)
	}
	return wraps
}

// boxes are the ciphertexts of all boxes of the deal, as Redis has them.
func (d *deal) boxes() (payloads []string) {
	d.t.Helper()
	all := must(d.redis.HGetAll(d.t.Context(), "{orders:"+d.id+"}:boxes").Result())(d.t)
	for fact, text := range all {
		var b orders.Box
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			d.t.Fatal(fmt.Errorf("the box of %s: %w", fact, err))
		}
		payloads = slices.AppendSeq(payloads, maps.Values(b.For))
	}
	return payloads
}
