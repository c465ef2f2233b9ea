package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/waybill-relay/waybill/orders"
)

// An inboxRow is a row as it is verified, with what is left of its event.
type inboxRow struct {
	seq                 int64
	state               State
	reason, gone        string
	here                bool
	kind                sql.NullInt64
	sealID, author, sig sql.NullString
}

func (v *verifying) inbox(ctx context.Context) error {
	const query = `
		SELECT i.seq, i.state, i.reason, i.gone, e.ref IS NOT NULL, e.kind, i.seal_id, i.seal_author, i.seal_sig
		FROM inbox i LEFT JOIN events e ON e.id = i.event_id WHERE i.seq > ? ORDER BY i.seq LIMIT ?`
	return pages(ctx, v, query, int64(0), func(rows *sql.Rows) (r inboxRow, err error) {
		err = rows.Scan(&r.seq, &r.state, &r.reason, &r.gone, &r.here, &r.kind, &r.sealID, &r.author, &r.sig)
		return r, err
	}, func(r inboxRow) (any, error) {
		v.Inbox++
		v.row(r)
		return r.seq, nil
	})
}

func (v *verifying) row(r inboxRow) {
	where := fmt.Sprint("inbox row ", r.seq)
	switch {
	case !r.here && r.gone == "":
		v.problem(where, "its event is missing, and nothing says why")
	case r.here && r.gone != "":
		v.problem(where, "its event is here, though it is said to be gone: %s", r.gone)
	case !r.here && (r.state == New || r.state == Waiting):
		v.problem(where, "it is to be opened, and its event is gone: %s", r.gone)
	case !r.here:
		v.Forgotten++
	}
	switch sealed := r.sealID.Valid; {
	case sealed != r.author.Valid || sealed != r.sig.Valid:
		v.problem(where, "half of its seal is missing")
	case sealed && r.state != Opened && r.state != Unreadable:
		v.problem(where, "it was not opened, and has a seal")
	case sealed && !signedSeal(r.sealID.String, r.author.String, r.sig.String):
		v.problem(where, "the seal's signature is not its author's")
	case sealed:
		v.Signatures++
	case r.state == Opened && r.reason != ReasonNotice && r.here && isWrap(int(r.kind.Int64)):
		v.problem(where, "a wrap was opened, and there is no trace of its seal")
	}
}

// A sourcedFact is a fact as the database has it, with the row it came by.
type sourcedFact struct {
	seq, n, tau, receivedAt                                              int64
	rumor, owner, transport, parties, orderID, ref, verb, sender, public string
	box                                                                  sql.NullString
	row                                                                  sql.NullInt64
	state, rowRumor, author                                              sql.NullString
	signer                                                               sql.NullString // of the event itself, where it is here and no wrap
	retired                                                              bool
}

func (v *verifying) facts(ctx context.Context) error {
	const query = `
		SELECT f.seq, f.n, f.tau, f.received_at, f.rumor_id, f.inbox_owner, f.transport, f.parties, f.order_id, f.ref, f.verb, f.sender,
		f.public, f.box, i.seq, i.state, i.rumor_id, i.seal_author,
		CASE WHEN e.kind NOT IN (1059, 21059) THEN e.pubkey END,
		EXISTS (SELECT 1 FROM order_ids o WHERE o.party_a || ':' || o.party_b = f.parties AND o.party_a = substr(f.parties, 1, 64) AND o.client_id = f.order_id AND o.retired_at > 0)
		FROM facts f LEFT JOIN inbox i ON i.seq = f.inbox LEFT JOIN events e ON e.id = i.event_id WHERE f.seq > ? ORDER BY f.seq LIMIT ?`
	return pages(ctx, v, query, int64(0), func(rows *sql.Rows) (f sourcedFact, err error) {
		err = rows.Scan(&f.seq, &f.n, &f.tau, &f.receivedAt, &f.rumor, &f.owner, &f.transport, &f.parties, &f.orderID, &f.ref, &f.verb, &f.sender,
			&f.public, &f.box, &f.row, &f.state, &f.rowRumor, &f.author, &f.signer, &f.retired)
		return f, err
	}, func(f sourcedFact) (any, error) {
		v.Facts++
		return f.seq, v.fact(ctx, &f)
	})
}

