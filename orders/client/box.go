package client

import (
	"context"
	"encoding/json"

	"github.com/waybill-relay/waybill/orders"
)

// OpenBox opens the caller's copy of a box. ENOTFOUND where the box is not for
// the caller, EINVALID where it does not open.
func OpenBox(ctx context.Context, me orders.Signer, b orders.Box) (orders.Private, error) {
	payload, ok := b.For[me.PublicKey()]
	if !ok {
		return orders.Private{}, orders.Errorf(orders.ENOTFOUND, "this is sealed to others")
	}
	plain, err := me.Decrypt(ctx, b.SealedBy, payload)
	if err != nil {
		return orders.Private{}, orders.Errorf(orders.EINVALID, "the box does not open: %w", err)
	}
	var p orders.Private
	if err := json.Unmarshal([]byte(plain), &p); err != nil {
		return orders.Private{}, orders.Errorf(orders.EINVALID, "the box does not hold what it should")
	}
	return p, nil
}
