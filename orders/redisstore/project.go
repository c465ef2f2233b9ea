package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/waybill-relay/waybill/orders"
)

// Project assembles each order from its facts and writes it: the only way in,
// for live tracking, rebuild, repair and retention alike. An order that was retired
// is taken out. A key whose order does not exist is passed over; what Redis may
// still hold of it is for Prune.
//
// Errors: those of src; EUNAVAILABLE; ErrBlocked where an order could not be
// written and all others were. Repeating is harmless.
func (s *Store) Project(ctx context.Context, src orders.Source, keys []orders.Key) error {
	return s.ProjectEach(ctx, src, keys, nil)
}

// ProjectEach is Project, and shows each order that stands, with the facts that it is
// made of, before it is written. each, where it is not nil, may keep neither.
func (s *Store) ProjectEach(ctx context.Context, src orders.Source, keys []orders.Key, each func(orders.Key, *orders.Order, []orders.Fact)) error {
	src = orders.Batch(src)
	var blocked error
	var os []*orders.Order
	var retired []string
	size := 0
	write := func() error {
		err := s.Write(ctx, os)
		if errors.Is(err, ErrBlocked) {
			blocked, err = err, nil
		}
		os, size = os[:0], 0
		return err
	}
	for i, k := range keys {
		if i%batchOrders == 0 {
			if err := orders.Prefetch(ctx, src, keys[i:min(i+batchOrders, len(keys))]); err != nil {
				return err
			}
		}
		switch o, facts, err := assemble(ctx, src, k); {
		case errors.Is(err, ErrBlocked):
			blocked = err
		case err != nil:
			return err
		case o != nil:
			if each != nil {
				each(k, o, facts)
			}
			os, size = append(os, o), size+boxBytes(o)
		default:
			begin, ok, err := src.Beginning(ctx, k)
			if err != nil {
				return err
			}
			if ok && begin.Retired {
				retired = append(retired, begin.IntentID)
			}
		}
		if len(os) >= batchOrders || size >= batchBytes {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := write(); err != nil {
		return err
	}
	if _, err := s.Remove(ctx, retired...); errors.Is(err, ErrBlocked) {
		blocked = err
	} else if err != nil {
		return err
	}
	return blocked
}

// assemble folds one order. A fault in there is that order's alone: it must not
// end the process, and again after every start.
func assemble(ctx context.Context, src orders.Source, k orders.Key) (o *orders.Order, facts []orders.Fact, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &orders.Error{Code: orders.EINTERNAL, Message: "an order cannot be folded", Err: errors.Join(ErrBlocked, fmt.Errorf("panic of type %T", r))}
		}
	}()
	return orders.AssembleFrom(ctx, src, k)
}

// boxBytes is about what the boxes of an order weigh, which is most of it.
func boxBytes(o *orders.Order) (n int) {
	for _, b := range o.Boxes {
		for _, payload := range b.For {
			n += len(payload)
		}
	}
	return n
}
