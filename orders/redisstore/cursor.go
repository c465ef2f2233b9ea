package redisstore

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// Cursor is how far the projection has come: everything up to Seq of that
// ledger is in it. Without a Ledger there is none.
type Cursor struct {
	Ledger string // the ledger's id, or that of Building
	Seq    int64
	Run    string // of the Redis that said so, a new one with each start; "" where it names none
	// Outdated: it was written by a version of Waybill whose keys were others, so that
	// everything has to be projected again.
	Outdated bool
}

// keyFormat is what the keys and fields of this version are told apart by. It
// changes with them.
const keyFormat = "3"

const buildingPrefix = "building:"

// Building is where the cursor stands while the projection is built anew from
// the ledger with that id: nothing can be said to be in it yet. Found at a start,
// it says that a rebuild was interrupted and must begin again.
func Building(ledger string) Cursor { return Cursor{Ledger: buildingPrefix + ledger} }

// Owner is the id of the ledger that the projection is made from, also while it
// is built; "" for none.
func (c Cursor) Owner() string { return strings.TrimPrefix(c.Ledger, buildingPrefix) }

// Cursor returns where the projection stands; ok is false where Redis holds no
// cursor, as when it is new or was emptied. EUNAVAILABLE; EINTERNAL where the
// key holds something else.
func (s *Store) Cursor(ctx context.Context) (c Cursor, ok bool, err error) {
	var stored *redis.SliceCmd
	var info *redis.StringCmd
	// One pipeline: both answers are of the same run.
	err = s.pipelined(ctx, func(p redis.Pipeliner) error {
		stored, info = p.HMGet(ctx, cursorKey, "ledger", "seq", "format"), p.Info(ctx, "server")
		return nil
	})
	if err != nil {
		return Cursor{}, false, fail(err)
	}
	vs, err := stored.Result()
	if err != nil {
		return Cursor{}, false, fail(err)
	}
	if found := runID.FindStringSubmatch(info.Val()); found != nil {
		c.Run = found[1]
	}
	ledger, hasLedger := vs[0].(string)
	seq, hasSeq := vs[1].(string)
	if !hasLedger && !hasSeq {
		return c, false, nil
	}
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || ledger == "" {
		return Cursor{}, false, orders.Errorf(orders.EINTERNAL, "the key %s holds no cursor: delete it to rebuild", cursorKey)
	}
	format, _ := vs[2].(string)
	c.Ledger, c.Seq, c.Outdated = ledger, n, format != keyFormat
	return c, true, nil
}

// runID finds in the reply to INFO what tells one start of a server from the next.
var runID = regexp.MustCompile(`(?m)^run_id:([0-9a-f]+)`)

// Advance moves the cursor from where the caller believes it to be (without a
// Ledger: there is none) to a new place. moved is false where it stands
// elsewhere: this Redis was replaced, emptied or rolled back since, or somebody
// else moves the cursor too, and the caller reads it again. It is false also where
// from names another run: this Redis may have lost in a crash what was projected
// since from was read, though not the cursor. Where it stands at to already it
// counts as moved. EINVALID, EUNAVAILABLE, EINTERNAL.
func (s *Store) Advance(ctx context.Context, from, to Cursor) (moved bool, err error) {
	if to.Ledger == "" || to.Seq < 0 {
		return false, orders.Errorf(orders.EINVALID, "a cursor needs a ledger's id and a seq")
	}
	was := []any{"", ""}
	if from.Ledger != "" {
		was = []any{from.Ledger, strconv.FormatInt(from.Seq, 10)}
	}
	n, err := advanceScript.Run(ctx, s.client, []string{cursorKey},
		append(was, to.Ledger, strconv.FormatInt(to.Seq, 10), from.Run, keyFormat)...).Int()
	return n == 1, fail(err)
}
