package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
	"github.com/waybill-relay/waybill/relay/ledger"
)

// What --check advises must help: another application's key is not a rebuild's to
// repair, and what a rebuild does repair is found no more afterwards.
func TestRebuildRepairsWhatCheckFinds(t *testing.T) {
	ctx := t.Context()
	l, err := ledger.Open(ctx, filepath.Join(t.TempDir(), "waybill.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server := redistest.Start(t)
	s, err := redisstore.Dial(ctx, server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	raw := redis.NewClient(o)
	defer raw.Close()

	check := func(want, wantErr string) {
		t.Helper()
		var out bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetOut(&out)
		err := checkIndexes(ctx, cmd, l, s)
		if !strings.Contains(out.String(), want) || (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("got %q, %v; want %q, %q", out.String(), err, want, wantErr)
		}
	}
	check("no difference in 0 orders", "")
	raw.Set(ctx, "orders:foreign", "x", 0)
	check("orders:foreign holds another type: it is not Waybill's, move it away\nno difference in 0 orders", "")
	raw.HSet(ctx, "{orders_by_seller:npub1"+strings.Repeat("q", 58)+"}:sums", "foo", 1)
	raw.ZAdd(ctx, "orders_index", redis.Z{Score: 1, Member: "ghost"})
	check("orders_index: got a sorted set of 1, want nothing", "2 differences: run waybill rebuild")
	if err := rebuildIndexes(ctx, &cobra.Command{}, l, s); err != nil {
		t.Fatal(err)
	}
	check("no difference", "")
}
