package ledger

import (
	"context"
	"database/sql"

	"github.com/waybill-relay/waybill/orders"
)

// NoticeState is what became of a notice.
type NoticeState string

// The states of a notice. Only a due one is ever sent.
const (
	NoticeDue     NoticeState = "due"
	NoticeSent    NoticeState = "sent"
	NoticeFailed  NoticeState = "failed"  // it will not be tried again; LastError says why
	NoticeDropped NoticeState = "dropped" // its reader did not want it any more; LastError says why
)

// A Notice is one line of what is told to whom. There is one for each fact, reader
// and lane, however often it is decided.
type Notice struct {
	ID        int64
	Fact      string // orders.FactRef
	Reader    string // public key (hex); "" for the operator
	Lane      string // the way it takes: "dm", "dm " and a relay's URL, "email", or a webhook's id
	IntentID  string
	Content   string // JSON, frozen; nothing private is in it
	CreatedAt int64  // ms

	// Most is how many its reader may get on its lane in an hour, for Tell; 0: any number.
	Most int

	State     NoticeState
	Attempts  int
	NextAt    int64  // ms: not to be tried before
	SettledAt int64  // ms; 0 while it is due
	LastError string // a code
}

// A Tellable is a fact that somebody may have to be told of.
type Tellable struct {
	orders.Fact
	Late bool // its message had waited for a key: it is old news
}

// Told is up to which seq the facts were gone through for what is to be told.
func (l *Ledger) Told(ctx context.Context) (seq int64, err error) {
	err = l.reads.one(ctx, []any{&seq}, "SELECT seq FROM told")
	return seq, failed("reading how far was told", err)
}

// Tellable returns up to limit facts with seqs in (after, upTo], ascending, without
// their boxes.
func (l *Ledger) Tellable(ctx context.Context, after, upTo int64, limit int) ([]Tellable, error) {
	facts, err := all(ctx, l.reads, func(rows *sql.Rows) (f Tellable, err error) {
		var seq int64
		var public []byte
		var held bool
		if err := rows.Scan(&seq, &public, &held, &f.Late); err != nil {
			return f, err
		}
		f.Fact, err = readFact(seq, public, nil, held)
		return f, err
	}, queryTellable, after, upTo, max(limit, 0))
	return facts, failed("reading facts", err)
}

const queryTellable = "SELECT seq, public, held, late FROM facts WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"

// Tell writes down what is to be told of the facts up to the seq to, and that they
// were gone through, in one transaction: so each is decided once, whatever ends in
// between. A notice that is here already stays as it is, and of an order that was
// retired nothing is told. One that is more than Most is dropped at once. ECONFLICT where from is not where Told stands, and nothing
// was written.
func (l *Ledger) Tell(ctx context.Context, from, to int64, notices []Notice) (fresh int, err error) {
	return write(ctx, l, "writing down what is to be told", func(t *tx) (fresh int, err error) {
		n, err := t.exec("UPDATE told SET seq = ? WHERE seq = ?", to, from)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return 0, orders.Errorf(orders.ECONFLICT, "somebody else decides what is told")
		}
		for i := range notices {
			n, err := t.insertNotice(&notices[i])
			if err != nil {
				return 0, err
			}
			fresh += int(n)
		}
		return fresh, nil
	})
}

const (
	noticeSpan = int64(60 * 60_000)
	queryPaced = "SELECT created_at FROM notices WHERE reader = ? AND lane = ? AND state <> 'dropped' ORDER BY id DESC LIMIT 1 OFFSET ?"
)

func (t *tx) insertNotice(n *Notice) (int64, error) {
	state, settled, why := NoticeDue, int64(0), ""
	if n.Most > 0 {
		var before int64
		full, err := t.get([]any{&before}, queryPaced, n.Reader, n.Lane, n.Most-1)
		if err != nil {
			return 0, err
		}
		if full && before > n.CreatedAt-noticeSpan {
			state, settled, why = NoticeDropped, n.CreatedAt, "too-many"
		}
	}
	return t.exec(`
		INSERT INTO notices (fact, reader, lane, intent_id, content, created_at, state, settled_at, last_error, next_at)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
		WHERE EXISTS (SELECT 1 FROM order_ids WHERE intent_id = ? AND retired_at = 0)
		ON CONFLICT (fact, reader, lane) DO NOTHING`,
		n.Fact, n.Reader, n.Lane, n.IntentID, n.Content, n.CreatedAt, string(state), settled, why, n.NextAt, n.IntentID)
}

