package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// A Person is somebody as pages show him.
type Person struct {
	Pubkey string // hex
	Npub   string
	Name   string // what he calls himself; "" for nothing
	NIP05  string // not checked
	Avatar template.URL
}

// Label is the shortest way to name the person.
func (p *Person) Label() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.NIP05 != "":
		return p.NIP05
	}
	return p.Short()
}

// Short is the npub with its middle cut out.
func (p *Person) Short() string {
	if len(p.Npub) < 20 {
		return p.Npub
	}
	return p.Npub[:9] + "…" + p.Npub[len(p.Npub)-4:]
}

// people are the persons with those keys (hex); "" is left out.
func (s *server) people(ctx context.Context, pubkeys ...string) (map[string]*Person, error) {
	var profiles map[string]Profile
	if s.cfg.Profiles != nil {
		var err error
		if profiles, err = s.cfg.Profiles(ctx, pubkeys); err != nil {
			return nil, err
		}
	}
	found := map[string]*Person{}
	for _, k := range pubkeys {
		if k == "" {
			continue
		}
		p := profiles[k]
		person := &Person{Pubkey: k, Npub: orders.Npub(k), Name: p.Name, NIP05: p.NIP05, Avatar: template.URL(p.Picture)}
		if p.Picture == "" {
			person.Avatar = mark(k)
		}
		found[k] = person
	}
	return found, nil
}

// mark is a picture for who has none: five by five fields, mirrored, of the key's
// bytes. The same key always has the same one; it proves nothing.
func mark(pubkey string) template.URL {
	b, err := hex.DecodeString(pubkey)
	if err != nil || len(b) != 32 {
		b = make([]byte, 32)
	}
	hue := (int(b[0])<<8 | int(b[1])) % 360
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 7"><path fill="hsl(%d 45%% 92%%)" d="M0 0h7v7H0z"/><path fill="hsl(%d 55%% 40%%)" d="`, hue, hue)
	for x := range 3 {
		for y := range 5 {
			if b[2+x*5+y]&1 == 0 {
				continue
			}
			fmt.Fprintf(&svg, "M%d %dh1v1h-1z", x+1, y+1)
			if x < 2 {
				fmt.Fprintf(&svg, "M%d %dh1v1h-1z", 5-x, y+1)
			}
		}
	}
	svg.WriteString(`"/></svg>`)
	return template.URL("data:image/svg+xml," + strings.NewReplacer("%", "%25", "#", "%23", `"`, "'", "<", "%3C", ">", "%3E").Replace(svg.String()))
}
