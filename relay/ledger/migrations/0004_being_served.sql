-- +goose Up
-- When an order begins is judged by the fact that counts first: first_sigma is the
-- time that counts for it, first_tau the one that is shown, begin_seq its seq. The
-- sender's clock alone does not move them any more. begun stays the least tau of any
-- fact that begins the order; known_seq is the seq of the first that did, for good.
ALTER TABLE order_ids ADD COLUMN first_sigma INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_ids ADD COLUMN first_tau INTEGER NOT NULL DEFAULT 0;
ALTER TABLE order_ids ADD COLUMN known_seq INTEGER NOT NULL DEFAULT 0;
UPDATE order_ids SET first_sigma = begun, first_tau = begun, known_seq = begin_seq;
UPDATE order_ids SET first_sigma = f.sigma, first_tau = f.tau, begin_seq = f.seq, known_seq = f.known
FROM (
    SELECT parties, order_id, sigma, tau, seq,
        min(seq) OVER (PARTITION BY parties, order_id) AS known,
        row_number() OVER (PARTITION BY parties, order_id ORDER BY sigma, tau, seq) AS place
    FROM (
        SELECT parties, order_id, tau, seq, max(tau, received_at - received_at % 3600000 - 3600000) AS sigma
        FROM facts
        WHERE length(parties) = 129 AND order_id <> '' AND sender IN (substr(parties, 1, 64), substr(parties, 66))
            AND (bound = 1 OR verb IN ('intent', 'paid', 'shipped', 'delivered', 'address', 'note'))
            AND (verb <> 'note' OR coalesce(json_extract(public, '$.code'), '') <> '')
    ) AS beginning
) AS f
WHERE f.place = 1 AND party_a = substr(f.parties, 1, 64) AND client_id = f.order_id AND party_b = substr(f.parties, 66);

CREATE INDEX order_ids_first ON order_ids (party_a, party_b, first_tau);

-- The two orders of one id that were known first are always the same two.
DROP INDEX order_ids_sharing_a;
DROP INDEX order_ids_sharing_b;
CREATE INDEX order_ids_sharing_a ON order_ids (party_a, client_id, known_seq);
CREATE INDEX order_ids_sharing_b ON order_ids (party_b, client_id, known_seq);

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

-- What the measures of success are counted from.

-- Which orders their buyers have looked at, and when first (ms): that somebody did,
-- and not who. A row goes when its order is retired, or a party asks to be forgotten.
CREATE TABLE order_views (
    intent_id  TEXT    PRIMARY KEY,
    first_seen INTEGER NOT NULL
) WITHOUT ROWID;

-- Which admin works on the dispute of an order, and since when (ms): one at a time. It
-- is over with the dispute; the row goes when the order is retired.
CREATE TABLE dispute_cases (
    intent_id TEXT    PRIMARY KEY,
    admin     TEXT    NOT NULL,
    taken_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX dispute_cases_admin ON dispute_cases (admin);

-- What cannot be read, by its reason: to be counted without reading the inbox, and to
-- be tried again when its recipient has another key.
CREATE INDEX inbox_unreadable ON inbox (reason, recipient) WHERE state = 'unreadable';

-- Who is signed in to the API by a cookie. token is the SHA-256 (hex) of what the
-- cookie holds; nothing here lets anybody in. Times are Unix milliseconds: used_at is
-- the last use, to some minutes, and after expires_at it is over, used or not.
CREATE TABLE sessions (
    token      TEXT    PRIMARY KEY,
    pubkey     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_pubkey ON sessions (pubkey, used_at);
CREATE INDEX sessions_used ON sessions (used_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);
