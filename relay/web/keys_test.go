package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/relay/enrol"
)

// A drawer is a desk with some keys in it.
type drawer struct {
	keys    []enrol.Delegation
	refuse  error
	revoked []string
	doors   []enrol.Door
}

func (d *drawer) List(_ context.Context, who enrol.Caller) (mine []enrol.Delegation, err error) {
	d.doors = append(d.doors, who.Door)
	for _, k := range d.keys {
		if k.Owner == who.Pubkey {
			mine = append(mine, k)
		}
	}
	return mine, nil
}

func (d *drawer) Revoke(_ context.Context, who enrol.Caller, pubkey string) error {
	d.doors = append(d.doors, who.Door)
	if d.refuse == nil {
		d.revoked = append(d.revoked, who.Pubkey+" "+pubkey)
	}
	return d.refuse
}

func keysHouse(t *testing.T, change ...func(*Config)) (*house, *drawer) {
	d := &drawer{}
	h := newHouse(t, append([]func(*Config){func(c *Config) { c.Desk, c.Policy = d, enrol.Open }}, change...)...)
	at := today.Add(-48 * time.Hour)
	d.keys = []enrol.Delegation{
		{Pubkey: h.seller, Owner: h.seller, Way: nip17.WayBunker, State: "online", AddedAt: at, Waiting: 3},
		{Pubkey: newKey(t), Owner: h.seller, Way: nip17.WayEncryption, State: "retired", AddedAt: at, RetiredAt: at.Add(time.Hour), Since: at, Waiting: 3},
		{Pubkey: h.buyer, Owner: h.buyer, Way: nip17.WayIdentity, State: "open"}, // of the configuration
	}
	return h, d
}

// The pages say of the ways what every other part of Waybill says.
func TestWaysInTheSameWords(t *testing.T) {
	words, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range enrol.Ways() {
		for part, want := range map[string]string{"title": w.Title, "do": w.Do, "costs": w.Costs} {
			if got, err := words["en"].say("keys.way." + string(w.Way) + "." + part); err != nil || got != want {
				t.Errorf("%s, %s: got %q, %v, want %q", w.Way, part, got, err, want)
			}
		}
	}
	for state := range keyLooks {
		if _, err := words["en"].say("keys.state." + state + ".text"); err != nil {
			t.Error(err)
		}
	}
}

