package posting

import "github.com/waybill-relay/waybill/orders"

// A Refusal is an *orders.Error with what there is to know about the order, where the
// author may see that.
type Refusal struct {
	Err       error // ENOTFOUND, EFORBIDDEN, ECONFLICT, EINVALID
	Order     *orders.Order
	Role      orders.Role
	Requested orders.Verb
	Stale     bool // IfVersion does not hold
	OverLimit bool // the message was kept, and does not count: its author has said too much
	Kept      bool // the message was kept, and does not count: something came in between
}

func (r *Refusal) Error() string { return r.Err.Error() }

func (r *Refusal) Unwrap() error { return r.Err }

var errNotFound = orders.Errorf(orders.ENOTFOUND, "There is no such order.")

// A FieldError is EINVALID, with the part of the event that is meant.
type FieldError struct {
	Field string
	Err   *orders.Error
}

func (e *FieldError) Error() string { return e.Err.Error() }

func (e *FieldError) Unwrap() error { return e.Err }

func invalid(field, text string) error {
	return &FieldError{field, orders.Errorf(orders.EINVALID, "%s", text)}
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
