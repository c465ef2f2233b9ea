package orders

import (
	"fmt"
	"strings"
	"testing"
)

// TestProducts: each row is facts in the order of time, and the products shown.
func TestProducts(t *testing.T) {
	of := func(lines ...string) func(*Fact) {
		return func(f *Fact) {
			for _, l := range lines {
				id, n, _ := strings.Cut(l, " ")
				p := Product{ProductID: id, Quantity: 1}
				fmt.Sscan(n, &p.Quantity)
				f.Products = append(f.Products, p)
			}
		}
	}
	claimed := func(f *Fact) { f.Flags = append(f.Flags, "quantity-claimed") }
	tests := map[string]struct {
		facts []Fact
		want  string
	}{
		"none":                          {[]Fact{says(ana, Intent, 0)}, ""},
		"the last fact's":               {[]Fact{says(ana, Intent, 0, of("mug 2", "cup")), says(bob, Request, 1, of("mug 1"))}, "1 mug"},
		"a claim yields":                {[]Fact{says(ana, Paid, 0, of("mug 3")), says(ana, Intent, 1, claimed, of("mug"))}, "3 mug"},
		"nothing but claims":            {[]Fact{says(ana, Intent, 0, claimed, of("mug")), says(ana, Paid, 1, claimed, of("mug", "cup"))}, "1 mug, 1 cup"},
		"a payment for each":            {[]Fact{says(ana, Paid, 0, of("mug 2")), says(ana, Paid, 1, of("cup")), says(ana, Paid, 2)}, "2 mug, 1 cup"},
		"a payment told again":          {[]Fact{says(ana, Paid, 0, of("mug 2")), says(ana, Paid, 1, of("cup")), says(ana, Paid, 2, of("mug 3"))}, "1 cup, 3 mug"},
		"two lines of one product":      {[]Fact{says(ana, Paid, 0, of("mug 2", "mug 3")), says(ana, Paid, 1, of("cup"))}, "2 mug, 3 mug, 1 cup"},
		"a throw-away key adds nothing": {[]Fact{says(ana, Paid, 0, of("mug 2")), says(ana, Paid, 1, unbound, of("cup"))}, "2 mug"},
		"a stranger pays":               {[]Fact{says(ana, Paid, 0, of("mug 2")), says(eve, Paid, 1, of("cup"))}, "2 mug"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range fold(tt.facts...).Products {
				got = append(got, fmt.Sprint(p.Quantity, " ", p.ProductID))
			}
			if s := strings.Join(got, ", "); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

func TestProductsOfManyMessages(t *testing.T) {
	var fs []Fact
	for i := range 3 * maxLines {
		f := says(ana, Paid, int64(i))
		f.Products = []Product{{ProductID: fmt.Sprint(i)}}
		fs = append(fs, f)
	}
	got := fold(fs...).Products
	if len(got) != maxLines || got[maxLines-1].ProductID != fmt.Sprint(3*maxLines-1) {
		t.Errorf("got %d products, the last %q", len(got), got[len(got)-1].ProductID)
	}
}
