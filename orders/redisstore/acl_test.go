package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// restricted is a real Redis that the Store meets as the user of ACLRule.
func restricted(t *testing.T) *engine {
	t.Helper()
	s := redistest.Start(t)
	admin := s.URL()
	e := dial(t, "redis-server with an ACL", admin, admin+"?db=1")
	setUser(t, e.raw, rule())
	for _, db := range []struct {
		store **redisstore.Store
		url   string
	}{{&e.Store, asUser(admin)}, {&e.other, asUser(admin) + "?db=1"}} {
		store, err := redisstore.Dial(t.Context(), db.url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		*db.store = store
	}
	e.url = asUser(admin)
	return e
}

func asUser(url string) string { return strings.Replace(url, "unix://", "unix://waybill:secret@", 1) }

// rule is ACLRule's, by words.
func rule() []string {
	return strings.Fields(strings.Replace(redisstore.ACLRule("waybill"), "YOUR PASSWORD", "secret", 1))
}

func setUser(t *testing.T, admin *redis.Client, words []string) {
	t.Helper()
	args := make([]any, len(words))
	for i, w := range words {
		args[i] = w
	}
	if err := admin.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestACLRefuses: the user can do nothing beside. (That it can do what it must is
// in TestConformance.)
func TestACLRefuses(t *testing.T) {
	t.Parallel()
	e := restricted(t)
	ctx := t.Context()
	unedited := strings.Fields(redisstore.ACLRule("waybill"))
	args := make([]any, len(unedited))
	for i, w := range unedited {
		args[i] = w
	}
	if err := e.raw.Do(ctx, args...).Err(); err == nil {
		t.Error("the rule is taken without a password")
	}
	e.foreign(t)
	opt, err := redis.ParseURL(e.url)
	if err != nil {
		t.Fatal(err)
	}
	opt.DisableIdentity = true
	user := redis.NewClient(opt)
	defer user.Close()
	before := dump(t, e.raw)
	for _, command := range [][]any{
		{"FLUSHALL"}, {"FLUSHDB"}, {"KEYS", "*"}, {"CONFIG", "GET", "*"}, {"CONFIG", "SET", "appendonly", "no"}, {"ACL", "LIST"},
		{"SHUTDOWN", "NOSAVE"}, {"MONITOR"}, {"CLIENT", "KILL", "TYPE", "normal"}, {"CLIENT", "PAUSE", "1"}, {"SCRIPT", "FLUSH"}, {"REPLICAOF", "NO", "ONE"},
		{"RENAME", "orders:theirs", "orders:mine"}, {"EXPIRE", "orders:theirs", "1"}, {"GET", "orders"}, {"PUBLISH", "x", "y"}, {"DBSIZE"},
		{"HGETALL", "user_events:npub1x"}, {"DEL", "user_events:npub1x"}, {"TYPE", "user_events:npub1x"}, {"ZSCAN", "shop:orders_index", "0"},
		{"ZADD", "orders_by_date", "1", "x"}, {"HSET", "orders_index2", "a", "b"},
		{"EVAL", "return redis.call('HGETALL', 'user_events:npub1x')", "0"}, {"EVAL", "return 1", "1", "user_events:npub1x"},
		{"EVAL", "return redis.call('DEL', 'orders')", "0"}, {"EVAL", "return redis.call('FLUSHALL')", "0"},
	} {
		if err := user.Do(ctx, command...).Err(); err == nil || !strings.Contains(err.Error(), "NOPERM") && !strings.Contains(err.Error(), "user executing the script") &&
			!strings.Contains(err.Error(), "ACL failure") {
			t.Errorf("%v: got %v", command, err)
		}
	}
	same(t, "keyspace", dump(t, e.raw), before)
}

// TestACLIsMinimal takes the words of the rule away one by one.
func TestACLIsMinimal(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	e := dial(t, "redis-server", s.URL(), s.URL()+"?db=1")
	words := rule()
	first := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "~") })
	try := func(words []string) error {
		e.empty(t)
		if err := e.raw.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		setUser(t, e.raw, words)
		return everything(t.Context(), asUser(s.URL())+"?db=1", e.otherRaw)
	}
	if err := try(words); err != nil {
		t.Fatal("with the whole rule:", err)
	}
	for i := first; i < len(words); i++ {
		if words[i] == "-@all" {
			continue
		}
		if err := try(slices.Delete(slices.Clone(words), i, i+1)); err == nil {
			t.Errorf("the rule need not say %s", words[i])
		}
	}
}

