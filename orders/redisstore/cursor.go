package redisstore

import (
	"context"
	"strconv"

	"github.com/waybill-relay/waybill/orders"
)

// Cursor is how far the projection has come: everything up to Seq of that
// ledger is in it. The zero Cursor stands for none.
type Cursor struct {
	Ledger string // the ledger's id
	Seq    int64
}

// Cursor returns where the projection stands; ok is false where Redis holds no
// cursor, as when it is new or was emptied. EUNAVAILABLE; EINTERNAL where the
// key holds something else.
func (s *Store) Cursor(ctx context.Context) (c Cursor, ok bool, err error) {
	vs, err := s.client.HMGet(ctx, cursorKey, "ledger", "seq").Result()
	if err != nil {
		return Cursor{}, false, fail(err)
	}
	ledger, hasLedger := vs[0].(string)
	seq, hasSeq := vs[1].(string)
	if !hasLedger && !hasSeq {
		return Cursor{}, false, nil
	}
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || ledger == "" {
		return Cursor{}, false, orders.Errorf(orders.EINTERNAL, "the key %s holds no cursor: delete it to rebuild", cursorKey)
	}
	return Cursor{ledger, n}, true, nil
}

// Advance moves the cursor from where the caller believes it to be (the zero
// Cursor: there is none) to a new place. moved is false where it stands
// elsewhere: this Redis was replaced, emptied or rolled back since, or somebody
// else moves the cursor too, and the caller reads it again. Where it stands at
// to already it counts as moved. EINVALID, EUNAVAILABLE, EINTERNAL.
func (s *Store) Advance(ctx context.Context, from, to Cursor) (moved bool, err error) {
	if to.Ledger == "" || to.Seq < 0 {
		return false, orders.Errorf(orders.EINVALID, "a cursor needs a ledger's id and a seq")
	}
	was := []any{"", ""}
	if from != (Cursor{}) {
		was = []any{from.Ledger, strconv.FormatInt(from.Seq, 10)}
	}
	n, err := advanceScript.Run(ctx, s.client, []string{cursorKey},
		append(was, to.Ledger, strconv.FormatInt(to.Seq, 10))...).Int()
	return n == 1, fail(err)
}
