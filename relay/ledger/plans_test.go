package ledger

import (
	"strings"
	"testing"

	"github.com/nbd-wtf/go-nostr"
)

// TestPlans: each standing query finds its rows by an index.
func TestPlans(t *testing.T) {
	l := open(t)
	// Reading through what a query made for itself is no reading through a table.
	own := strings.NewReplacer("SCAN mail", "", "SCAN unopened", "", "SCAN said", "", "SCAN told", "", "SCAN marked", "", "SCAN wanted", "",
		"SCAN CONSTANT ROW", "", "SCAN 20 CONSTANT ROWS", "", "SCAN 20-ROW VALUES CLAUSE", "")
	for query, uses := range map[string]string{
		queryOfKey:    "facts_order (parties=? AND order_id=?)",
		queryStray:    "COVERING INDEX facts_order (parties=? AND order_id=?)",
		queryLoose:    "facts_loose (parties=? AND tau>? AND tau<?)",
		queryRefers:   "facts_ref (parties=? AND ref=?)",
		queryBegun:    "order_ids_first (party_a=? AND party_b=? AND first_tau>? AND first_tau<?)",
		queryBeginSeq: "COVERING INDEX order_ids_begun (party_a=? AND party_b=? AND begun<?)",
		queryBegin:    "(party_a=? AND client_id=? AND party_b=?)",
		querySharing:  "order_ids_sharing_b (party_b=? AND client_id=?)",
		queryOneSided: "facts_one_sided (parties=? AND order_id=?)",

		queryStamp:     "(rumor_id=? AND n=?)",
		queryIntents:   "COVERING INDEX facts_intents (sender=? AND bound=? AND received_at>? AND received_at<?)",
		queryNameless:  "COVERING INDEX facts_nameless (parties=? AND bound=? AND received_at>? AND received_at<?)",
		querySaid:      "facts_order (parties=? AND order_id=? AND sender=? AND bound=?)",
		querySaidLoose: "facts_order (parties=? AND order_id=? AND sender=? AND bound=? AND received_at>? AND received_at<?)",

		queryOfKeys(20):     "facts_order (parties=? AND order_id=?)",
		queryBeginnings(20): "(party_a=? AND client_id=? AND party_b=?)",
		queryPresent(20):    "COVERING INDEX facts_order (parties=? AND order_id=?)",

		querySaidInPublic: "COVERING INDEX facts_public (sender=? AND order_id=?)",

		queryNews: "order_ids_mark (mark_seq>?)",

		queryUndecrypted:  "inbox_unreadable (reason=? AND recipient=? AND rowid>?)",
		queryInboxRow:     "e USING INDEX sqlite_autoindex_events_1 (id=?)",
		queryFactsOfRumor: "f USING INDEX sqlite_autoindex_facts_1 (rumor_id=?)",

		queryViews:         "order_ids_standing (begun>?)",
		queryStandingCount: "COVERING INDEX order_ids_standing (begun>?)",
		queryTellable:      "INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
		queryInTime:        "notices_due (lane=? AND next_at<?)",
		queryInOrder:       "notices_queue (lane=?)",
		queryNoticesOf:     "notices_reader (reader=?)",
		queryPaced:         "notices_paced (reader=? AND lane=?)",
		queryOldNotices:    "notices_old (created_at<?)",
		queryDeliveries:    "deliveries_webhook (webhook=? AND id<?)",
		queryWebhooksOf:    "webhooks_owner (owner=?)",
		queryWebhook:       "PRIMARY KEY (id=?)",
		querySettings:      "PRIMARY KEY (pubkey=?)",

		queryUnopened:      "inbox_unopened (recipient=? AND seq>?)",
		queryCountUnopened: "inbox_unopened (recipient=?)",
		queryUnopenedFrom:  "events_unlisted (pubkey=?)",
		queryInboxCount:    "event_tags USING PRIMARY KEY (name=? AND value=? AND access=?)",
		queryAddress:       "events_address (pubkey=? AND kind=? AND d=?)",
		queryLastSealedTo:  "inbox_author (seal_author=?)",
		queryRelaysOf:      "events_address (pubkey=? AND kind=? AND d=?)",
		queryExpired:       "events_expiry (expires_at<?)",

		querySession:  "PRIMARY KEY (token=?)",
		queryCrowdOut: "COVERING INDEX sessions_pubkey (pubkey=?)",
	} {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = 1
		}
		plan := planOf(t, l, query, args...)
		if !strings.Contains(plan, uses) || strings.Contains(own.Replace(plan), "SCAN") {
			t.Errorf("%s\nlacks %q, or scans:\n%s", query, uses, plan)
		}
	}
	// What has a LIMIT is not sorted first: that would be reading all of it.
	for _, query := range []string{querySharing, queryOneSided} {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = 1
		}
		if plan := planOf(t, l, query, args...); strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nis sorted:\n%s", query, plan)
		}
	}
	// This one reads a whole index, but one that holds what is due only.
	if plan, want := planOf(t, l, queryLanes), "SCAN notices USING COVERING INDEX notices_due\n"; plan != want {
		t.Errorf("DueLanes: the plan is %q, want %q", plan, want)
	}
	// So does this, of the unopened.
	if plan, want := planOf(t, l, queryUnopenedRecipients), "SCAN inbox USING COVERING INDEX inbox_unopened\n"; plan != want {
		t.Errorf("UnopenedRecipients: the plan is %q, want %q", plan, want)
	}
	if plan, want := planOf(t, l, querySharing, 1, 1, 1, 1, 2), "order_ids_sharing_a (party_a=? AND client_id=?)"; !strings.Contains(plan, want) {
		t.Errorf("%s\nlacks %q:\n%s", querySharing, want, plan)
	}
}

