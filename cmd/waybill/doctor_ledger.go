package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/waybill-relay/waybill/relay/ledger"
)

func (d *doctor) checkLedger(ctx context.Context) {
	path := d.cfg.Ledger.URL
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		d.ok("ledger", "none yet, the first `waybill serve` makes it")
		return
	}
	d.checkMode("ledger", path, "who buys from whom can be seen in it")
	book, err := ledger.OpenReadOnly(ctx, path)
	switch {
	case errors.Is(err, ledger.ErrSchema):
		d.problem("ledger", "an older one is brought up to date by the next `waybill serve`, a newer one needs the newer waybill", "%v", err)
		return
	case err != nil:
		d.problem("ledger", "see that ledger.url names it, and that this user may read it and its folder; where it is damaged, restore a backup", "%v", err)
		return
	}
	d.ledger = book
	seq, err := book.LastSeq(ctx)
	if err != nil {
		d.problem("ledger", "restore a backup", "%v", err)
		return
	}
	n, err := book.OrderCount(ctx)
	if err != nil {
		d.problem("ledger", "restore a backup", "%v", err)
		return
	}
	d.ok("ledger", "%s holds %d orders, the last fact is number %d, its id is %s", path, n, seq, book.ID())
	d.checkInbox(ctx, book)
	switch damage, err := quickCheck(ctx, path); {
	case err != nil:
		d.problem("ledger", "look at the disk and its log, then restore a backup", "SQLite cannot read through the file: %v", err)
	case damage != "":
		d.problem("ledger", "stop the relay, keep a copy of the file, restore a backup", "SQLite finds the file damaged: %s", damage)
	default:
		d.ok("ledger", "SQLite's quick_check finds no damage")
	}
}

// checkInbox counts what was not opened, and why. Neither is trouble: what waits is for
// a key that is not here, and anybody may send what cannot be read.
func (d *doctor) checkInbox(ctx context.Context, book *ledger.Ledger) {
	counts, err := book.Unread(ctx)
	if err != nil {
		d.problem("ledger", "restore a backup", "%v", err)
		return
	}
	inboxes, err := book.UnopenedRecipients(ctx)
	if err != nil {
		d.problem("ledger", "restore a backup", "%v", err)
		return
	}
	var waiting, unreadable int64
	var whyWaiting, whyUnreadable []string
	for _, c := range counts {
		n, why := &waiting, &whyWaiting
		if c.State == ledger.Unreadable {
			n, why = &unreadable, &whyUnreadable
		}
		*n += c.Rows
		*why = append(*why, fmt.Sprintf("%s: %d", cmp.Or(c.Reason, string(c.State)), c.Rows))
	}
	if waiting > 0 {
		d.ok("ledger", "messages wait unopened in %d inboxes, for a key that is not here: %d (%s)", len(inboxes), waiting, strings.Join(whyWaiting, ", "))
	}
	if unreadable > 0 {
		d.ok("ledger", "messages that came and cannot be read: %d (%s)", unreadable, strings.Join(whyUnreadable, ", "))
	}
}

// quickCheck has SQLite look through the whole file: "" where it is sound.
func quickCheck(ctx context.Context, path string) (damage string, err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(abs), RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&damage); err != nil {
		return "", err
	}
	if damage == "ok" {
		damage = ""
	}
	return damage, nil
}

// clockSlack is what two looks at one clock may differ by.
const clockSlack = 5 * time.Second

// checkClock asks nobody else: it compares the clock with what this machine wrote
// down before. It can find a clock that was set back, not one that is ahead.
func (d *doctor) checkClock(ctx context.Context) {
	now := time.Now()
	newest, what := d.newest(ctx)
	const do = "set the clock right (NTP); until then what comes looks older than what came before"
	switch ahead := newest.Sub(now); {
	case newest.IsZero():
		d.ok("clock", "%s, there is nothing yet to compare it with", now.UTC().Format(time.RFC3339))
	case ahead > clockSlack:
		d.problem("clock", do, "it says %s, which is %v before %s", now.UTC().Format(time.RFC3339), ahead.Round(time.Second), what)
	default:
		d.ok("clock", "it says %s, %v after %s", now.UTC().Format(time.RFC3339), max(0, -ahead).Round(time.Second), what)
	}
	if kept, err := clockKept(); err == nil && !kept {
		d.warn("clock", "run a time service (systemd-timesyncd, chrony), here or on the host", "the system says that nobody keeps the clock right")
	}
}

// newest is the latest moment that the ledger knows of: an arrival, or a write to
// its files.
func (d *doctor) newest(ctx context.Context) (at time.Time, what string) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(d.cfg.Ledger.URL + suffix); err == nil && info.ModTime().After(at) {
			at, what = info.ModTime(), "the ledger was last written"
		}
	}
	if d.ledger == nil {
		return at, what
	}
	last, err := d.ledger.LastSeq(ctx)
	if err != nil {
		return at, what // said before
	}
	const look = 1000
	facts, err := d.ledger.FactsAfter(ctx, last-look, look)
	if err != nil {
		return at, what
	}
	for _, f := range facts {
		if came := time.UnixMilli(f.ReceivedAt); came.After(at) {
			at, what = came, "the newest message in the ledger arrived"
		}
	}
	return at, what
}