// A NoticeQuery says which notices are meant: those with all that is set.
type NoticeQuery struct {
	Reader *string // &"" is the operator
	State  NoticeState
	Lane   string
	Before int64 // id, 0 for the newest
	Limit  int
}

const selectNotice = "SELECT id, fact, reader, lane, intent_id, content, created_at, state, attempts, next_at, settled_at, last_error FROM notices"

func scanNotice(rows *sql.Rows) (n Notice, err error) {
	err = rows.Scan(&n.ID, &n.Fact, &n.Reader, &n.Lane, &n.IntentID, &n.Content, &n.CreatedAt,
		&n.State, &n.Attempts, &n.NextAt, &n.SettledAt, &n.LastError)
	return n, err
}

// Notices returns notices, the newest first.
func (l *Ledger) Notices(ctx context.Context, q NoticeQuery) ([]Notice, error) {
	query, args := selectNotice+" WHERE 1", []any{}
	add := func(condition string, arg any) { query, args = query+" AND "+condition, append(args, arg) }
	if q.Reader != nil {
		add("reader = ?", *q.Reader)
	}
	if q.State != "" {
		add("state = ?", string(q.State))
	}
	if q.Lane != "" {
		add("lane = ?", q.Lane)
	}
	if q.Before > 0 {
		add("id < ?", q.Before)
	}
	notices, err := all(ctx, l.reads, scanNotice, query+" ORDER BY id DESC LIMIT ?", append(args, max(q.Limit, 0))...)
	return notices, failed("reading notices", err)
}

// RetryNotice makes a settled notice due again, as if it had never been tried;
// reader, where it is not nil, must be its own. ENOTFOUND where there is no such
// notice; ECONFLICT where it is due already.
func (l *Ledger) RetryNotice(ctx context.Context, id int64, reader *string, now int64) error {
	_, err := write(ctx, l, "making a notice due again", func(t *tx) (struct{}, error) {
		var state, of string
		found, err := t.get([]any{&state, &of}, "SELECT state, reader FROM notices WHERE id = ?", id)
		switch {
		case err != nil:
			return struct{}{}, err
		case !found || reader != nil && *reader != of:
			return struct{}{}, orders.Errorf(orders.ENOTFOUND, "no such notice")
		case state == string(NoticeDue):
			return struct{}{}, orders.Errorf(orders.ECONFLICT, "it is due already")
		}
		_, err = t.exec("UPDATE notices SET state = 'due', attempts = 0, next_at = ?, settled_at = 0, last_error = '' WHERE id = ?", now, id)
		return struct{}{}, err
	})
	return err
}

// noticeBatch notices are erased in one entry: other writers get their turn between.
const noticeBatch = 500

// PruneNotices erases the settled notices that were made before (ms), with their
// deliveries, and returns how many.
func (l *Ledger) PruneNotices(ctx context.Context, before int64) (n int, err error) {
	for {
		part, err := write(ctx, l, "erasing old notices", func(t *tx) (int, error) {
			ids, err := list(t, scanInt, queryOldNotices, before, noticeBatch)
			if err != nil {
				return 0, err
			}
			for _, id := range ids {
				if err := t.eraseNotice(id); err != nil {
					return 0, err
				}
			}
			return len(ids), nil
		})
		n += part
		if err != nil || part < noticeBatch {
			return n, err
		}
	}
}

const queryOldNotices = "SELECT id FROM notices WHERE state <> 'due' AND created_at < ? LIMIT ?"

func (t *tx) eraseNotice(id int64) error {
	if _, err := t.exec("DELETE FROM deliveries WHERE notice = ?", id); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM notices WHERE id = ?", id)
	return err
}

// forgetNotices erases what was told of an order, for it is retired.
func (t *tx) forgetNotices(intentID string) error {
	if _, err := t.exec("DELETE FROM deliveries WHERE notice IN (SELECT id FROM notices WHERE intent_id = ?)", intentID); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM notices WHERE intent_id = ?", intentID)
	return err
}