// everything does with a Store all that it can do, and admin makes what a Store
// would only meet.
func everything(ctx context.Context, url string, admin *redis.Client) error {
	s, err := redisstore.Open(url, redisstore.WithLedger(ledgerB))
	if err != nil {
		return err
	}
	defer s.Close()
	if r, err := s.Inspect(ctx); err != nil || r.Version == "" {
		return fmt.Errorf("inspect: %+v, %w", r, err)
	}
	other := admin.Conn()
	defer other.Close()
	if err := other.ClientSetName(ctx, "waybill:"+ledgerA).Err(); err != nil {
		return err
	}
	write := func(os ...*orders.Order) func() error { return func() error { return s.Write(ctx, os) } }
	list := func(q orders.Query) func() error {
		return func() error { _, err := s.List(ctx, orders.List{}, q); return err }
	}
	var some []*orders.Order
	for i := range 60 {
		some = append(some, order(fmt.Sprint("a", i), 1, pays(orders.PaymentConfirmed, 5), boxes("f0")))
	}
	var next string
	for i, step := range []func() error{
		func() error {
			if err := s.Alone(ctx); !errors.Is(err, redisstore.ErrForeign) {
				return fmt.Errorf("not alone: %w", err)
			}
			return nil
		},
		func() error {
			_, err := s.Advance(ctx, redisstore.Cursor{}, redisstore.Cursor{Ledger: ledgerB, Seq: 1})
			return err
		},
		func() error { _, _, err := s.Cursor(ctx); return err },
		write(some...),
		func() error { return admin.HSet(ctx, "orders:a1", "left", "over").Err() },
		write(order("a1", 2, status(orders.StatusPaid), roles(2, 3), disputed)),
		func() error { _, err := s.Order(ctx, "a2"); return err },
		func() error {
			p, err := s.List(ctx, orders.List{}, orders.Query{Limit: 2, Page: 10})
			next = p.Next
			return err
		},
		func() error { return list(orders.Query{Limit: 2, Cursor: next})() },
		list(orders.Query{Status: orders.StatusPaid}),
		func() error { _, err := s.Stats(ctx, orders.Seller, people[1]); return err },
		func() error {
			for _, q := range []string{"a2", "mug"} {
				search, err := orders.ParseSearch(ctx, q, nil)
				if err != nil {
					return err
				}
				found, err := s.Find(ctx, people[1], orders.Filter{Search: search}, orders.Query{})
				if err == nil {
					_, err = s.Find(ctx, people[1], orders.Filter{OldestFirst: true}, orders.Query{})
				}
				if err != nil || len(found.Items) == 0 {
					return fmt.Errorf("%s: %d found, %w", q, len(found.Items), err)
				}
			}
			return nil
		},
		func() error {
			return admin.ZAdd(ctx, "orders_index", redis.Z{Score: float64(noon) + 1, Member: "ghost"}).Err()
		},
		func() error {
			if err := list(orders.Query{})(); orders.ErrorCode(err) != orders.EINTERNAL || !strings.Contains(err.Error(), "ghost") {
				return fmt.Errorf("a ghost: %w", err)
			}
			return nil
		},
		func() error { _, err := s.Remove(ctx, "a3"); return err },
		func() error { _, err := s.Prune(ctx, owned("a2")); return err },
		func() error { _, err := s.Snapshot(ctx); return err },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
