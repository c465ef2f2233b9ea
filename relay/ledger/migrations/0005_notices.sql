-- +goose Up
-- What participants are told about their orders, by which channel, and what became
-- of it.

-- late: the message had waited for a key when it was opened, and is old news.
ALTER TABLE facts ADD COLUMN late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1));

-- Up to which seq the facts were gone through. Of what was here before, nobody is
-- told.
CREATE TABLE told (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
);
INSERT INTO told (one, seq) VALUES (1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'facts'), 0));

-- One line for each fact, reader and lane. A lane is the way that a notice takes:
-- 'dm', 'dm ' and a relay's URL, 'email', or the id of a webhook. reader is a public
-- key, '' for the operator. content is JSON, frozen when it was decided; nothing
-- private is in it. last_error is a code.
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    fact       TEXT    NOT NULL,
    reader     TEXT    NOT NULL,
    lane       TEXT    NOT NULL,
    intent_id  TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('due', 'sent', 'failed', 'dropped')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    settled_at INTEGER NOT NULL DEFAULT 0,
    last_error TEXT    NOT NULL DEFAULT '',
    UNIQUE (fact, reader, lane)
);
CREATE INDEX notices_due ON notices (lane, next_at) WHERE state = 'due';
CREATE INDEX notices_queue ON notices (lane, id) WHERE state = 'due';
CREATE INDEX notices_reader ON notices (reader, id);
CREATE INDEX notices_paced ON notices (reader, lane, id) WHERE state <> 'dropped';
CREATE INDEX notices_order ON notices (intent_id);
CREATE INDEX notices_old ON notices (created_at) WHERE state <> 'due';

-- What was tried for a webhook. status is HTTP's, 0 where there was no answer; again
-- says that somebody asked for it.
CREATE TABLE deliveries (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    notice  INTEGER NOT NULL,
    webhook TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    took    INTEGER NOT NULL,
    status  INTEGER NOT NULL,
    error   TEXT    NOT NULL DEFAULT '',
    again   INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1))
);
CREATE INDEX deliveries_notice ON deliveries (notice);
CREATE INDEX deliveries_webhook ON deliveries (webhook, id);

-- Where notices are posted to. owner is a public key, '' for the operator, whose
-- webhooks stand in the configuration: then sealed is ''. Else it is the URL and the
-- secrets, encrypted under the master key. events is a list with commas. disabled is
-- why nothing is sent, '' where it is.
CREATE TABLE webhooks (
    id         TEXT    PRIMARY KEY,
    owner      TEXT    NOT NULL,
    sealed     TEXT    NOT NULL,
    events     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    failures   INTEGER NOT NULL DEFAULT 0,
    disabled   TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX webhooks_owner ON webhooks (owner);

-- What a participant wants. dm: 1 yes, -1 no, 0 the default. events is a list with
-- commas, '' for all. email and pending (an address that is not confirmed yet) are
-- encrypted under the master key.
CREATE TABLE notice_settings (
    pubkey      TEXT    PRIMARY KEY,
    dm          INTEGER NOT NULL DEFAULT 0 CHECK (dm IN (-1, 0, 1)),
    events      TEXT    NOT NULL DEFAULT '',
    muted_until INTEGER NOT NULL DEFAULT 0,
    email       TEXT    NOT NULL DEFAULT '',
    pending     TEXT    NOT NULL DEFAULT '',
    updated_at  INTEGER NOT NULL
) WITHOUT ROWID;
