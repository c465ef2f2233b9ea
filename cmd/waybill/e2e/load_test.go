//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/nip17"
)

// A speaker is a key that writes messages from Go, where nostr-tools would be
// too slow.
type speaker struct {
	t      *testing.T
	signer *nip17.SecretSigner
	secret string
	pubkey string
}

func newSpeaker(t *testing.T) *speaker {
	t.Helper()
	return speakerOf(t, nostr.GeneratePrivateKey())
}

// speakerOf is the owner of a secret key (hex).
func speakerOf(t *testing.T, key string) *speaker {
	t.Helper()
	s := &speaker{t: t, secret: key}
	secret, err := nip17.ParseSecret(s.secret, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.signer, err = nip17.NewSecretSigner(secret); err != nil {
		t.Fatal(err)
	}
	s.pubkey = s.signer.PublicKey()
	return s
}

// person is the speaker as a recipient in messages_test.go.
func (s *speaker) person() *person { return &person{pubkey: s.pubkey} }

// wrap makes the copy of a rumor for each of the readers, and for nobody else.
func (s *speaker) wrap(r rumor, readers ...string) (wraps []nostr.Event) {
	s.t.Helper()
	evt := nostr.Event{Kind: r.Kind, Content: r.Content, CreatedAt: nostr.Timestamp(r.CreatedAt)}
	for _, tag := range r.Tags {
		evt.Tags = append(evt.Tags, tag)
	}
	all, err := nip17.Wrap(s.t.Context(), s.signer, evt, readers)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, w := range all {
		for _, reader := range readers {
			if w.Tags[0][1] == reader {
				wraps = append(wraps, w)
			}
		}
	}
	return wraps
}

// manyOrders makes the wraps of n orders, shuffled: intents, requests, receipts
// and confirmations, to a seller whose key the relay holds, and every third order
// between strangers who copy the relay in.
func manyOrders(t *testing.T, n int, r *rand.Rand, seller *speaker, self string) []nostr.Event {
	t.Helper()
	buyers := make([]*speaker, 20)
	for i := range buyers {
		buyers[i] = newSpeaker(t)
	}
	stranger := newSpeaker(t)
	made := make([][]nostr.Event, n)
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			for i := worker; i < n; i += 2 {
				buyer, to, reader := buyers[i%len(buyers)], seller, seller.pubkey
				if i%3 == 0 {
					to, reader = stranger, self
				}
				id := fmt.Sprintf("load-%d", i)
				made[i] = append(made[i], buyer.wrap(intent(to.person(), id, "many thanks", 1000+i), reader)...)
				made[i] = append(made[i], to.wrap(request(buyer.person(), id, "till@shop.example", 1000+i), reader)...)
				made[i] = append(made[i], buyer.wrap(receipt(to.person(), id, "till@shop.example", "", 1000+i), reader)...)
				made[i] = append(made[i], to.wrap(status(buyer.person(), id, "confirmed", ""), reader)...)
			}
		})
	}
	wg.Wait()
	var all []nostr.Event
	for _, wraps := range made {
		all = append(all, wraps...)
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// connections and perConnection are how many sockets load a daemon, and how many
// events wait for their OK on each.
const connections, perConnection = 4, 8

// publishAll publishes the events over several sockets until all are done or the
// relay is gone. acked gets the id of each that was answered OK true, one at a
// time; what was not is returned. A refusal for anything but the closing fails the
// test.
func publishAll(t *testing.T, url string, events []nostr.Event, acked func(id string)) (left []nostr.Event) {
	t.Helper()
	queue := make(chan nostr.Event, len(events))
	for _, e := range events {
		queue <- e
	}
	close(queue)
	sockets := make([]*socket, connections) // all before the first event: then the end may come
	for i := range sockets {
		sockets[i] = dial(t, url)
		defer sockets[i].close()
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, s := range sockets {
		for range perConnection {
			wg.Go(func() {
				for e := range queue {
					v, err := s.publish(e)
					mu.Lock()
					switch {
					case errors.Is(err, errGone), strings.HasPrefix(v.reason, "error:"): // it is closing
						left = append(left, e)
					case err != nil || !v.ok:
						t.Errorf("a good gift wrap was refused: %q, error %v", v.reason, err)
					default:
						acked(e.ID)
					}
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	return left
}
