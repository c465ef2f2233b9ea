package api

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
)

// FuzzAuthorization: no header gets through but one that is for this request, now,
// and signed; none makes it panic; and none gets through twice.
func FuzzAuthorization(f *testing.F) {
	h := newHouse(f)
	who := newSigner(f)
	const url = "https://relay.example/api/v1/keys"
	good := h.getting(who, url, "GET", 0)
	text := h.signed(who, nostr.Event{Kind: 27235, Tags: nostr.Tags{{"u", url}, {"method", "GET"}}}).String()
	for _, seed := range []string{
		good, "", "Nostr", "Nostr ", "nostr  " + good[6:], "Basic YTpi", "Nostr e30=", "Nostr bnVsbA==", good + "\n", good[:len(good)-8],
		"Nostr " + base64.StdEncoding.EncodeToString([]byte(text[:len(text)/2])),
		"Nostr " + base64.StdEncoding.EncodeToString([]byte(`{"kind":27235,"tags":[[],null,["u"]],"created_at":1e3}`)),
		"Nostr " + base64.StdEncoding.EncodeToString([]byte(`{"kind":27235,"tags":[["u","`+url+`"],["method","GET"]],"created_at":-9223372036854775808}`)),
	} {
		f.Add(seed)
	}
	started := time.Now()
	f.Fuzz(func(t *testing.T, auth string) {
		s := newSignIn([]string{"wss://relay.example"}, func() time.Time { return started })
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header["Authorization"] = []string{auth}
		token, err := s.open(req, func() error { return nil })
		if err != nil {
			return
		}
		evt, err := readToken([]string{auth})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := evt.CheckSignature(); !ok || err != nil || evt.GetID() != evt.ID || evt.PubKey != token.pubkey ||
			evt.Kind != 27235 || evt.Tags.FindWithValue("u", url) == nil {
			t.Fatalf("%s was let in as %s", auth, token.pubkey)
		}
		if s.accept(token, nil, address(1)) == nil && s.accept(token, nil, address(2)) == nil {
			t.Fatal("twice")
		}
	})
}
