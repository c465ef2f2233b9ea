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
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case !isReply(err): // refused, reset, timed out, cancelled, closed
		return &orders.Error{Code: orders.EUNAVAILABLE, Message: "Redis does not answer", Err: err}
	}
	word, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "ERR "), " ")
	if outage(err) {
		return &orders.Error{Code: orders.EUNAVAILABLE, Message: "Redis does not serve at present: " + word, Err: err}
	}
	return &orders.Error{Code: orders.EINTERNAL, Message: "Redis refused a command: " + word, Err: err}
}

// isReply reports whether err is an answer of the server, not the lack of one.
func isReply(err error) bool {
	var e redis.Error
	return errors.As(err, &e)
}

// outage reports whether the server will answer otherwise once its state, or
// the operator's configuration, is another.
func outage(err error) bool {
	for _, word := range []string{
		"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS",
		"MISCONF", "OOM", "BUSY", "UNKILLABLE", "NOAUTH", "WRONGPASS", "NOPERM", "UNBLOCKED",
	} {
		if redis.HasErrorPrefix(err, word) {
			return true
		}
	}
	return redis.IsMaxClientsError(err)
}

// failOrder is fail for the script that writes one order: it explains what the
// script found in the way.
func failOrder(id string, err error) error {
	if err == nil {
		return nil
	}
	word, family, _ := strings.Cut(err.Error(), " ")
	why := map[string]string{
		"WRONGTYPE": "a key of the family %q holds another type: it is not Waybill's, move it away",
		"FOREIGN":   "its key of the family %q is a hash that Waybill did not write, move it away",
		"BADSUMS":   "the sums of a participant in %q are no numbers: rebuild",
	}[word]
	if why == "" || !isReply(err) {
		return fail(err)
	}
	e := orders.Errorf(orders.EINTERNAL, "order %s cannot be written: "+why, id, strings.TrimSuffix(family, ":"))
	e.Err = errors.Join(ErrBlocked, err)
	return e
}
