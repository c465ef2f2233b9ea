-- +goose Up
-- What the measures of success are counted from.

-- Which orders their buyers have looked at, and when first (ms): that somebody did,
-- and not who. A row goes when its order is retired, or a party asks to be forgotten.
CREATE TABLE order_views (
    intent_id  TEXT    PRIMARY KEY,
    first_seen INTEGER NOT NULL
) WITHOUT ROWID;

-- What cannot be read, by its reason: to be counted without reading the inbox.
CREATE INDEX inbox_unreadable ON inbox (reason) WHERE state = 'unreadable';
