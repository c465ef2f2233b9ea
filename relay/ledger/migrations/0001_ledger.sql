-- +goose Up
-- The ledger as it was first made. Times are Unix milliseconds unless a comment
-- says seconds; keys, ids and signatures are lower-case hex.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- What arrived, in the order of arrival. Rows stay when their event is deleted.
CREATE TABLE inbox (
    seq         INTEGER PRIMARY KEY,
    event_id    TEXT    NOT NULL UNIQUE,
    recipient   TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('new', 'opened', 'waiting', 'unreadable')),
    reason      TEXT    NOT NULL DEFAULT '',
    seal_id     TEXT,
    seal_author TEXT,
    seal_sig    TEXT
);
CREATE INDEX inbox_unopened ON inbox (recipient, seq, state) WHERE state IN ('new', 'waiting');

-- Every event that is kept. access says to whom it is served: 0 everybody, 1 the
-- keys in its p tags, 2 its author, 3 nobody. d is the address of a replaceable
-- ('') or addressable event, NULL for the others. created_at and expires_at are
-- seconds. A ref is never used twice (AUTOINCREMENT): a reader that collected refs
-- must not meet somebody else's event under one of them.
CREATE TABLE events (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    kind        INTEGER NOT NULL,
    pubkey      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    d           TEXT,
    expires_at  INTEGER,
    access      INTEGER NOT NULL CHECK (access IN (0, 1, 2, 3)),
    raw         TEXT    NOT NULL,
    CHECK (access <> 0 OR kind NOT IN (4, 13, 14, 15, 1059, 21059))
);
CREATE UNIQUE INDEX events_address ON events (pubkey, kind, d) WHERE d IS NOT NULL;
CREATE INDEX events_newest ON events (created_at) WHERE access = 0;
CREATE INDEX events_kind ON events (kind, created_at) WHERE access = 0;
CREATE INDEX events_author ON events (pubkey, created_at) WHERE access = 0;
CREATE INDEX events_own ON events (pubkey, created_at) WHERE access = 2;
CREATE INDEX events_expiry ON events (expires_at) WHERE expires_at IS NOT NULL;

-- The single-letter tags of the events, with what a filter asks of their event,
-- so that an inbox is read newest first from this alone.
CREATE TABLE event_tags (
    name       TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    access     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    event      INTEGER NOT NULL,
    PRIMARY KEY (name, value, access, created_at, kind, event)
) WITHOUT ROWID;
CREATE INDEX event_tags_event ON event_tags (event, name, value);

-- What was read in the messages, one row per copy. public is orders.Fact as JSON
-- without box and seq; the other columns repeat what is searched for. parties is
-- a pair a:b, the one key a message names, or '' where it names no two that
-- differ. A seq is never used twice.
CREATE TABLE facts (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    inbox       INTEGER REFERENCES inbox (seq),
    rumor_id    TEXT    NOT NULL,
    n           INTEGER NOT NULL,
    inbox_owner TEXT    NOT NULL,
    transport   TEXT    NOT NULL,
    parties     TEXT    NOT NULL,
    order_id    TEXT    NOT NULL,
    ref         TEXT    NOT NULL,
    verb        TEXT    NOT NULL,
    tau         INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    public      TEXT    NOT NULL,
    box         TEXT,
    UNIQUE (rumor_id, n, inbox_owner, transport)
);
CREATE INDEX facts_order ON facts (parties, order_id, tau);
CREATE INDEX facts_ref ON facts (parties, ref) WHERE order_id = '' AND ref <> '';

-- The orders that exist. A row is never removed, and its intent_id never changes.
-- begun is the least tau among the facts that begin the order, begin_seq the seq
-- of the fact that has it. party_a < party_b are the pair.
CREATE TABLE order_ids (
    intent_id TEXT    PRIMARY KEY,
    party_a   TEXT    NOT NULL,
    party_b   TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    begun     INTEGER NOT NULL,
    begin_seq INTEGER NOT NULL,
    UNIQUE (party_a, client_id, party_b)
) WITHOUT ROWID;
CREATE INDEX order_ids_party_b ON order_ids (party_b, client_id);
CREATE INDEX order_ids_begun ON order_ids (party_a, party_b, begun, begin_seq);

-- Deletions (NIP-09): of events by id, whether or not they were here yet, and of
-- all versions of an address up to a created_at (seconds).
CREATE TABLE tombstones (
    event_id TEXT    NOT NULL,
    pubkey   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (event_id, pubkey)
) WITHOUT ROWID;
CREATE TABLE address_tombstones (
    kind   INTEGER NOT NULL,
    pubkey TEXT    NOT NULL,
    d      TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (kind, pubkey, d)
) WITHOUT ROWID;
