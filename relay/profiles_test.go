package relay

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr"

	"github.com/waybill-relay/waybill/relay/ledger"
)

// published is a ledger with events of one author after another, and their keys.
func published(t *testing.T, each ...[]nostr.Event) (l *ledger.Ledger, authors []string) {
	t.Helper()
	l, err := ledger.Open(context.Background(), filepath.Join(t.TempDir(), "waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for _, events := range each {
		secret := nostr.GeneratePrivateKey()
		pubkey, _ := nostr.GetPublicKey(secret)
		authors = append(authors, pubkey)
		for _, evt := range events {
			evt.CreatedAt = nostr.Now()
			if err := evt.Sign(secret); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Publish(context.Background(), &evt, time.Now().UnixMilli()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l, authors
}

func profile(fields map[string]any) []nostr.Event {
	content, _ := json.Marshal(fields)
	return []nostr.Event{{Kind: 0, Tags: nostr.Tags{}, Content: string(content)}}
}

// What people say of themselves is cut to what may stand in a line, and no picture
// comes from anywhere else.
func TestProfiles(t *testing.T) {
	const picture = "data:image/png;base64,iVBORw0KGgo="
	l, who := published(t,
		profile(map[string]any{"name": "ana", "display_name": "Ana\n\u202eRibeiro ", "nip05": "ana@shop.example", "picture": picture}),
		profile(map[string]any{"name": strings.Repeat("ä", 80), "picture": "https://tracker.example/a.png"}),
		profile(map[string]any{"name": 7, "picture": "data:image/svg+xml;base64,PHN2Zz4="}),
		[]nostr.Event{{Kind: 0, Tags: nostr.Tags{}, Content: "no JSON"}},
	)
	d := &Directory{Ledger: l}
	for range 2 { // read, and remembered
		got, err := d.Profiles(t.Context(), append([]string{"", strings.Repeat("0", 64)}, who...))
		if err != nil || len(got) != 4 {
			t.Fatalf("got %v, %v", got, err)
		}
		for i, want := range []Profile{
			{Name: "Ana Ribeiro", NIP05: "ana@shop.example", Picture: picture},
			{Name: strings.Repeat("ä", 59) + "…"}, {}, {},
		} {
			if got[who[i]] != want {
				t.Errorf("%d: got %+v", i, got[who[i]])
			}
		}
	}
	big := "data:image/png;base64," + strings.Repeat("A", maxPicture)
	if p := readMetadata(`{"picture":"` + big + `"}`).profile(); p.Picture != "" {
		t.Error("a picture of any size is in every page")
	}
}

// Who calls himself by a name is found by the whole of it, as NIP-05 compares names.
func TestNames(t *testing.T) {
	long := strings.Repeat("a", 80) + "@shop.example"
	l, who := published(t,
		profile(map[string]any{"nip05": "ana@shop.example"}),
		profile(map[string]any{"nip05": " ANA@Shop.example"}),
		profile(map[string]any{"nip05": "_@shop.example"}),
		profile(map[string]any{"nip05": long}),
		profile(map[string]any{"nip05": 7, "name": "ana@shop.example"}),
		profile(map[string]any{"nip05": ""}),
	)
	n := &Names{Ledger: l}
	for name, want := range map[string][]string{
		"ana@shop.example": {who[0], who[1]}, "Ana@SHOP.example ": {who[0], who[1]}, "shop.example": {who[2]}, "_@shop.example": {who[2]},
		long: {who[3]}, long[1:]: nil, "": nil, "@": nil,
	} {
		got, err := n.Of(t.Context(), name)
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestTitles(t *testing.T) {
	listing := func(name, title string) nostr.Event {
		return nostr.Event{Kind: 30402, Tags: nostr.Tags{{"d", name}, {"title", title}}}
	}
	var shop, other []nostr.Event
	for _, name := range []string{"mug", "bowl", "mug:large"} {
		shop, other = append(shop, listing(name, "shop's "+name)), append(other, listing(name, "other's "+name))
	}
	shop = append(shop, nostr.Event{Kind: 30406, Tags: nostr.Tags{{"d", "mug"}, {"title", "by post"}}})
	l, who := published(t, shop, other)
	d := &Directory{Ledger: l}
	at := func(author int, name string) string { return "30402:" + who[author] + ":" + name }
	got, err := d.Titles(t.Context(), []string{at(0, "mug"), at(0, "mug:large"), at(1, "bowl"), at(1, "none"), "30406:" + who[0] + ":mug", "30403:" + who[0] + ":mug", "mug", "30402:x:mug", ""})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{at(0, "mug"): "shop's mug", at(0, "mug:large"): "shop's mug:large", at(1, "bowl"): "other's bowl",
		"30406:" + who[0] + ":mug": "by post"}
	for a, title := range want {
		if got[a] != title {
			t.Errorf("%s: got %q", a, got[a])
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
}
