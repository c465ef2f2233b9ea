package ledger

import (
	"context"
	"database/sql"
)

// NoticeSettings are what a participant wants to be told, and how.
type NoticeSettings struct {
	Pubkey     string // hex
	DM         int    // 1 yes, -1 no, 0 the default
	Events     string // a list with commas; "" for all
	MutedUntil int64  // ms
	Email      string // sealed; "" for none
	Pending    string // sealed: an address that is not confirmed yet
	UpdatedAt  int64  // ms; 0: there are none
}

const querySettings = "SELECT pubkey, dm, events, muted_until, email, pending, updated_at FROM notice_settings WHERE pubkey = ?"

// NoticeSettings returns what pubkey (hex) wants; the zero value where he never said.
func (l *Ledger) NoticeSettings(ctx context.Context, pubkey string) (NoticeSettings, error) {
	found, err := all(ctx, l.reads, scanSettings, querySettings, pubkey)
	if err != nil || len(found) == 0 {
		return NoticeSettings{Pubkey: pubkey}, failed("reading settings", err)
	}
	return found[0], nil
}

func scanSettings(rows *sql.Rows) (s NoticeSettings, err error) {
	err = rows.Scan(&s.Pubkey, &s.DM, &s.Events, &s.MutedUntil, &s.Email, &s.Pending, &s.UpdatedAt)
	return s, err
}

// ChangeNoticeSettings has change make new settings of the old ones, while nobody
// else changes any. Where it returns an error nothing is written.
func (l *Ledger) ChangeNoticeSettings(ctx context.Context, pubkey string, now int64, change func(*NoticeSettings) error) (NoticeSettings, error) {
	return write(ctx, l, "keeping settings", func(t *tx) (NoticeSettings, error) {
		s := NoticeSettings{Pubkey: pubkey}
		found, err := list(t, scanSettings, querySettings, pubkey)
		if err != nil {
			return s, err
		}
		if len(found) > 0 {
			s = found[0]
		}
		if err := change(&s); err != nil {
			return s, err
		}
		s.UpdatedAt = now
		_, err = t.exec(`
			INSERT INTO notice_settings (pubkey, dm, events, muted_until, email, pending, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (pubkey) DO UPDATE SET dm = excluded.dm, events = excluded.events, muted_until = excluded.muted_until,
				email = excluded.email, pending = excluded.pending, updated_at = excluded.updated_at`,
			pubkey, s.DM, s.Events, s.MutedUntil, s.Email, s.Pending, s.UpdatedAt)
		return s, err
	})
}
