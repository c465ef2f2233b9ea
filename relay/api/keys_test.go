package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"
	"github.com/nbd-wtf/go-nostr/nip19"

	"github.com/waybill-relay/waybill/nip17"
	"github.com/waybill-relay/waybill/relay/enrol"
)

const (
	// NIP-49's own example.
	ncryptsec  = "ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p"
	passphrase = "nostr"
	plainHex   = "3501454135014541350145413501453fefb02227e449e57cf4d3a3ce05378683"
)

func publicOf(t *testing.T, secret string) string {
	t.Helper()
	s, err := nip17.ParseSecret(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	return s.PublicKey()
}

func TestAddKey(t *testing.T) {
	who := newSigner(t)
	h := newHouse(t)
	nsec, err := nip19.EncodePrivateKey(plainHex)
	if err != nil {
		t.Fatal(err)
	}
	announcement := h.signed(who, nostr.Event{Kind: 10044, Tags: nostr.Tags{{"n", publicOf(t, plainHex)}}})
	for name, tt := range map[string]struct {
		body string
		want enrol.Offer
	}{
		"hex":       {`{"secret":"` + plainHex + `"}`, enrol.Offer{}},
		"nsec":      {`{"secret":"` + nsec + `","invite":"come in"}`, enrol.Offer{Invite: "come in"}},
		"ncryptsec": {`{"secret":"` + ncryptsec + `","passphrase":"` + passphrase + `"}`, enrol.Offer{}},
		"escaped":   {`{"secret":"\u0033` + plainHex[1:] + `"}`, enrol.Offer{}},
		"date":      {`{"secret":"` + plainHex + `","since":"2026-11-01"}`, enrol.Offer{Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}},
		"time": {`{"secret":"` + plainHex + `","since":"2026-11-01T14:00:00+02:00"}`,
			enrol.Offer{Since: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}},
		"announced": {`{"secret":"` + plainHex + `","announcement":` + announcement.String() + `}`, enrol.Offer{Announcement: &announcement}},
		"bunker":    {` { "bunker" : "bunker://abc?relay=wss://r.example&secret=x" } `, enrol.Offer{Bunker: "bunker://abc?relay=wss://r.example&secret=x"}},
	} {
		resp, body := h.do(ask{method: "POST", path: "/api/v1/keys", body: tt.body, as: who})
		if resp.StatusCode != http.StatusCreated || resp.Header.Get("Location") != "/api/v1/keys/"+who.PublicKey() {
			t.Errorf("%s: got %s %s", name, resp.Status, body)
			continue
		}
		if got := resp.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control: %s", name, got)
		}
		got := h.desk.offer
		if want := (enrol.Caller{Pubkey: who.PublicKey(), Door: enrol.DoorHTTP}); h.desk.caller != want {
			t.Errorf("%s: got %v, want %v", name, h.desk.caller, want)
		}
		if tt.want.Bunker == "" && h.desk.secret != publicOf(t, plainHex) {
			t.Errorf("%s: the desk got another secret", name)
		}
		if got.Secret.PublicKey() != "" {
			t.Errorf("%s: the secret was not zeroed", name)
		}
		if !got.Since.Equal(tt.want.Since) || got.Invite != tt.want.Invite || got.Bunker != tt.want.Bunker {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
		if (got.Announcement == nil) != (tt.want.Announcement == nil) {
			t.Errorf("%s: got %v, want %v", name, got.Announcement, tt.want.Announcement)
		} else if got.Announcement != nil {
			if ok, err := got.Announcement.CheckSignature(); !ok || err != nil || !got.Announcement.CheckID() {
				t.Errorf("%s: the announcement does not verify any more", name)
			}
		}
	}
}

func TestListRevokeConnect(t *testing.T) {
	h := newHouse(t)
	who, key := newSigner(t), newSigner(t).PublicKey()
	if resp, body := h.do(ask{method: "GET", path: "/api/v1/keys", as: who}); resp.StatusCode != 200 || strings.TrimSpace(body) != `{"data":[]}` {
		t.Errorf("list: got %s %s", resp.Status, body)
	}
	npub, err := nip19.EncodePublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{key, npub} {
		resp, _ := h.do(ask{method: "DELETE", path: "/api/v1/keys/" + name, as: who})
		if resp.StatusCode != http.StatusNoContent || h.desk.offer.Bunker != key {
			t.Errorf("%s: got %s for %s", name, resp.Status, h.desk.offer.Bunker)
		}
	}
	for _, name := range []string{strings.ToUpper(key), key[1:], key + "0", npub[:62] + "q", "connect", strings.Replace(npub, "npub1", "nsec1", 1), "%20"} {
		h.refused(ask{method: "DELETE", path: "/api/v1/keys/" + name, as: who}, 400, "malformed")
	}
	resp, body := h.do(ask{method: "POST", path: "/api/v1/keys/connect", as: who, body: `{"since":"2026-01-02","invite":"i"}`})
	if resp.StatusCode != http.StatusAccepted || strings.TrimSpace(body) != `{"uri":"nostrconnect://`+who.PublicKey()+`"}` ||
		h.desk.offer.Invite != "i" || h.desk.offer.Since.Day() != 2 {
		t.Errorf("connect: got %s %s", resp.Status, body)
	}
}

func TestRelay(t *testing.T) {
	h := newHouse(t)
	resp, body := h.do(ask{method: "GET", path: "/api/v1/relay"})
	var got struct {
		Pubkey, Policy string
		URLs           []string
		Ways           []map[string]string
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp.Status, err)
	}
	if got.Pubkey != strings.Repeat("5", 64) || got.Policy != "open" || len(got.URLs) != 2 || got.Ways[0]["id"] != "copy" {
		t.Errorf("got %s", body)
	}
}