// TestQueryPlans asks SQLite how it reads: never through a whole table, and an
// inbox in the order of its index.
func TestQueryPlans(t *testing.T) {
	l := open(t)
	since := new(nostr.Timestamp(1))
	for name, c := range map[string]struct {
		f      nostr.Filter
		reader string
		uses   string
	}{
		"inbox":         {nostr.Filter{Kinds: []int{1059}, Tags: nostr.TagMap{"p": {bob}}}, bob, "event_tags USING PRIMARY KEY (name=? AND value=? AND access=?)"},
		"inbox, no tag": {nostr.Filter{Kinds: []int{1059}, Since: since}, bob, "event_tags USING PRIMARY KEY (name=? AND value=? AND access=? AND created_at>?)"},
		"ids":           {nostr.Filter{IDs: []string{key("a"), key("b")}, Kinds: []int{1}}, "", "sqlite_autoindex_events_1 (id=?)"},
		"authors":       {nostr.Filter{Authors: []string{alice}, Kinds: []int{1, 2}, Since: since}, "", "events_author (pubkey=? AND created_at>?)"},
		"kind":          {nostr.Filter{Kinds: []int{30402}}, "", "events_kind (kind=?)"},
		"newest":        {nostr.Filter{Since: since}, "", "events_newest (created_at>?)"},
		"two tags":      {nostr.Filter{Tags: nostr.TagMap{"e": {"x"}, "t": {"y", "z"}}}, "", "event_tags_event (event=? AND name=? AND value=?)"},
		"own deletions": {nostr.Filter{Kinds: []int{5}}, bob, "events_own (pubkey=?)"},
	} {
		bs, err := compile(c.f, c.reader, queryNow)
		if err != nil {
			t.Fatal(err)
		}
		query, args := newestOf(bs, 50)
		plan := planOf(t, l, query, args...)
		if !strings.Contains(plan, c.uses) {
			t.Errorf("%s: the plan lacks %q:\n%s", name, c.uses, plan)
		}
		if strings.Contains(plan, "SCAN e\n") || strings.Contains(plan, "SCAN event_tags") {
			t.Errorf("%s: a table is read through:\n%s", name, plan)
		}
	}
}

func planOf(t *testing.T, l *Ledger, query string, args ...any) string {
	t.Helper()
	rows, err := l.reads.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var a, b, c any
		var detail string
		if err := rows.Scan(&a, &b, &c, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
