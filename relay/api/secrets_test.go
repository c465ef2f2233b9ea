package api

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/orders"
)

// A body is wiped once it is answered, be it taken or not.
func TestBodiesAreWiped(t *testing.T) {
	var body []byte
	s := newServer(Config{PublicURLs: []string{"ws://relay.example"}}, &desk{})
	h := &house{t: t}
	for _, serve := range []func(*server, http.ResponseWriter, *call) error{
		(*server).addKey,
		func(*server, http.ResponseWriter, *call) error { return http.ErrBodyNotAllowed },
		func(*server, http.ResponseWriter, *call) error { panic("x") },
	} {
		handler := s.edge(route{signedIn: true, body: true, serve: func(s *server, w http.ResponseWriter, c *call) error {
			body = c.body
			return serve(s, w, c)
		}})
		const secret = `{"secret":"` + plainHex + `"}`
		req := httptest.NewRequest("POST", "/x", strings.NewReader(secret))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", header(h.token(newSigner(t), "POST", "http://relay.example/x", secret)))
		handler.ServeHTTP(httptest.NewRecorder(), req)
		if len(body) != len(secret) || strings.Trim(string(body), "\x00") != "" {
			t.Errorf("left: %q", body)
		}
	}
}

// TestSecretsStayIn offers secrets in every place, right and wrong, and looks for
// them in all that was answered and logged.
func TestSecretsStayIn(t *testing.T) {
	h := newHouse(t)
	who := newSigner(t)
	nsec, err := nip19.EncodePrivateKey(plainHex)
	if err != nil {
		t.Fatal(err)
	}
	const word, bunker = "correct horse battery", "bunker://79be667e?relay=wss://r.example&secret=opensesame"
	h.do(ask{method: "POST", path: keysPath, body: `{"secret":"` + ncryptsec + `","passphrase":"` + word + `"}`, as: who})
	for _, fault := range []error{nil, orders.Errorf(orders.EINVALID, "no"), http.ErrBodyNotAllowed, explodes{}} {
		h.desk.err = fault
		for _, body := range []string{
			`{"secret":"` + plainHex + `"}`,
			`{"secret":"` + nsec + `"}`,
			`{"secret":"` + strings.ToUpper(nsec) + `x"}`,
			`{"secret":["` + nsec + `"]}`,
			`{"secret":"` + nsec + `","secret":"` + nsec + `"}`,
			`{"` + nsec + `":1}`,
			`{"` + plainHex + `":1}`,
			`{"bunker":"` + nsec + `"}`,
			`{"bunker":"` + bunker + `"}`,
			`{"bunker":"` + bunker + `","secret":"` + plainHex + `"}`,
			`{"since":"` + nsec + `","bunker":"` + bunker + `"}`,
			`{"invite":"` + word + `","bunker":"` + bunker + `"}`,
			`{"announcement":{"content":"` + nsec + `"},"secret":"` + plainHex + `"}`,
			`{"secret":"` + nsec,
			nsec,
		} {
			h.later(30e9) // or it would be limited
			h.do(ask{method: "POST", path: keysPath, body: body, as: who})
		}
		for _, path := range []string{"/api/v1/keys?" + nsec + "=1", "/api/v1/keys?secret=" + nsec} {
			h.do(ask{method: "POST", path: path, body: "{}", as: who})
		}
		for _, path := range []string{"/api/v1/keys/" + nsec, "/api/v1/keys/" + strings.ToUpper(nsec), "/api/v1/keys/" + ncryptsec + "/x"} {
			if resp, _ := h.do(ask{method: "DELETE", path: path, as: who}); resp.StatusCode != 400 && resp.StatusCode != 404 {
				t.Errorf("a secret in the path: got %s", resp.Status)
			}
		}
		h.do(ask{method: "GET", path: keysPath, auth: "Nostr " + base64.StdEncoding.EncodeToString([]byte(nsec))})
	}
	out := h.log.String()
	for _, secret := range []string{plainHex, nsec, ncryptsec, word, "opensesame"} {
		for _, form := range []string{secret, strings.ToUpper(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(out, form) {
				t.Errorf("%s came out", form)
			}
		}
	}
	if !strings.Contains(out, "a request could not be served") {
		t.Error("nothing was logged: this test looks at the wrong place")
	}
}
