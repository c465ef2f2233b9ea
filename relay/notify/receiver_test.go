package notify

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/waybill-relay/waybill/nip17"
)

// A receiver is a webhook's other end: it answers as it is told, with 204 in the end.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	posts   []posted
	answers []func(w http.ResponseWriter, r *http.Request) // the next ones
}

type posted struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) *receiver {
	t.Helper()
	rec := &receiver{answers: answers}
	rec.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		rec.mu.Lock()
		rec.posts = append(rec.posts, posted{r.Header, body})
		answer := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
		if len(rec.answers) > 0 {
			answer, rec.answers = rec.answers[0], rec.answers[1:]
		}
		rec.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(rec.Close)
	return rec
}

func (r *receiver) got() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.posts)
}

// types are the events that were posted, in their order.
func (r *receiver) types(t *testing.T) (types []string) {
	t.Helper()
	for _, p := range r.got() {
		var body struct{ Type string }
		if err := json.Unmarshal(p.body, &body); err != nil {
			t.Fatal(err)
		}
		types = append(types, strings.TrimPrefix(body.Type, "order."))
	}
	return types
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// hooked is a house with a buyer and a seller who has a webhook, and nothing else.
func hooked(t *testing.T, to string, events ...string) (h *house, buyer, seller *nip17.SecretSigner, hook Webhook) {
	t.Helper()
	h = newHouse(t, func(c *Config) { c.DM = false })
	buyer, seller = h.person(true), h.person(true)
	hook, err := h.notifier.AddWebhook(t.Context(), seller.PublicKey(), to, events)
	if err != nil {
		t.Fatal(err)
	}
	return h, buyer, seller, hook
}
