//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbd-wtf/go-nostr"
)

// TestSnoop: not one byte of a gift wrap reaches anybody but its recipient, and
// nothing that a spy can ask or say tells a relay that holds wraps, keys and
// orders from one that holds none. What a spy could measure with a stopwatch is
// left out.
func TestSnoop(t *testing.T) {
	for _, accept := range []string{"participants", "anyone"} {
		t.Run(accept, func(t *testing.T) { snoop(t, accept) })
	}
}

func snoop(t *testing.T, accept string) {
	w := newTwins(t, map[string]string{"RELAY_ACCEPT": accept})
	full, empty := w.newTranscript(w.daemon), w.newTranscript(w.empty)
	both := []*transcript{full, empty}

	authorization := nip98(w.mallory)
	for _, tr := range both {
		tr.paths(authorization)
		tr.authentications()
		tr.stored("before")
	}
	w.live(full, empty)
	all := w.publications()
	for _, tr := range both {
		tr.toldNothing(w.secrets())
		tr.publish(tr.spyAs(w.mallory), all)
		tr.stored("after")
		tr.toldNothing(w.secretsBut(all))
	}
	w.alike(full, empty)

	w.theOtherWayRound()
	if accept == "participants" {
		w.onlyByKey()
	}
	w.onlyTheRecipientDeletes()
	w.sender()
	w.empty.stop()
	w.empty.log.calm(t)
	w.absentInRedisFiles()
	w.nothingLeaked()
}

// stored asks for what is there as nobody, as a participant with mail of her own,
// and as the throw-away key of a wrap.
func (tr *transcript) stored(when string) {
	w := tr.w
	targets := []nostr.Event{w.stored[0], w.stored[1], w.stored[len(w.stored)-2]} // to seller, buyer or relay, and hermit
	for who, key := range map[string]*speaker{"nobody": nil, "mallory": w.mallory, "the throw-away key": w.once} {
		name := when + ", " + who
		tr.probe(name, tr.spyAs(key), targets...)
		if got := tr.text[name+", wrap 0, nothing"]; strings.Contains(got, w.mail.ID) != (key == w.mallory) {
			w.t.Errorf("%s: mallory's own mail among what is served: %t", name, key != w.mallory)
		}
	}
}

// live keeps subscriptions of every shape open while gift wraps come to the full
// one, and public events and mallory's own mail to both.
func (w *twins) live(full, empty *transcript) {
	last := w.buyer.event(0, `{"name":"the last"}`)
	var watches []watch
	for _, tr := range []*transcript{full, empty} {
		for _, wrap := range []nostr.Event{w.comes[0], w.comes[len(w.comes)-1]} {
			for _, limitZero := range []bool{false, true} {
				for who, key := range map[string]*speaker{"nobody": nil, "mallory": w.mallory, "the throw-away key": w.once} {
					watches = append(watches, tr.spyAs(key).watch(who, wrap, limitZero))
				}
				later := tr.spy(nil)
				watches = append(watches, later.watch("mallory, subscribed first", wrap, limitZero))
				later.auth("login", later.login(w.mallory))
			}
		}
	}
	w.takes(w.daemon, w.comes...)
	for _, d := range []*daemon{w.daemon, w.empty} {
		w.takes(d, w.listing, w.letter, last)
	}
	for _, x := range watches {
		heard := x.end(last)
		if !strings.Contains(heard, w.listing.ID) || strings.Contains(heard, w.letter.ID) != strings.HasPrefix(x.name, "mallory") {
			w.t.Errorf("%s: something else than the public event and her own mail came", x.name)
		}
	}
}

// alike compares what the spies were answered, byte by byte.
func (w *twins) alike(full, empty *transcript) {
	w.t.Helper()
	if len(full.names) < 1000 || len(full.names) != len(empty.names) {
		w.t.Errorf("%d and %d things were asked", len(full.names), len(empty.names))
	}
	for _, name := range slices.Sorted(slices.Values(full.names)) {
		if a, b := full.text[name], empty.text[name]; a != b {
			w.t.Errorf("%s: the relay that holds wraps and keys, and the one that does not, differ:\n%s", name, cmp.Diff(a, b))
		}
	}
}

// sender looks as the one who wrote the wraps: he sees his own copies, and none
// of those that he addressed to others.
func (w *twins) sender() {
	tr := w.newTranscript(w.daemon)
	s := tr.spyAs(w.buyer)
	for _, wrap := range w.stored {
		if wrap.Tags[0][1] == w.buyer.pubkey {
			continue
		}
		for _, sh := range shapes(w.t, wrap) {
			if sh.malformed() {
				continue
			}
			if got := s.req(sh.filters...); strings.Contains(got, wrap.Sig) { // the id stands in his own deletions
				w.t.Errorf("the sender is served what he sent to another, by %s", sh.name)
			}
		}
	}
	if got := s.req(`{"kinds":[1059]}`); !strings.Contains(got, `"EVENT"`) {
		w.t.Error("the buyer does not read his own copies")
	}
}

// onlyTheRecipientDeletes: all the deletions of the others have changed nothing,
// the recipient's has its effect, the wrap does not come back, and nobody learns.
func (w *twins) onlyTheRecipientDeletes() {
	t := w.t
	tr := w.newTranscript(w.daemon)
	seller := tr.spyAs(w.seller)
	mine := func() (n int) {
		got := seller.req(`{"kinds":[1059]}`)
		for _, wrap := range append(w.stored[:len(w.stored):len(w.stored)], w.comes...) {
			if strings.Contains(got, wrap.ID) {
				n++
			}
		}
		return n
	}
	before := 0
	for _, wrap := range append(w.stored[:len(w.stored):len(w.stored)], w.comes...) {
		if wrap.Tags[0][1] == w.seller.pubkey {
			before++
		}
	}
	if n := mine(); n != before {
		t.Fatalf("the seller reads %d of his %d wraps: somebody else's deletion had an effect", n, before)
	}
	spies := w.newTranscript(w.daemon)
	watch := spies.spyAs(w.mallory).watch("mallory", w.stored[0], true)
	gone := w.stored[0]
	deletion := w.seller.event(5, "", nostr.Tag{"e", gone.ID}, nostr.Tag{"k", "1059"})
	w.takes(w.daemon, deletion)
	if n := mine(); n != before-1 {
		t.Errorf("after the seller's own deletion he reads %d wraps, want %d", n, before-1)
	}
	w.takes(w.daemon, gone, gone) // answered as any wrap that was seen before
	if n := mine(); n != before-1 || strings.Contains(seller.req(`{"ids":["`+gone.ID+`"]}`), `"EVENT"`) {
		t.Errorf("the wrap came back: he reads %d", n)
	}
	listing, last := w.seller.event(30402, "another", nostr.Tag{"d", "another"}), w.buyer.event(0, `{"name":"the very last"}`)
	w.takes(w.daemon, listing, last)
	if heard := watch.end(last); strings.Contains(heard, deletion.ID) || strings.Contains(heard, gone.ID) {
		t.Error("others learn which wrap was deleted")
	}
	if got := spies.spyAs(w.mallory).req(`{"kinds":[5],"authors":["` + w.seller.pubkey + `"]}`); strings.Contains(got, deletion.ID) {
		t.Error("others find the deletion")
	}
}