func (v *verifying) fact(ctx context.Context, s *sourcedFact) error {
	where := fmt.Sprint("fact ", s.seq)
	f := new(orders.Fact)
	if err := json.Unmarshal([]byte(s.public), f); err != nil {
		v.problem(where, "it is not a fact")
		return nil
	}
	if f.Box != nil || f.Seq != 0 {
		v.problem(where, "its public part holds what it should not")
	}
	if s.box.Valid {
		if err := json.Unmarshal([]byte(s.box.String), new(orders.Box)); err != nil {
			v.problem(where, "its box is none")
		}
		if s.retired {
			v.problem(where, "its order was retired, and its box is here")
		}
	}
	want, err := newFactRow(f)
	if err != nil {
		v.problem(where, "it is one that the ledger does not take")
		return nil
	}
	var d differ
	d.unless(s.rumor == f.ID, "rumor_id")
	d.unless(s.n == int64(f.N), "n")
	d.unless(s.owner == want.owner, "inbox_owner")
	d.unless(s.transport == want.transports, "transport")
	d.unless(s.parties == want.parties, "parties")
	d.unless(s.orderID == f.OrderID, "order_id")
	d.unless(s.ref == f.Ref, "ref")
	d.unless(s.verb == string(f.Verb), "verb")
	d.unless(s.tau == f.Tau(), "tau")
	d.unless(s.receivedAt == f.ReceivedAt, "received_at")
	d.unless(s.sender == f.Sender, "sender")
	if len(d) > 0 {
		v.problem(where, "the database says something else of it: %v", d)
	}
	switch {
	case !s.row.Valid:
		v.problem(where, "there is no inbox row that it came by")
	case s.state.String != string(Opened):
		v.problem(where, "it came by inbox row %d, which was not opened", s.row.Int64)
	case s.rowRumor.String != f.ID:
		v.problem(where, "inbox row %d, by which it came, held another message", s.row.Int64)
	case strings.Contains(s.transport, string(orders.ByWrap)) && s.author.Valid && s.author.String != cmp.Or(f.Key, f.Sender):
		v.problem(where, "who sealed it is not who speaks")
	case s.signer.Valid && s.signer.String != cmp.Or(f.Key, f.Sender):
		v.problem(where, "who signed its event is not who speaks")
	}
	if !f.Begins() {
		return nil
	}
	pair, _ := f.Pair()
	a, b := pair.Parties()
	var later, known bool
	switch err := v.read.QueryRowContext(ctx,
		"SELECT begun > ? OR (first_sigma, first_tau) > (?, ?), known_seq <= ? FROM order_ids WHERE party_a = ? AND client_id = ? AND party_b = ?",
		f.Tau(), f.Sigma(), f.Tau(), s.seq, a, f.OrderID, b).Scan(&later, &known); {
	case err == sql.ErrNoRows:
		v.problem(where, "it begins an order that has no id")
	case err != nil:
		return err
	case later:
		v.problem(where, "its order is said to begin later")
	case !known:
		v.problem(where, "its order is said to be known since later")
	}
	return nil
}

func (v *verifying) orders(ctx context.Context) error {
	const query = `
		SELECT o.intent_id, o.party_a, o.party_b, o.client_id, o.first_sigma, o.first_tau, o.begin_seq, o.mark_seq, o.retired_at > 0, f.public,
		EXISTS (SELECT 1 FROM facts b WHERE b.parties = o.party_a || ':' || o.party_b AND b.order_id = o.client_id AND b.tau = o.begun),
		EXISTS (SELECT 1 FROM facts k WHERE k.seq = o.known_seq AND k.parties = o.party_a || ':' || o.party_b AND k.order_id = o.client_id)
		FROM order_ids o LEFT JOIN facts f ON f.seq = o.begin_seq WHERE o.intent_id > ? ORDER BY o.intent_id LIMIT ?`
	var last int64
	if err := v.read.QueryRowContext(ctx, queryLastSeq).Scan(&last); err != nil {
		return err
	}
	type row struct {
		orders.Beginning
		public       sql.NullString
		least, known bool
	}
	return pages(ctx, v, query, "", func(rows *sql.Rows) (r row, err error) {
		var a, b string
		err = rows.Scan(&r.IntentID, &a, &b, &r.Key.OrderID, &r.Sigma, &r.At, &r.Seq, &r.Mark, &r.Retired, &r.public, &r.least, &r.known)
		r.Key.Pair = orders.Pair(a + ":" + b)
		return r, err
	}, func(r row) (any, error) {
		v.Orders++
		if r.Retired {
			v.Retired++
		}
		where := "order " + r.IntentID
		if r.Mark > last {
			v.problem(where, "its mark lies ahead of the sequence")
		}
		if !named(r.Beginning) {
			v.problem(where, "its id does not follow from the client's id %s", r.Key.OrderID)
		}
		if !r.least || !r.known {
			v.problem(where, "there is no fact that begins it when it is said to begin")
		}
		f := new(orders.Fact)
		switch {
		case !r.public.Valid:
			v.problem(where, "fact %d, which begins it, is not there", r.Seq)
		case json.Unmarshal([]byte(r.public.String), f) != nil: // said already
		case !begins(f, r.Beginning):
			v.problem(where, "fact %d does not begin it", r.Seq)
		}
		return r.IntentID, nil
	})
}

func begins(f *orders.Fact, b orders.Beginning) bool {
	pair, _ := f.Pair()
	return f.Begins() && pair == b.Key.Pair && f.OrderID == b.Key.OrderID && f.Tau() == b.At && f.Sigma() == b.Sigma
}

// named reports whether the order may have got that id.
func named(b orders.Beginning) bool {
	tries := 0
	for id := range orders.IntentIDs(b.Key) {
		if id == b.IntentID {
			return true
		}
		if tries++; tries > 1000 {
			break
		}
	}
	return false
}
