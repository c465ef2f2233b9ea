package redisstore

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// A batch is one pipeline. Its bounds keep a reply within the read timeout and
// the request within Redis's query buffer; a single order may exceed batchBytes.
const (
	batchOrders = 100
	batchBytes  = 4 << 20
)

// maxExact is the greatest integer that a score and a number in Lua hold exactly.
const maxExact = 1<<53 - 1

// Write writes the whole projection of each order, where its Version is not
// below the stored one; a stale order is passed over without an error. Each
// order is atomic, the call is not.
//
// EINVALID: an order has no valid IntentID, Status, Version or public key, and
// nothing was written. EUNAVAILABLE: Redis does not answer; ErrForeign. EINTERNAL:
// a key that is not ours is in the way of an order; the others were written.
func (s *Store) Write(ctx context.Context, os []*orders.Order) error {
	for _, o := range os {
		if err := checkOrder(o); err != nil {
			return err
		}
	}
	var first error
	for len(os) > 0 {
		var calls []call
		for size := 0; len(calls) < len(os) && len(calls) < batchOrders && size < batchBytes; {
			c, n, err := writeCall(os[len(calls)])
			if err != nil {
				return err
			}
			calls, size = append(calls, c), size+n
		}
		cmds, err := s.runProject(ctx, calls)
		if err != nil {
			return fail(err)
		}
		for i, cmd := range cmds {
			if err := cmd.Err(); err != nil && first == nil {
				first = failOrder(os[i].IntentID, err)
			}
		}
		if orders.ErrorCode(first) == orders.EUNAVAILABLE {
			return first
		}
		os = os[len(calls):]
	}
	return first
}

// Remove takes orders out entirely, whatever their version: for retention,
// after which no fact of theirs is left to project. Unknown ids are passed over.
// It returns how many there were. EUNAVAILABLE; EINTERNAL as in Write.
func (s *Store) Remove(ctx context.Context, intentIDs ...string) (removed int, err error) {
	calls := make([]call, len(intentIDs))
	for i, id := range intentIDs {
		calls[i] = removeCall(id, "")
	}
	return s.apply(ctx, intentIDs, calls)
}

// apply runs the project script for ids and counts where it applied.
func (s *Store) apply(ctx context.Context, ids []string, calls []call) (applied int, err error) {
	for start := 0; start < len(calls); start += batchOrders {
		end := min(start+batchOrders, len(calls))
		cmds, err := s.runProject(ctx, calls[start:end])
		if err != nil {
			return applied, fail(err)
		}
		for i, cmd := range cmds {
			n, err := cmd.Int()
			if err != nil {
				return applied, failOrder(ids[start+i], err)
			}
			applied += n
		}
	}
	return applied, nil
}

func projectKeys(id string) []string {
	return []string{orderKey(id), boxesKey(id), indexKey, cursorKey}
}

// runProject runs the project script, which refuses (ErrForeign) where the cursor
// says that the projection is another ledger's. The check is in the script, so a
// daemon that was held up cannot write late into what has been taken over.
func (s *Store) runProject(ctx context.Context, calls []call) ([]*redis.Cmd, error) {
	for i := range calls {
		calls[i].args = append(calls[i].args, s.ledger)
	}
	return s.runAll(ctx, projectScript, calls)
}

func removeCall(id, version string) call {
	return call{projectKeys(id), []any{"remove", id, version}}
}

func checkOrder(o *orders.Order) error {
	switch {
	case !validID(o.IntentID):
		return orders.Errorf(orders.EINVALID, "an order has an intentId that cannot be one: %.40q", o.IntentID)
	case !o.Status.Valid():
		return orders.Errorf(orders.EINVALID, "order %s has no valid status: %.40q", o.IntentID, o.Status)
	case o.Version < 0 || o.Version > maxExact:
		return orders.Errorf(orders.EINVALID, "order %s has no valid version: %d", o.IntentID, o.Version)
	}
	for _, pubkey := range []string{o.BuyerPubkey, o.SellerPubkey} {
		if _, ok := npubOf(pubkey); pubkey != "" && !ok {
			return orders.Errorf(orders.EINVALID, "order %s has a participant that is no public key", o.IntentID)
		}
	}
	return nil
}

// writeCall is the call that writes o, and about how many bytes it sends.
// A participant whom the facts do not tell yet ("") is in no list.
func writeCall(o *orders.Order) (c call, size int, err error) {
	data, err := dataOf(o)
	if err != nil {
		return call{}, 0, err
	}
	buyer, _ := npubOf(o.BuyerPubkey)
	seller, _ := npubOf(o.SellerPubkey)
	args := []any{
		"write", o.IntentID, strconv.FormatInt(o.Version, 10), strconv.FormatInt(score(o), 10), string(o.Status),
		buyer, seller, contribution(o.Revenue()), contribution(o.Spent()),
	}
	words, titles := wordsOf(o)
	args = append(args, strconv.FormatInt(clamp(o.UpdatedTimestamp), 10), strings.Join(words, " "), mark(o.WasDisputed()), data, len(titles))
	size = 1024 + len(data)
	for _, t := range titles {
		args = append(args, t.word, t.text)
		size += len(t.text)
	}
	for _, ref := range slices.Sorted(maps.Keys(o.Boxes)) {
		box, err := json.Marshal(o.Boxes[ref])
		if err != nil {
			return call{}, 0, orders.Errorf(orders.EINTERNAL, "a box of order %s cannot be encoded: %w", o.IntentID, err)
		}
		args = append(args, ref, box)
		size += len(ref) + len(box)
	}
	return call{projectKeys(o.IntentID), args}, size, nil
}

// dataOf is the field data: o as JSON without its boxes, which are beside it,
// and without what is computed for one viewer.
func dataOf(o *orders.Order) ([]byte, error) {
	bare := *o
	bare.Boxes, bare.AllowedActions = nil, nil
	data, err := json.Marshal(&bare)
	if err != nil {
		return nil, orders.Errorf(orders.EINTERNAL, "order %s cannot be encoded: %w", o.IntentID, err)
	}
	return data, nil
}

// score is CreatedTimestamp, held within what a sorted set keeps exactly: a
// sender's clock, however odd, must not stop the projection.
func score(o *orders.Order) int64 { return clamp(o.CreatedTimestamp) }

func clamp(ms int64) int64 { return max(-maxExact, min(maxExact, ms)) }

// mark is a scalar that says yes or no.
func mark(yes bool) string {
	if yes {
		return "1"
	}
	return ""
}

// contribution is what an order adds to a sum, in sats; "" where it does not
// count. It is held within bounds for the same reason as score.
func contribution(sats int64, counts bool) string {
	if !counts {
		return ""
	}
	return strconv.FormatInt(max(0, min(maxExact, sats)), 10)
}
