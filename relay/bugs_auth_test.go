package relay

import (
	"slices"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// Of several AUTHs on one socket the first one counts, for good. NIP-42 would
// have all of them count and khatru lets the last one win; here one socket is one
// reader, so that what is being served can never change hands. A client with two
// keys opens two sockets.
func TestTheFirstAuthenticationCounts(t *testing.T) {
	h := newHouse(t)
	buyer, seller, spy := newSigner(t), newSigner(t), newSigner(t)
	for _, who := range []*nip17.SecretSigner{seller, spy} {
		if err := h.keyring.Add(readingKey(t, who)); err != nil {
			t.Fatal(err)
		}
	}
	wrapTo := func(who *nip17.SecretSigner, id string) nostr.Event {
		return h.wraps(buyer, intent(who.PublicKey(), id))[0]
	}
	stored := map[*nip17.SecretSigner]nostr.Event{seller: wrapTo(seller, "A-1"), spy: wrapTo(spy, "A-2")}
	writer := h.connect(nil)
	h.publish(writer, stored[seller], stored[spy])
	for name, order := range map[string][]*nip17.SecretSigner{"the spy first": {spy, seller}, "the recipient first": {seller, spy}} {
		t.Run(name, func(t *testing.T) {
			first := order[0]
			s := h.connect(first)
			s.query(obj{"kinds": []int{1059}}) // the first key is in use: the second may come
			s.subscribe("before", obj{"kinds": []int{1059}, "limit": 0})
			s.auth(order[1], h.url) // whatever it is answered
			s.subscribe("after", obj{"kinds": []int{1059}, "limit": 0})

			got := s.query(obj{"kinds": []int{1059}, "since": 1})
			if want := stored[first].ID; !slices.ContainsFunc(got, func(e nostr.Event) bool { return e.ID == want }) {
				t.Error("the first key's wrap is not served any more")
			}
			live := map[*nip17.SecretSigner]nostr.Event{seller: wrapTo(seller, "B-1"), spy: wrapTo(spy, "B-2")}
			h.publish(writer, live[order[1]], live[first])
			heard := strings.Join(s.upTo(live[first], 2), "\n")
			if n := strings.Count(heard, live[first].ID); n != 2 {
				t.Errorf("the first key's live wrap came %d times by two subscriptions", n)
			}
			for _, evt := range got {
				heard += evt.String()
			}
			for _, wrap := range []nostr.Event{stored[order[1]], live[order[1]]} {
				if strings.Contains(heard, wrap.ID) || strings.Contains(heard, wrap.PubKey) {
					t.Error("the second key's wrap is served")
				}
			}
			if n, _ := s.count(obj{"kinds": []int{1059}, "#p": []string{order[1].PublicKey()}}); n != 0 {
				t.Errorf("COUNT tells of %d wraps to the second key", n)
			}
		})
	}
}
