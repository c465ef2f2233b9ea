package ledger

import (
	"context"
)

const queryNoticesOf = "SELECT id FROM notices WHERE reader = ? AND created_at <= ?"

// notices erases what the author was told, where he wanted it to be sent, and with
// that his address.
func (v *vanishing) notices(ctx context.Context) error {
	n, err := inBatches(ctx, v.ledger, scanInt, func(t *tx, id int64) (bool, error) { return true, t.eraseNotice(id) },
		queryNoticesOf, v.author, v.arrived)
	v.erased.Notices += n
	if err != nil {
		return err
	}
	n, err = write(ctx, v.ledger, "erasing settings", func(t *tx) (n int, err error) {
		for _, query := range []string{
			"DELETE FROM deliveries WHERE webhook IN (SELECT id FROM webhooks WHERE owner = ? AND created_at <= ?)",
			"DELETE FROM webhooks WHERE owner = ? AND created_at <= ?",
			"DELETE FROM notice_settings WHERE pubkey = ? AND updated_at <= ?",
		} {
			gone, err := t.exec(query, v.author, v.arrived)
			if err != nil {
				return n, err
			}
			n += int(gone)
		}
		return n, nil
	})
	v.erased.Notices += n
	return err
}
