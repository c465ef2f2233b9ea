CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
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
INSERT INTO meta (name, value) VALUES ('schema_version', '1');
INSERT INTO meta (name, value) VALUES ('ledger_id', 'f9129d36f918d90930f2c9193a87b674');
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (1, '60c5590f72eef292f9545afc28bf63ca91d2016a0a288f90f9a32f89d3fffcaf', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000000000, 'opened', '', 'f0f668bf610e5cf9f11d2aa50f924ada10797100e8f05de085842ddb6370a867', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 'sig');
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (2, '06f8faea3b5f697691b6d063a07ba4ffaf1ece9a1d473c588565231cdc8e59cc', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 1700000000000, 'opened', '', NULL, NULL, NULL);
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (3, '55eae50b75e2b2990f2c18be84ca079727a85f61b839c3359249801fe1ab9e9c', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 1700000000000, 'opened', '', NULL, NULL, NULL);
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (4, '879cc67a846b570c4241f1880f79e6ed1646abd9eca44882782cb6c8c568ab53', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000000000, 'opened', '', NULL, NULL, NULL);
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (5, 'bb349f269976d971294e3cdd5847b128917eb85d2834cc5320a5142f8cc579b8', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000000000, 'opened', '', NULL, NULL, NULL);
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (6, 'd5bc18f5978282108f1624cfa41f49fc760594ac57056432c1aa28df5f51b686', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000000000, 'opened', '', NULL, NULL, NULL);
INSERT INTO inbox (seq, event_id, recipient, received_at, state, reason, seal_id, seal_author, seal_sig) VALUES (7, 'c43a2fc9c607e392cb2b3004f46c98121b6eb35a54bd7a98ee09f38950e4ed44', '4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5', 1700000000000, 'waiting', 'no-key', NULL, NULL, NULL);
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (1, '60c5590f72eef292f9545afc28bf63ca91d2016a0a288f90f9a32f89d3fffcaf', 1059, '8aa47046aa7aab6404079cc831659f1d9a776fd85a058a387a2dd70c5d5f7d11', 1700000000, 1700000000000, NULL, NULL, 1, '{"kind":1059,"id":"60c5590f72eef292f9545afc28bf63ca91d2016a0a288f90f9a32f89d3fffcaf","pubkey":"8aa47046aa7aab6404079cc831659f1d9a776fd85a058a387a2dd70c5d5f7d11","created_at":1700000000,"tags":[["p","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"]],"content":"content of w1","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c5626300960c5590f72eef292f9545afc28bf63ca91d2016a0a288f90f9a32f89d3fffcaf"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (2, '06f8faea3b5f697691b6d063a07ba4ffaf1ece9a1d473c588565231cdc8e59cc', 1059, 'ba7ed640146fff479632fbe9f1be9800901122ec26346f5a2358f21815f63467', 1700000001, 1700000000000, NULL, NULL, 1, '{"kind":1059,"id":"06f8faea3b5f697691b6d063a07ba4ffaf1ece9a1d473c588565231cdc8e59cc","pubkey":"ba7ed640146fff479632fbe9f1be9800901122ec26346f5a2358f21815f63467","created_at":1700000001,"tags":[["p","2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"]],"content":"content of w2","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c5626300906f8faea3b5f697691b6d063a07ba4ffaf1ece9a1d473c588565231cdc8e59cc"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (3, '55eae50b75e2b2990f2c18be84ca079727a85f61b839c3359249801fe1ab9e9c', 1059, '8bf4fcb322bec41ef67cf8e9f6f2a0cda61d5c8ba6e669eea26db11d551ba57e', 1700000100, 1700000000000, NULL, NULL, 1, '{"kind":1059,"id":"55eae50b75e2b2990f2c18be84ca079727a85f61b839c3359249801fe1ab9e9c","pubkey":"8bf4fcb322bec41ef67cf8e9f6f2a0cda61d5c8ba6e669eea26db11d551ba57e","created_at":1700000100,"tags":[["p","2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"]],"content":"content of w3","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c5626300955eae50b75e2b2990f2c18be84ca079727a85f61b839c3359249801fe1ab9e9c"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (4, '879cc67a846b570c4241f1880f79e6ed1646abd9eca44882782cb6c8c568ab53', 1059, 'f7ee51de09dcdb344f4ac3722ce7417ef7c4d74d95bf9278f98de062efc7ef87', 1700000200, 1700000000000, NULL, NULL, 1, '{"kind":1059,"id":"879cc67a846b570c4241f1880f79e6ed1646abd9eca44882782cb6c8c568ab53","pubkey":"f7ee51de09dcdb344f4ac3722ce7417ef7c4d74d95bf9278f98de062efc7ef87","created_at":1700000200,"tags":[["p","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"]],"content":"content of w4","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c56263009879cc67a846b570c4241f1880f79e6ed1646abd9eca44882782cb6c8c568ab53"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (5, 'd5bc18f5978282108f1624cfa41f49fc760594ac57056432c1aa28df5f51b686', 1059, '875b83a1b9cab1f88aad17a36181090374afab463bbdc5415e97239888be8f1d', 1700000400, 1700000000000, NULL, NULL, 1, '{"kind":1059,"id":"d5bc18f5978282108f1624cfa41f49fc760594ac57056432c1aa28df5f51b686","pubkey":"875b83a1b9cab1f88aad17a36181090374afab463bbdc5415e97239888be8f1d","created_at":1700000400,"tags":[["p","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"]],"content":"content of w6","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c56263009d5bc18f5978282108f1624cfa41f49fc760594ac57056432c1aa28df5f51b686"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (6, 'c43a2fc9c607e392cb2b3004f46c98121b6eb35a54bd7a98ee09f38950e4ed44', 1059, 'b9f8cbe0e37edb5b480a62bdf0f026170aae099f6cd7a2ad7df3e050979d30ac', 1700000500, 1700000000000, NULL, NULL, 1, '{"kind":1059,"id":"c43a2fc9c607e392cb2b3004f46c98121b6eb35a54bd7a98ee09f38950e4ed44","pubkey":"b9f8cbe0e37edb5b480a62bdf0f026170aae099f6cd7a2ad7df3e050979d30ac","created_at":1700000500,"tags":[["p","4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5"]],"content":"content of w7","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c56263009c43a2fc9c607e392cb2b3004f46c98121b6eb35a54bd7a98ee09f38950e4ed44"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (7, 'a330395cc0a53ad1207736546afff4735940937564bbf75ce1edad40780d9139', 10050, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000000, 1700000000000, '', NULL, 0, '{"kind":10050,"id":"a330395cc0a53ad1207736546afff4735940937564bbf75ce1edad40780d9139","pubkey":"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9","created_at":1700000000,"tags":[["relay","wss://relay.example"]],"content":"content of list","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c56263009a330395cc0a53ad1207736546afff4735940937564bbf75ce1edad40780d9139"}');
INSERT INTO events (ref, id, kind, pubkey, created_at, received_at, d, expires_at, access, raw) VALUES (9, '7770ba60e6570fae76c7e6d174a04592cc2959681cd45d5cb046f5550beec17a', 5, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000001, 1700000000000, NULL, NULL, 0, '{"kind":5,"id":"7770ba60e6570fae76c7e6d174a04592cc2959681cd45d5cb046f5550beec17a","pubkey":"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9","created_at":1700000001,"tags":[["e","283bb9deef02e6843abfb538efa1eca70801bd8a701c3f98191e123496339247"],["a","30402:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9:mug"]],"content":"content of deletion","sig":"a543997d84f12798350c09bdef2cdb171bf41ed3e4a5f808af2feb0c562630097770ba60e6570fae76c7e6d174a04592cc2959681cd45d5cb046f5550beec17a"}');
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('p', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1, 1700000000, 1059, 1);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('p', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 1, 1700000001, 1059, 2);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('p', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 1, 1700000100, 1059, 3);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('p', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1, 1700000200, 1059, 4);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('p', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1, 1700000400, 1059, 5);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('p', '4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5', 1, 1700000500, 1059, 6);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('a', '30402:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9:mug', 0, 1700000001, 5, 9);
INSERT INTO event_tags (name, value, access, created_at, kind, event) VALUES ('e', '283bb9deef02e6843abfb538efa1eca70801bd8a701c3f98191e123496339247', 0, 1700000001, 5, 9);
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (1, 1, '82f3e9c695dc6b8d1b11818d5701919e286de8d47f7c3eb3100c485f79e57828', 0, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'wrap', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', '', 'intent', 1700000000000, 1700000000000, '{"id":"82f3e9c695dc6b8d1b11818d5701919e286de8d47f7c3eb3100c485f79e57828","receivedAt":1700000000000,"inboxes":["81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"transports":["wrap"],"verb":"intent","sender":"2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","parties":["2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"orderId":"o-1","at":1700000000000,"trust":"bound","dialect":"test","products":[{"productId":"mug","title":"Bob''s mug","quantity":1,"pricePerUnit":2100,"currency":"SATS"}]}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9":"ciphertext of r1"}}');
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (2, 1, '82f3e9c695dc6b8d1b11818d5701919e286de8d47f7c3eb3100c485f79e57828', 1, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'wrap', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', '', 'address', 1700000000000, 1700000000000, '{"id":"82f3e9c695dc6b8d1b11818d5701919e286de8d47f7c3eb3100c485f79e57828","n":1,"receivedAt":1700000000000,"inboxes":["81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"transports":["wrap"],"verb":"address","sender":"2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","parties":["2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"orderId":"o-1","at":1700000000000,"trust":"bound","dialect":"test"}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9":"ciphertext of r1"}}');
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (3, 2, '82f3e9c695dc6b8d1b11818d5701919e286de8d47f7c3eb3100c485f79e57828', 0, '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 'wrap', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', '', 'intent', 1700000000000, 1700000000000, '{"id":"82f3e9c695dc6b8d1b11818d5701919e286de8d47f7c3eb3100c485f79e57828","receivedAt":1700000000000,"inboxes":["2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"],"transports":["wrap"],"verb":"intent","sender":"2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","parties":["2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"orderId":"o-1","at":1700000000000,"trust":"bound","dialect":"test"}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9":"ciphertext of r1"}}');
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (4, 3, 'db77fd01af957221a4989b64b3770a83a3c56068405b9f0e9408feae57fd17e4', 0, '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', 'wrap', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', '', 'shipped', 1700000100000, 1700000100000, '{"id":"db77fd01af957221a4989b64b3770a83a3c56068405b9f0e9408feae57fd17e4","receivedAt":1700000100000,"inboxes":["2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"],"transports":["wrap"],"verb":"shipped","sender":"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9","parties":["2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"orderId":"o-1","at":1700000100000,"trust":"bound","dialect":"test"}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90":"ciphertext of r2"}}');
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (5, 4, 'e49d63b2a8a78f048bafc4b4590029603a5a4165ee8bf98af15d62f24cd83479', 0, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'wrap', '4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', '', 'intent', 1700000200000, 1700000200000, '{"id":"e49d63b2a8a78f048bafc4b4590029603a5a4165ee8bf98af15d62f24cd83479","receivedAt":1700000200000,"inboxes":["81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"transports":["wrap"],"verb":"intent","sender":"4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5","parties":["4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"orderId":"o-1","at":1700000200000,"trust":"bound","dialect":"test"}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9":"ciphertext of r3"}}');
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (6, 5, 'a2ec8adac7fd24b4b7a8edd89d06990579f6123f5724a14b47ee4bddfb2ba572', 0, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'wrap', '4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5:81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', '', 'o-1', 'note', 1700000300000, 1700000300000, '{"id":"a2ec8adac7fd24b4b7a8edd89d06990579f6123f5724a14b47ee4bddfb2ba572","receivedAt":1700000300000,"inboxes":["81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"transports":["wrap"],"verb":"note","sender":"4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5","parties":["4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5","81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"ref":"o-1","at":1700000300000,"trust":"bound","dialect":"test"}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9":"ciphertext of r4"}}');
INSERT INTO facts (seq, inbox, rumor_id, n, inbox_owner, transport, parties, order_id, ref, verb, tau, received_at, public, box) VALUES (7, 6, '5eb242aeb68552862913d602cff36deb4cafc18a46cfdea393b4bc1c6917a669', 0, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'wrap', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', '', 'exception', 1700000400000, 1700000400000, '{"id":"5eb242aeb68552862913d602cff36deb4cafc18a46cfdea393b4bc1c6917a669","receivedAt":1700000400000,"inboxes":["81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"transports":["wrap"],"verb":"exception","sender":"","parties":["81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9"],"orderId":"o-1","at":1700000400000,"trust":"bound","dialect":"test"}', '{"sealedBy":"257d8188d398175b202b5e4cc3e29957a66dbb358c97d958de0fb5e598b6f675","for":{"81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9":"ciphertext of r5"}}');
INSERT INTO order_ids (intent_id, party_a, party_b, client_id, begun, begin_seq) VALUES ('o-1', '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', 1700000000000, 1);
INSERT INTO order_ids (intent_id, party_a, party_b, client_id, begun, begin_seq) VALUES ('o-1_e4830ab6', '4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'o-1', 1700000200000, 5);
INSERT INTO tombstones (event_id, pubkey, at) VALUES ('283bb9deef02e6843abfb538efa1eca70801bd8a701c3f98191e123496339247', '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 1700000001);
INSERT INTO address_tombstones (kind, pubkey, d, at) VALUES (30402, '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9', 'mug', 1700000001);
