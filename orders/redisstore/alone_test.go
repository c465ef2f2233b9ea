package redisstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/waybill-relay/waybill/orders"
	"github.com/waybill-relay/waybill/orders/redisstore"
	"github.com/waybill-relay/waybill/orders/redisstore/redistest"
)

// Ids of ledgers, the lowest first.
var ledgerA, ledgerB, ledgerC = strings.Repeat("a", 32), strings.Repeat("b", 32), strings.Repeat("c", 32)

// daemon is a Store of that ledger, connected.
func daemon(t testing.TB, url, ledger string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Dial(t.Context(), url, redisstore.WithLedger(ledger))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // twice in some tests
	return s
}

// refused fails where err does not send the operator to another database.
func refused(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, redisstore.ErrForeign) || errors.Is(err, redisstore.ErrBlocked) || orders.ErrorCode(err) != orders.EUNAVAILABLE ||
		!strings.Contains(err.Error(), "database number") {
		t.Errorf("%s: got %v, want ErrForeign", what, err)
	}
}

func allowed(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: got %v", what, err)
	}
}

// alone waits until Redis has noticed that a connection was closed.
func alone(t *testing.T, what string, s *redisstore.Store) {
	t.Helper()
	eventually(t, what, func() bool { return s.Alone(t.Context()) == nil })
}

func TestAlone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := restricted(t) // what is allowed suffices
	first := daemon(t, e.url, ledgerA)
	allowed(t, "nobody else", first.Alone(ctx))
	second := daemon(t, e.url, ledgerB)
	refused(t, "a newcomer", second.Alone(ctx))
	allowed(t, "the same ledger again", daemon(t, e.url, ledgerA).Alone(ctx))
	allowed(t, "a command without a ledger", e.Alone(ctx))
	allowed(t, "another database", daemon(t, e.url+"?db=1", ledgerB).Alone(ctx))

	// A cut connection takes its name with it, and the next one brings it back.
	for range 3 {
		if n, err := e.raw.ClientKillByFilter(ctx, "USER", "waybill").Result(); err != nil || n == 0 {
			t.Fatal(n, err)
		}
		allowed(t, "the first is back", first.Ping(ctx))
		refused(t, "after a reconnect", second.Alone(ctx))
	}
}

// TestAloneAfter: whoever has ended is not waited for.
func TestAloneAfter(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := redistest.Start(t).URL()
	second := daemon(t, url, ledgerB)
	first := daemon(t, url, ledgerA)
	refused(t, "the first is there", second.Alone(ctx))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	alone(t, "the first has closed", second)

	kill := startNewcomer(t, url, ledgerA)
	refused(t, "a process is there", second.Alone(ctx))
	kill()
	alone(t, "the process was killed", second)
}

