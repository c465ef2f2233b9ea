-- +goose Up
-- Who says how much (held: it was over a limit when it came), what was erased, and
-- from where each message is.
-- bound tells a proven sender from a claimed one: what others say in his name must
-- not use up what he may say.
ALTER TABLE facts ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE facts ADD COLUMN bound INTEGER NOT NULL DEFAULT 0 CHECK (bound IN (0, 1));
ALTER TABLE facts ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
UPDATE facts SET sender = coalesce(json_extract(public, '$.sender'), ''), bound = coalesce(json_extract(public, '$.trust') = 'bound', 0);
CREATE INDEX facts_intents ON facts (sender, bound, received_at, rumor_id) WHERE verb = 'intent';

-- What one sender says in an order is counted without reading what the other does.
DROP INDEX facts_order;
CREATE INDEX facts_order ON facts (parties, order_id, sender, bound, received_at);
CREATE INDEX facts_loose ON facts (parties, tau) WHERE order_id = '';

-- retired_at (ms; 0: it stands) makes the row a tombstone: the order's boxes and
-- wraps are erased, and no later message brings it back. mark_seq is a number out
-- of the sequence of facts.seq, drawn whenever something of the order is erased,
-- so that whoever follows the facts learns of it.
ALTER TABLE order_ids ADD COLUMN retired_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_ids ADD COLUMN mark_seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX order_ids_mark ON order_ids (mark_seq) WHERE mark_seq > 0;

-- Who asked to be forgotten (NIP-62), and up to which created_at (seconds).
CREATE TABLE vanished (
    pubkey TEXT    PRIMARY KEY,
    at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX inbox_author ON inbox (seal_author) WHERE seal_author IS NOT NULL;

-- What an inbox row held, and what became of it: rumor_id is the message's own id,
-- which all wraps of one message share (NULL where none was read), and gone is why
-- the row's event is not here any more ('' while it is; 'earlier' where it went
-- before this was kept).
ALTER TABLE inbox ADD COLUMN rumor_id TEXT;
ALTER TABLE inbox ADD COLUMN gone TEXT NOT NULL DEFAULT '';
UPDATE inbox SET rumor_id = f.rumor_id FROM facts f WHERE f.inbox = inbox.seq;
UPDATE inbox SET gone = 'earlier' WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.id = inbox.event_id);
CREATE INDEX inbox_rumor ON inbox (rumor_id) WHERE rumor_id IS NOT NULL;

-- For erasing what one person wrote and was written: the facts of a pair by its
-- second key, and the events that only some may read by their author.
CREATE INDEX facts_party_b ON facts (substr(parties, 66)) WHERE length(parties) = 129;
CREATE INDEX events_unlisted ON events (pubkey, created_at) WHERE access IN (1, 3);

-- For finding the orders that are old enough to be erased.
CREATE INDEX order_ids_standing ON order_ids (begun, intent_id) WHERE retired_at = 0;
