//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/waybill-relay/waybill/orders"
)

// atOnce sends them at the same moment.
func (w *httpWorld) atOnce(asks ...ask) []reply {
	w.t.Helper()
	replies := make([]reply, len(asks))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, r := range asks {
		r.token = w.token(r.as, r)
		all.Go(func() {
			<-begin
			replies[i] = w.do(r)
		})
	}
	close(begin)
	all.Wait()
	return replies
}

func statuses(replies []reply) (s []int) {
	for _, r := range replies {
		s = append(s, r.status)
	}
	slices.Sort(s)
	return s
}

// TestTwoClientsRace: of two who change an order that both have read, one is told that
// it has changed; and one message that comes twice at once counts once.
func TestTwoClientsRace(t *testing.T) {
	w := newHTTPWorld(t)
	for i := range 10 {
		id := fmt.Sprintf("R-%d", i)
		path := "/api/v1/orders/" + id + "/messages"
		tag := w.post(w.buyer, "/api/v1/orders", w.intent(w.buyer, id)).header.Get("ETag")
		seen := http.Header{"If-Match": {tag}}
		cancel := orders.Draft{Verb: orders.Cancel, OrderID: id, Private: orders.Private{Reason: "no more"}}
		got := w.atOnce(
			ask{method: "POST", path: path, as: w.buyer, header: seen, body: w.message(w.buyer, cancel)},
			ask{method: "POST", path: path, as: w.seller, header: seen, body: w.message(w.seller, orders.Draft{Verb: orders.Process, OrderID: id})},
		)
		if want := []int{201, 412}; !slices.Equal(statuses(got), want) {
			t.Fatalf("%s, by two: got %v", id, got)
		}
		o := w.do(ask{method: "GET", path: "/api/v1/orders/" + id, as: w.buyer}).order(t)
		want := orders.StatusCancelled
		if got[1].status == http.StatusCreated {
			want = orders.StatusProcessing
		}
		if o.Status != want || len(o.Timeline) != 2 {
			t.Errorf("%s is %s after %d messages, want %s after 2", id, o.Status, len(o.Timeline), want)
		}

		again := ask{method: "POST", path: path, as: w.seller, body: w.note(w.seller, id)}
		got = w.atOnce(again, again, again)
		if want := []int{200, 200, 201}; !slices.Equal(statuses(got), want) {
			t.Fatalf("%s, thrice the same: got %v", id, got)
		}
		if o := w.do(ask{method: "GET", path: "/api/v1/orders/" + id, as: w.buyer}).order(t); len(o.Timeline) != 3 {
			t.Errorf("%s has %d messages, want 3", id, len(o.Timeline))
		}
	}
	w.daemon.log.calm(t)
}