// TestAloneTie: of several that meet exactly one goes on.
func TestAloneTie(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := restricted(t)
	ids := []string{ledgerA, ledgerB, ledgerC}
	stores := map[string]*redisstore.Store{}
	for _, id := range ids {
		stores[id] = daemon(t, e.url, id)
	}
	gone := strings.Repeat("0", 32)
	for name, c := range map[string]struct {
		cursor map[string]any
		want   string
	}{
		"no cursor":          {nil, ledgerA},
		"one of them":        {map[string]any{"ledger": ledgerB, "seq": 7}, ledgerB},
		"one that builds":    {map[string]any{"ledger": redisstore.Building(ledgerC).Ledger, "seq": 0}, ledgerC},
		"one that is gone":   {map[string]any{"ledger": gone, "seq": 7}, ledgerA},
		"a damaged cursor":   {map[string]any{"seq": "x"}, ledgerA},
		"a cursor of nobody": {map[string]any{"ledger": "building:", "seq": 0}, ledgerA},
	} {
		e.empty(t)
		if c.cursor != nil {
			if err := e.raw.HSet(ctx, "orders_cursor", c.cursor).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range ids {
			if err := stores[id].Alone(ctx); id == c.want {
				allowed(t, name, err)
			} else {
				refused(t, fmt.Sprintf("%s: %.1s", name, id), err)
			}
		}
	}
	e.empty(t)
	if err := e.raw.Set(ctx, "orders_cursor", "theirs", 0).Err(); err != nil {
		t.Fatal(err)
	}
	allowed(t, "another application's key", stores[ledgerA].Alone(ctx))
	refused(t, "another application's key", stores[ledgerB].Alone(ctx))
}

// TestAloneNames: which connections are daemons, and which are others'.
func TestAloneNames(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e := restricted(t)
	s := daemon(t, e.url, ledgerB)
	conn := e.raw.Conn()
	defer conn.Close()
	name := func(name string) error {
		t.Helper()
		if err := conn.ClientSetName(ctx, name).Err(); err != nil {
			t.Fatal(err)
		}
		return s.Alone(ctx)
	}
	for _, n := range []string{"", ledgerA, "waybill:", "waybill:shop", "waybill:" + ledgerA + "0", "x:waybill:" + ledgerA, "waybill:" + strings.Repeat("A", 32)} {
		allowed(t, n, name(n))
	}
	refused(t, "a name", name("waybill:"+ledgerA))
	if err := conn.Select(ctx, 1).Err(); err != nil {
		t.Fatal(err)
	}
	allowed(t, "on another database", s.Alone(ctx))

	// Every connection has the name, those for pipelines too.
	seven := daemon(t, e.url+"?db=7", ledgerC)
	if _, _, err := seven.Cursor(ctx); err != nil {
		t.Fatal(err)
	}
	list, err := e.raw.ClientList(ctx).Result()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(list) {
		if strings.Contains(line, " db=7 ") {
			seen++
			if !strings.Contains(line, " name=waybill:"+ledgerC+" ") {
				t.Errorf("without the name: %s", line)
			}
		}
	}
	if seen < 2 {
		t.Errorf("got %d connections, want one for pipelines and another", seen)
	}
}

// TestAloneUntold: where the server does not say who is there, nothing is held
// against anybody.
func TestAloneUntold(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rule := rule()
	e := restricted(t)
	setUser(t, e.raw, append(slices.Clone(rule), "-client|list"))
	for name, url := range map[string]string{
		"embedded":   embedded(t).url,
		"an ACL":     e.url,
		"no command": redistest.Start(t, "--rename-command", "CLIENT", "").URL(),
	} {
		first, second := daemon(t, url, ledgerA), daemon(t, url, ledgerB)
		allowed(t, name, first.Alone(ctx))
		allowed(t, name, second.Alone(ctx))
	}

	// Who may not say that he is there must not be.
	setUser(t, e.raw, append(slices.Clone(rule), "-client|setname"))
	s, err := redisstore.Open(e.url, redisstore.WithLedger(ledgerA))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for what, call := range map[string]func() error{
		"alone":  func() error { return s.Alone(ctx) },
		"cursor": func() error { _, _, err := s.Cursor(ctx); return err },
		"write":  func() error { return s.Write(ctx, []*orders.Order{order("a", 1)}) },
	} {
		if err := call(); orders.ErrorCode(err) != orders.EUNAVAILABLE || !strings.Contains(err.Error(), "--redis-acl") {
			t.Errorf("%s without a name: got %v", what, err)
		}
	}
	down := redistest.Start(t)
	s = daemon(t, down.URL(), ledgerA)
	down.Kill()
	code(t, "no server", s.Alone(ctx), orders.EUNAVAILABLE)
}

func TestWithLedger(t *testing.T) {
	for _, id := range []string{"", "shop", ledgerA[1:], ledgerA + "0", strings.ToUpper(ledgerA), ledgerA + "\n"} {
		_, err := redisstore.Open("unix:///nowhere", redisstore.WithLedger(id))
		code(t, id, err, orders.EINVALID)
	}
	if c := redisstore.Building(ledgerA); c != (redisstore.Cursor{Ledger: "building:" + ledgerA}) || c.Owner() != ledgerA {
		t.Errorf("got %+v of %q", c, c.Owner())
	}
	if got := (redisstore.Cursor{Ledger: ledgerB, Seq: 3}).Owner(); got != ledgerB {
		t.Errorf("got %q", got)
	}
}