func TestKeys(t *testing.T) {
	presence := map[string]Presence{}
	h, d := keysHouse(t, func(c *Config) {
		c.Presence = func(_ context.Context, pubkey string) (Presence, error) { return presence[pubkey], nil }
	})
	presence[h.buyer] = Presence{Named: true, Copied: today.UnixMilli()}
	for viewer, tt := range map[string]struct {
		signs, revocable int
		want             []string
		not              []string
	}{
		h.seller: {1, 2, []string{"Yes. Harbour relay opens messages of yours", "Signer online", "Retired", "2 keys, listed below.", "3 messages wait"}, []string{"has to take it out"}},
		h.buyer:  {3, 0, []string{"by the operator, in the configuration", "has to take it out", "The last copy came"}, []string{"Signer online"}},
		h.admin:  {0, 0, []string{"Not yet.", "The relay holds no key of yours."}, []string{"Signer online"}},
	} {
		doc := h.shown(viewer, "/keys")
		text := words(doc)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in %.600s", want, text)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(text, not) {
				t.Errorf("%q is there", not)
			}
		}
		if got := len(find(doc, "li", "class", "sign--yes")); got != tt.signs {
			t.Errorf("%d signs, want %d", got, tt.signs)
		}
		if got := len(find(doc, "a", "class", "button--danger")); got != tt.revocable {
			t.Errorf("%d can be given back, want %d", got, tt.revocable)
		}
		if got := find(doc, "", "data-copy"); len(got) < 2 || attribute(got[0], "data-copy") == "" || !strings.HasPrefix(attribute(got[0], "data-copy"), "npub1") {
			t.Error("the relay's key cannot be copied")
		}
	}
	for _, door := range d.doors {
		if door != enrol.DoorHTTP {
			t.Errorf("he came by %s", door)
		}
	}
	if doc := words(h.shown(h.seller, "/keys?done=revoked")); !strings.Contains(doc, "The key is given back.") {
		t.Error("it does not say that the key is given back")
	}
	for _, path := range []string{"/keys?done=x", "/keys?x=y", "/keys?done=revoked&done=added", "/keys?done=;", "/keys/" + h.seller + "/revoke?x"} {
		if w := h.page(h.seller, path); w.Code != 400 {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
}

// No form of the page takes a key: not to a page by HTML alone, and no field asks for
// a secret.
func TestKeysTakeNoSecret(t *testing.T) {
	h, _ := keysHouse(t, func(c *Config) { c.MeetsSigners = true })
	doc := h.shown(h.seller, "/keys")
	for _, form := range find(doc, "form", "data-form") {
		if attribute(form, "action") != "" || attribute(form, "method") != "" {
			t.Error("a form is sent without the script")
		}
	}
	if got := len(find(doc, "form", "data-form")); got != 2 {
		t.Errorf("%d forms", got)
	}
	for _, input := range find(doc, "input", "name") {
		switch name := attribute(input, "name"); name {
		case "bunker", "since", "next": // next: of the menu
		default:
			t.Errorf("there is a field %q", name)
		}
	}
	if w := h.post(h.seller, "/keys", url.Values{"secret": {"x"}}); w.Code != 404 {
		t.Errorf("POST /keys: got %d", w.Code)
	}
}

func TestRevoke(t *testing.T) {
	h, d := keysHouse(t)
	path := func(i int) string { return "/keys/" + d.keys[i].Pubkey + "/revoke" }
	if text := words(h.shown(h.seller, path(0))); !strings.Contains(text, "The very next message stays closed") || !strings.Contains(text, "3 messages that wait stay closed.") ||
		!strings.Contains(text, "Take its permission away in your signer") || strings.Contains(text, "your only key") {
		t.Errorf("got %.900s", text)
	}
	if len(find(h.shown(h.buyer, path(2)), "form", "action", path(2))) != 0 {
		t.Error("a key of the configuration can be given back")
	}
	for _, viewer := range []string{h.buyer, h.admin, h.stranger} {
		if w := h.page(viewer, path(0)); w.Code != 404 {
			t.Errorf("another's key: got %d", w.Code)
		}
		if w := h.post(viewer, path(0), nil); w.Code != 404 {
			t.Errorf("another's key: got %d", w.Code)
		}
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another site":  h.post(h.seller, path(0), nil, "Sec-Fetch-Site", "cross-site"),
		"not signed in": h.post("", path(0), nil),
	} {
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: got %d", name, w.Code)
		}
	}
	for _, path := range []string{"/keys/x/revoke", "/keys/%00/revoke", "/keys/" + strings.ToUpper(h.seller) + "/revoke"} {
		if w := h.post(h.seller, path, nil); w.Code != 404 {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	if w := h.post(h.seller, path(0), url.Values{"x": {"y"}}); w.Code != 400 {
		t.Errorf("a field too many: got %d", w.Code)
	}
	if len(d.revoked) > 0 {
		t.Fatalf("given back: %v", d.revoked)
	}
	for code, status := range map[orders.Code]int{orders.EFORBIDDEN: 403, orders.EUNAVAILABLE: 503, orders.ENOTFOUND: 404, orders.EINTERNAL: 500} {
		d.refuse = orders.Errorf(code, "no")
		if w := h.post(h.seller, path(0), nil); w.Code != status {
			t.Errorf("%s: got %d", code, w.Code)
		}
	}
	d.refuse = nil
	if w := h.post(h.seller, path(1), nil); w.Code != 303 || w.Header().Get("Location") != "/keys?done=revoked" {
		t.Errorf("got %d, %v", w.Code, w.Header())
	}
	if len(d.revoked) != 1 || d.revoked[0] != h.seller+" "+d.keys[1].Pubkey {
		t.Errorf("given back: %v", d.revoked)
	}
}
