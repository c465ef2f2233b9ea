package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders"
)

func TestParseItem(t *testing.T) {
	sats := func(id string, n int64, title string) orders.Product {
		return orders.Product{ProductID: id, Quantity: n, Title: title, PricePerUnit: "5", Currency: "SATS"}
	}
	for in, want := range map[string]orders.Product{
		"mug,2":                   {ProductID: "mug", Quantity: 2},
		"mug,2,Blue mug":          {ProductID: "mug", Quantity: 2, Title: "Blue mug"},
		"mug,1,Blue mug,5":        sats("mug", 1, "Blue mug"),
		`mug,1,"A, B",5`:          sats("mug", 1, "A, B"),
		`mug,1,"say ""hi"", B",5`: sats("mug", 1, `say "hi", B`),
		`lp,1,12" vinyl,5`:        sats("lp", 1, `12" vinyl`),
		"mug,1,,5":                sats("mug", 1, ""),
	} {
		got, err := parseItem(in)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", in, err, diff)
		}
	}
	for _, in := range []string{"", "mug", ",1", "mug,0", "mug,x", "mug,1,t,-5", "mug,1,t,5,6", "mug,1,A, B,5", "mug,1,t,2100000000000001", "mug,1\nmug,2", `mug,1,"A`, `mug,1,"A,5`} {
		if got, err := parseItem(in); orders.ErrorCode(err) != orders.EINVALID {
			t.Errorf("%q: got %+v, %v; want a refusal", in, got, err)
		}
	}
}

// A total that nobody has named is not sent as 0.
func TestIntentTotal(t *testing.T) {
	const none = -1
	for name, tt := range map[string]struct {
		args []string
		want int64
	}{
		"a question":                      {[]string{"--note", "how much?"}, none},
		"a question with a total of 0":    {[]string{"--note", "how much?", "--total", "0"}, none},
		"an item without a price":         {[]string{"--item", "mug,1"}, none},
		"one of two without a price":      {[]string{"--item", "mug,1", "--item", "cup,1,Cup,5"}, none},
		"the sum of the items":            {[]string{"--item", "mug,2,Mug,3", "--item", "cup,1,Cup,5"}, 11},
		"a total":                         {[]string{"--item", "mug,1", "--total", "7"}, 7},
		"a gift":                          {[]string{"--item", "mug,1,Mug,0"}, 0},
		"a present of what has its price": {[]string{"--item", "mug,1,Mug,5", "--total", "0"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, s := &cobra.Command{}, &sender{}
			cmd.Flags().StringVar(&s.to, "to", "", "")
			finish := intentFlags(cmd, s)
			if err := cmd.ParseFlags(tt.args); err != nil {
				t.Fatal(err)
			}
			if err := finish(); err != nil {
				t.Fatal(err)
			}
			got := int64(none)
			if n := s.draft.Amount; n != nil {
				got = *n
			}
			if got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
