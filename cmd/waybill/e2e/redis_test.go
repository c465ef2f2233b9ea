//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// An indexes is the Redis behind a daemon, read by its documented keys and not
// through the store.
type indexes struct {
	t *testing.T
	*redis.Client
}

func dialRedis(t *testing.T, url string) *indexes {
	t.Helper()
	opts, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal("the URL of Redis cannot be read")
	}
	c := redis.NewClient(opts)
	t.Cleanup(func() { c.Close() })
	return &indexes{t, c}
}

// embeddedURL is where the engine in the daemon's process listens.
func embeddedURL(d *daemon) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.data(), "redis.url"))
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// eventually asks again and again until ok says nothing, or patience is over.
func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	within(t, patience, what, ok)
}

// order waits for the order to be as ok wants it, checks every index of it, and
// returns it.
func (x *indexes) order(id string, ok func(*orders.Order) error) *orders.Order {
	x.t.Helper()
	var o *orders.Order
	eventually(x.t, "order "+id, func() (err error) {
		if o, err = x.read(id); err != nil {
			return err
		}
		return ok(o)
	})
	x.indexed(o)
	return o
}

func (x *indexes) read(id string) (*orders.Order, error) {
	data, err := x.HGet(context.Background(), "orders:"+id, "data").Result()
	if err != nil {
		return nil, err
	}
	var o orders.Order
	return &o, json.Unmarshal([]byte(data), &o)
}

// indexed checks that the order stands in every list it belongs to, with the
// time of its begin as score, and in none it does not belong to.
func (x *indexes) indexed(o *orders.Order) {
	x.t.Helper()
	ctx := context.Background()
	status, err := x.HGet(ctx, "orders:"+o.IntentID, "status").Result()
	if err != nil || status != string(o.Status) {
		x.t.Errorf("orders:%s: field status is %q (%v), in data it is %q", o.IntentID, status, err, o.Status)
	}
	buyer, seller := "orders_by_buyer:"+o.BuyerNpub, "orders_by_seller:"+o.SellerNpub
	lists := []string{"orders_index", buyer, seller}
	for _, s := range orders.Statuses {
		for _, list := range []string{"orders_by_status:" + string(s), "{" + buyer + "}:" + string(s), "{" + seller + "}:" + string(s)} {
			if s == o.Status {
				lists = append(lists, list)
			} else if err := x.ZScore(ctx, list, o.IntentID).Err(); err != redis.Nil {
				x.t.Errorf("order %s is %s and stands in %s (%v)", o.IntentID, o.Status, list, err)
			}
		}
	}
	if everDisputed := "{orders_index}:disputed"; o.WasDisputed() {
		lists = append(lists, everDisputed)
	} else if err := x.ZScore(ctx, everDisputed, o.IntentID).Err(); err != redis.Nil {
		x.t.Errorf("order %s was never disputed and stands in %s (%v)", o.IntentID, everDisputed, err)
	}
	for _, list := range lists {
		score, err := x.ZScore(ctx, list, o.IntentID).Result()
		if err != nil || int64(score) != o.CreatedTimestamp {
			x.t.Errorf("order %s in %s: score %.0f, error %v; want %d", o.IntentID, list, score, err, o.CreatedTimestamp)
		}
	}
	for name, key := range map[string]string{o.BuyerPubkey: buyer, o.SellerPubkey: seller} {
		if !strings.HasSuffix(key, ":"+orders.Npub(name)) {
			x.t.Errorf("order %s: %s is not the npub of %s", o.IntentID, key, name)
		}
	}
}

// box is the ciphertext of one fact of an order.
func (x *indexes) box(id, fact string) (b orders.Box) {
	x.t.Helper()
	text, err := x.HGet(context.Background(), "{orders:"+id+"}:boxes", fact).Result()
	if err == nil {
		err = json.Unmarshal([]byte(text), &b)
	}
	if err != nil {
		x.t.Fatalf("the box of fact %s of order %s: %v", fact, id, err)
	}
	return b
}

// dump is everything that Redis holds, as one text.
func (x *indexes) dump() string {
	x.t.Helper()
	ctx := context.Background()
	var all strings.Builder
	keys := x.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		var value any
		var err error
		switch kind := x.Type(ctx, key).Val(); kind {
		case "hash":
			value, err = x.HGetAll(ctx, key).Result()
		case "zset":
			value, err = x.ZRangeWithScores(ctx, key, 0, -1).Result()
		default:
			x.t.Errorf("Redis holds %s, a %s", key, kind)
		}
		if err != nil {
			x.t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%v\n", key, value)
	}
	if err := keys.Err(); err != nil {
		x.t.Fatal(err)
	}
	return all.String()
}

// told is what a timeline says: verb, and the reason where it was refused.
func told(o *orders.Order) (verbs []string) {
	for _, e := range o.Timeline {
		verb := string(e.Verb)
		if !e.OK {
			verb += " refused: " + string(e.Reason)
		}
		verbs = append(verbs, verb)
	}
	return verbs
}

// said is stands for messages that carry the clocks of different clients: the
// timeline in any order.
func said(status orders.Status, payment orders.Payment, timeline ...string) func(*orders.Order) error {
	want := slices.Sorted(slices.Values(timeline))
	return func(o *orders.Order) error {
		if got := slices.Sorted(slices.Values(told(o))); o.Status != status || o.Payment != payment || !slices.Equal(got, want) {
			return fmt.Errorf("got %s, payment %s, timeline %q; want %s, payment %s, timeline %q",
				o.Status, o.Payment, got, status, payment, want)
		}
		return nil
	}
}

// stands is for order: status, payment and the whole timeline in its order.
func stands(status orders.Status, payment orders.Payment, timeline ...string) func(*orders.Order) error {
	return func(o *orders.Order) error {
		if got := told(o); o.Status != status || o.Payment != payment || !slices.Equal(got, timeline) {
			return fmt.Errorf("got %s, payment %s, timeline %q; want %s, payment %s, timeline %q",
				o.Status, o.Payment, got, status, payment, timeline)
		}
		return nil
	}
}
