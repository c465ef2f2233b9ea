package redisstore

import (
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/waybill-relay/waybill/orders"
)

// ErrBlocked is in the chain of an error that says that an order could not be
// written (something else stands under its keys, or it does not fold), and that
// every other order was. Repeating does not help, and nobody else has to wait.
var ErrBlocked = errors.New("an order is blocked")

// fail gives an error of the client a code. The cause stays reachable for the
// log, but is not in the message: a server's words may repeat what was sent.
func fail(err error) error {
	var coded *orders.Error
	var said redis.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case !errors.As(err, &said): // refused, reset, timed out, cancelled, closed
		if why := tlsTrouble(err); why != "" {
			return &orders.Error{Code: orders.EUNAVAILABLE, Message: "Redis cannot be reached over TLS: " + why, Err: err}
		}
		return &orders.Error{Code: orders.EUNAVAILABLE, Message: "Redis does not answer", Err: err}
	case redis.HasErrorPrefix(err, "OTHERLEDGER"):
		return foreign(err)
	}
	if why, ok := outage(err); ok {
		return &orders.Error{Code: orders.EUNAVAILABLE, Message: "Redis does not serve at present: " + why, Err: err}
	}
	word, _, _ := strings.Cut(strings.TrimPrefix(said.Error(), "ERR "), " ")
	return &orders.Error{Code: orders.EINTERNAL, Message: "Redis refused a command: " + word, Err: err}
}

// isReply reports whether err is an answer of the server, not the lack of one.
func isReply(err error) bool {
	var e redis.Error
	return errors.As(err, &e)
}

const notPermitted = "its ACL does not let this user do what Waybill does (waybill doctor --redis-acl prints the rule)"

// outages are the beginnings of replies that will be others once the server's
// state, or the operator's configuration, is another; and what to do about it.
var outages = []struct{ prefix, why string }{
	{"LOADING", "it is loading its data"},
	{"READONLY", "it is a replica and takes no writes, redis.url must name its primary"},
	{"MASTERDOWN", "it is a replica that has lost its primary"},
	{"CLUSTERDOWN", "its cluster is down"},
	{"TRYAGAIN", "it is moving keys"},
	{"NOREPLICAS", "it has fewer replicas than its min-replicas-to-write"},
	{"MISCONF", "it cannot save what it is told, its disk may be full"},
	{"OOM", "its memory is full (maxmemory)"},
	{"BUSY", "a script keeps it busy"},
	{"UNKILLABLE", "a script keeps it busy"},
	{"UNBLOCKED", "it is changing its role"},
	{"NOAUTH", "it wants a password"},
	{"WRONGPASS", "the user name or the password is wrong"},
	{"NOPERM", notPermitted},
	// The same from within a script, by 7.0 and by later ones.
	{"The user executing the script can't", notPermitted},
	{"ACL failure in script", notPermitted},
}

func outage(err error) (why string, ok bool) {
	for _, o := range outages {
		if redis.HasErrorPrefix(err, o.prefix) {
			return o.why, true
		}
	}
	return "it has as many clients as it takes (maxclients)", redis.IsMaxClientsError(err)
}

// What is said of a key that only has a name like one of ours.
const (
	otherType = "holds another type: it is not Waybill's, move it away"
	otherHash = "is a hash that Waybill did not write, move it away"
)

// failOrder is fail for the script that writes one order: it explains what the
// script found in the way.
func failOrder(id string, err error) error {
	if err == nil {
		return nil
	}
	word, family, _ := strings.Cut(err.Error(), " ")
	why := map[string]string{
		"WRONGTYPE": "a key of the family %q " + otherType,
		"FOREIGN":   "its key of the family %q " + otherHash,
		"BADSUMS":   "the sums of a participant in %q are no numbers: rebuild",
	}[word]
	if why == "" || !isReply(err) {
		return fail(err)
	}
	e := orders.Errorf(orders.EINTERNAL, "order %s cannot be written: "+why, id, strings.TrimSuffix(family, ":"))
	e.Err = errors.Join(ErrBlocked, err)
	return e
}
