package redisstore

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// ErrForeign is in the chain of an error that says that another ledger's Waybill
// has the projection in this Redis, and that nothing was written.
var ErrForeign = errors.New("another ledger's projection")

func foreign(cause error) error {
	return &orders.Error{Code: orders.EUNAVAILABLE, Err: errors.Join(ErrForeign, cause),
		Message: "another Waybill with another ledger uses this Redis database: give each its own database number (redis.url, as in redis://host:6379/1)"}
}

// namePrefix stands before the ledger's id in the name of a connection.
const namePrefix = "waybill:"

var ledgerID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// named names each new connection. It comes after SELECT (go-redis would name it
// before), so that no connection is ever seen with our name on database 0 while
// it is on its way to another.
func named(ledger string) func(context.Context, *redis.Conn) error {
	return func(ctx context.Context, cn *redis.Conn) error {
		err := cn.ClientSetName(ctx, namePrefix+ledger).Err()
		if unknownCommand(err) {
			return nil
		}
		return err
	}
}

// unknownCommand reports whether err says that the server has no such command, or
// had it taken away (rename-command).
func unknownCommand(err error) bool { return redis.HasErrorPrefix(err, "unknown ") }

// Alone reports whether this Store's ledger may take the projection over: nil, or
// ErrForeign while another ledger's Waybill is connected to the same database.
// It is to be asked before a rebuild over a cursor that is missing or another's;
// else two daemons with ledgers of their own would rebuild over each other for
// ever. Who is there is told by the connections alone, so nobody is waited for
// who ended or was killed; of a machine that fell off the network Redis closes
// them after its tcp-keepalive (300 s unless configured).
//
// Of several that see each other one goes on: the one that the cursor names;
// where it names none of them, the one with the lowest id.
//
// It is nil also where nothing can be said: the Store has no ledger, or the server
// does not know CLIENT LIST (the embedded engine) or does not allow it.
// EUNAVAILABLE, EINTERNAL.
func (s *Store) Alone(ctx context.Context) error {
	if s.ledger == "" {
		return nil
	}
	var clients, at *redis.StringCmd
	if err := s.pipelined(ctx, func(p redis.Pipeliner) error {
		clients, at = p.ClientList(ctx), p.HGet(ctx, cursorKey, "ledger")
		return nil
	}); err != nil {
		return fail(err)
	}
	if err := clients.Err(); unknownCommand(err) || redis.HasErrorPrefix(err, "NOPERM") {
		return nil
	} else if err != nil {
		return fail(err)
	}
	// A key that is no cursor names nobody.
	if err := at.Err(); err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "WRONGTYPE") {
		return fail(err)
	}
	others := otherLedgers(clients.Val(), s.db, s.ledger)
	switch owner := (Cursor{Ledger: at.Val()}).Owner(); {
	case len(others) == 0, owner == s.ledger:
		return nil
	case slices.Contains(others, owner), slices.Min(others) < s.ledger:
		return foreign(nil)
	}
	return nil
}

// otherLedgers finds in the reply to CLIENT LIST (a line for each connection, of
// words key=value) the ledgers but ours that are named on database db.
func otherLedgers(list string, db int, ours string) (others []string) {
	for line := range strings.Lines(list) {
		id, on := "", ""
		for word := range strings.FieldsSeq(line) {
			switch key, value, _ := strings.Cut(word, "="); key {
			case "name":
				if after, ok := strings.CutPrefix(value, namePrefix); ok && ledgerID.MatchString(after) {
					id = after
				}
			case "db":
				on = value
			}
		}
		if id != "" && id != ours && on == strconv.Itoa(db) {
			others = append(others, id)
		}
	}
	return others
}
